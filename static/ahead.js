// The next task, fetched while the present one is in hand and put in its place without a new page. Its time starts when it
// is shown; a page that is left gives it back.

import { showNotice } from "./notices.js";
import { token } from "./sign-in.js";

const keepEvery = 60_000;
/** The status of a lease whose place was given to somebody else. */
const gone = 410;
let next = null;
/** Its modules and style sheets are here too; until then the next page is made in the ordinary way. */
let isReady = false;
let isFetching = false;

function post(path, fields = {}, options = {}) {
  return fetch(path, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "x-csrf-token": token(), accept: "text/html, application/json" },
    credentials: "same-origin",
    ...options,
  });
}

const filesOf = (page) => [...page.querySelectorAll("script[src], link[rel=stylesheet]")];
const address = (file) => file.getAttribute("src") ?? file.getAttribute("href");

/**
 * Loads the modules and style sheets that a page needs and this one lacks: the next task may be of another kind. Returns
 * whether all are here; files of another version of the server do not mix with these.
 */
async function hasItsFiles(page) {
  const ours = new URL(".", import.meta.url).pathname;
  const here = new Set(filesOf(document).map(address));
  const missing = filesOf(page).filter((file) => !here.has(address(file)));
  if (!missing.every((file) => address(file).startsWith(ours))) return false;
  await Promise.all(missing.map((file) => new Promise((done, fail) => {
    const made = document.createElement(file.localName);
    for (const { name, value } of file.attributes) made.setAttribute(name, value);
    made.addEventListener("load", done);
    made.addEventListener("error", fail);
    document.head.append(made);
  })));
  return true;
}

function parsed(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const place = page.querySelector("[data-keeping]");
  return place && { page, main: page.querySelector("main"), title: page.title, place: { ...place.dataset } };
}

/** Fetches the task after this one, besides those that are on the screen or on their way. */
export async function fetchAhead(path, besides) {
  if (next || isFetching || document.visibilityState !== "visible") return;
  isFetching = true;
  try {
    const response = await post(path, { besides: besides.join(" ") });
    if (response.status !== 200) return;
    const found = parsed(await response.text());
    if (!found || besides.includes(found.place.lease)) return;
    next = found;
    isReady = false;
    isReady = await hasItsFiles(found.page);
  } catch {
    // No connection: the next page is asked for when it is needed.
  } finally {
    isFetching = false;
  }
}

/** Puts the fetched task in the place of this one. Returns whether there was one. */
export function showAhead() {
  if (!next || !isReady) return false;
  const { main, title, place } = next;
  next = null;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  document.title = title;
  history.replaceState(null, "", place.page);
  post(place.shown).then((response) => {
    // Without a sign-in nothing is known of it; the heartbeat says that it is shown once there is one.
    if (response.status !== gone) return;
    showNotice("This task was given to somebody else before you came to it. What you submit is kept as an extra.", {
      actions: [{ label: "Take another", href: place.next }],
    });
  }).catch(() => {});
  return true;
}

function release() {
  if (!next) return;
  navigator.sendBeacon(next.place.release, new URLSearchParams({ csrf: token() }));
  next = null;
}

addEventListener("pagehide", release);
setInterval(() => {
  if (next && document.visibilityState === "visible") post(`${next.place.heartbeat}?waiting=yes`).catch(() => {});
}, keepEvery);
