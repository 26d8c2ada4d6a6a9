// Texts as people read them: formatted or as they were written (`v`), and addresses that ask before they lead anywhere.
// Everything hangs on the document, so that it holds for each text that comes into the page.

// This module is on every page of somebody signed in, and so is what sends the answers that wait in their browser.
import "./outbox.js";

import { keyName, singleKeysAreOn, textField } from "./keyboard.js";

const storageKey = "plumb.raw-texts";
const root = document.documentElement;

function isRaw() {
  return root.classList.contains("raw-texts");
}

function readChoice() {
  try {
    return localStorage.getItem(storageKey) === "yes";
  } catch {
    return false;
  }
}

function keepChoice(raw) {
  try {
    localStorage.setItem(storageKey, raw ? "yes" : "no");
  } catch {
    // Without storage the choice holds for this page only.
  }
}

/** Turns all texts of the page; each scrolled pane stays at about the place that it showed. */
function turn(raw) {
  const shares = [...document.querySelectorAll(".text")].filter((text) => text.scrollTop > 0)
    .map((text) => [text, text.scrollTop / text.scrollHeight]);
  root.classList.toggle("raw-texts", raw);
  for (const [text, share] of shares) text.scrollTop = share * text.scrollHeight;
  keepChoice(raw);
  updateSwitches();
  if (raw) document.dispatchEvent(new CustomEvent("plumb:used", { detail: "raw" }));
}

function updateSwitches() {
  const hasRendered = document.querySelector(".rendered") !== null;
  for (const button of document.querySelectorAll("[data-raw-texts]")) {
    button.hidden = !hasRendered;
    button.setAttribute("aria-pressed", String(isRaw()));
  }
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || keyName(event) !== "v" || !singleKeysAreOn()) return;
  if (event.target instanceof Element && event.target.closest(`${textField}, dialog.sheet`)) return;
  if (!document.querySelector(".rendered")) return;
  turn(!isRaw());
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-raw-texts]")) turn(!isRaw());
  const button = target?.closest("button[data-address]");
  if (button) ask(button.dataset.address);
});

// Addresses

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The address as browsers read it, where it may be opened: a host in another script shows its true letters. */
function openable(address) {
  try {
    const url = new URL(address);
    return ["https:", "http:", "mailto:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Shows a whole address and asks whether to open it. */
function ask(address) {
  const url = openable(address);
  const dialog = element("dialog", { className: "sheet" });
  const heading = element("h2", { id: "address-heading", textContent: "Open this address?" });
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(
    heading,
    element("p", { textContent: "It stands in a text that a model or a stranger wrote. Nothing of it was loaded." }),
    element("p", {}, element("code", { className: "whole-address", textContent: address, tabIndex: 0 })));
  if (url?.host && !address.includes(url.host)) {
    dialog.append(element("p", {}, "The host is ", element("code", { textContent: url.host }), "."));
  }
  const close = element("button", { type: "button", textContent: "Leave it" });
  close.addEventListener("click", () => dialog.close());
  const actions = element("p", { className: "row" });
  if (url) {
    const open = element("a", {
      className: "button", href: url.href, target: "_blank", rel: "noopener noreferrer", textContent: "Open in a new tab",
    });
    open.addEventListener("click", () => dialog.close());
    actions.append(open);
  } else {
    dialog.append(element("p", { textContent: "It is no address that a browser can open." }));
  }
  actions.append(close);
  dialog.append(actions);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

// A table, a code block or a formula that does not overflow needs no stop of its own on the way through the page.

const overflow = new ResizeObserver((entries) => {
  for (const { target } of entries) target.tabIndex = target.scrollWidth > target.clientWidth + 1 ? 0 : -1;
});
const watched = new WeakSet();

// A long prompt scrolls in a frame of its own, which not every browser lets the keyboard reach by itself.
const cut = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollHeight > target.clientHeight + 1) {
      target.tabIndex = 0;
      target.setAttribute("role", "group");
      target.setAttribute("aria-label", "The whole text, which scrolls");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
    }
  }
});
let isDue = false;

function look() {
  isDue = false;
  for (const wide of document.querySelectorAll(".wide-content")) {
    if (watched.has(wide)) continue;
    watched.add(wide);
    overflow.observe(wide);
  }
  for (const text of document.querySelectorAll(".prompt .text")) {
    if (watched.has(text)) continue;
    watched.add(text);
    cut.observe(text);
  }
  updateSwitches();
}

new MutationObserver(() => {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(look);
}).observe(document.body, { childList: true, subtree: true });

root.classList.toggle("raw-texts", readChoice());
look();
