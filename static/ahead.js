// The next task, fetched while the present one is in hand and put in its place without a new page. Its time starts when it
// is shown; a page that is left gives it back.

import { showNotice } from "./notices.js";
import { token } from "./sign-in.js";

const keepEvery = 60_000;
let next = null;
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

/** Whether every module and style sheet that a page needs is here already. */
function hasItsFiles(page) {
  const files = (document) => [...document.querySelectorAll("script[src], link[rel=stylesheet]")]
    .map((element) => element.getAttribute("src") ?? element.getAttribute("href"));
  const here = new Set(files(document));
  return files(page).every((file) => here.has(file));
}

function parsed(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const place = page.querySelector("[data-keeping]");
  if (!place || !hasItsFiles(page)) return null;
  return { main: page.querySelector("main"), title: page.title, place: { ...place.dataset } };
}

/** Fetches the task after this one, besides those that are on the screen or on their way. */
export async function fetchAhead(path, besides) {
  if (next || isFetching || document.visibilityState !== "visible") return;
  isFetching = true;
  try {
    const response = await post(path, { besides: besides.join(" ") });
    if (response.status !== 200) return;
    const page = parsed(await response.text());
    // Another kind of task, or one that another page of this person has: the next page is made in the ordinary way.
    if (page && !besides.includes(page.place.lease)) next = page;
  } catch {
    // No connection: the next page is asked for when it is needed.
  } finally {
    isFetching = false;
  }
}

/** Puts the fetched task in the place of this one. Returns whether there was one. */
export function showAhead() {
  if (!next) return false;
  const { main, title, place } = next;
  next = null;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  document.title = title;
  history.replaceState(null, "", place.page);
  scrollTo(0, 0);
  post(place.shown).then((response) => {
    if (response.ok || response.status >= 500) return;
    showNotice("This task waited too long and was given to somebody else. What you submit is kept as an extra.", {
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
