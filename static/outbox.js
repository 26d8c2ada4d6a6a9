// Answers on their way to the server: kept in this browser until the server has said that they are stored, sent again when
// the connection or the sign-in returns, and when another page is opened. The server takes each but once, by its lease.

import { keys, person, read, remove, write } from "./browser-store.js";
import { removeNotice, showNotice, signInAgain } from "./notices.js";
import { isSignedOut, sendSignedIn, signIn, token } from "./sign-in.js";

const retryEvery = 5_000;
const patience = 20_000;
const prefix = () => `plumb.outbox ${person()} `;

/** How a try ended. */
const outcome = Object.freeze({ stored: "stored", refused: "refused", away: "away", signedOut: "signed out" });

const listeners = new Set();
/** Other pages of this browser. */
const others = new BroadcastChannel("plumb.stored");
let sending = Promise.resolve();
let retry = null;

/** Calls `listener(entry, answer)` for every answer that the server has stored. */
export function onStored(listener, left) {
  listeners.add(listener);
  left.addEventListener("abort", () => listeners.delete(listener));
}

/** Calls `listener({ lease, words })` for every answer that another page of this browser has sent and the server has stored. */
export function onStoredElsewhere(listener, left) {
  others.addEventListener("message", ({ data }) => listener(data), { signal: left });
}

/** What waits, oldest first: `{ lease, action, body, words, at }`. */
export function waiting() {
  return keys(prefix()).map(read).filter(Boolean).sort((a, b) => a.at - b.at);
}

export const waits = (lease) => read(prefix() + lease) !== null;

/**
 * Takes a filled-in form. `words` says what it is, e.g. "answer".
 * @returns whether it is safe in this browser.
 */
export function put(form, lease, words) {
  const fields = new URLSearchParams(new FormData(form));
  fields.delete("csrf");
  return write(prefix() + lease, { lease, action: form.getAttribute("action"), body: fields.toString(), words, at: Date.now() });
}

/** Sends what waits, in order. Returns whether nothing is left. */
export function flush() {
  // One after the other: what was put while others were on their way goes after them.
  sending = sending.then(sendAll);
  return sending;
}

async function sendAll() {
  clearTimeout(retry);
  for (const entry of waiting()) {
    const { end, answer } = await send(entry);
    if (end === outcome.stored || end === outcome.refused) {
      remove(prefix() + entry.lease);
      if (end === outcome.stored) tellStored(entry, answer);
      else showRefusal(entry, answer);
      continue;
    }
    showWaiting(end, answer);
    retry = setTimeout(flush, retryEvery);
    return false;
  }
  removeNotice("outbox");
  return true;
}

function tellStored(entry, answer) {
  others.postMessage({ lease: entry.lease, words: entry.words });
  for (const listener of listeners) listener(entry, answer);
}

async function send(entry) {
  const post = () => fetch(entry.action, {
    method: "POST",
    body: entry.body,
    headers: {
      "content-type": "application/x-www-form-urlencoded", "x-csrf-token": token(), accept: "application/json",
    },
    credentials: "same-origin",
    redirect: "manual",
    signal: AbortSignal.timeout(patience),
  });
  let response, found;
  try {
    ({ response, found } = await sendSignedIn(post));
  } catch {
    return { end: outcome.away };
  }
  if (isSignedOut(found)) return { end: outcome.signedOut, answer: found };
  if (found === signIn.unknown) return { end: outcome.away };
  // The server answers with JSON alone. A redirect or a page is of something that stands before it (a sign-in of the network's,
  // a page of a proxy), and stored nothing.
  const isOurs = response.headers.get("content-type")?.startsWith("application/json");
  const answer = isOurs ? await response.json().catch(() => null) : null;
  if (answer === null) return { end: outcome.away };
  if (response.ok) return { end: outcome.stored, answer };
  // The server's own troubles pass; an answer that it will never take does not.
  if (response.status >= 500 || response.status === 429 || response.status === 408) return { end: outcome.away, answer };
  return { end: outcome.refused, answer };
}

function count(entries) {
  const words = entries[0]?.words ?? "answer";
  return entries.length === 1 ? `Your ${words} is` : `${entries.length} answers are`;
}

function showWaiting(end, answer) {
  const what = count(waiting());
  if (end === outcome.signedOut) {
    const why = answer === signIn.another ? "somebody else is signed in here now" : "your sign-in has ended";
    showNotice(`${what} not sent yet, because ${why}. It is kept in this browser and sent when you sign in again.`, {
      name: "outbox", lasts: true, actions: [signInAgain()],
    });
    return;
  }
  const said = answer?.error?.message;
  const why = said ? `The server says: ${said}` : "No connection.";
  showNotice(`${what} not sent yet. ${why} It is kept in this browser and sent as soon as that works.`, {
    name: "outbox", lasts: true, actions: [{ label: "Try now", act: flush }],
  });
}

function showRefusal(entry, answer) {
  const why = answer?.error?.message ?? "The server did not take it.";
  showNotice(`Your ${entry.words} was not stored. ${why}`, {
    kind: "bad", name: "refused", lasts: true,
    actions: [{ label: "Open that task", href: `/tasks/${entry.lease}` }, { label: "Dismiss", act: () => removeNotice("refused") }],
  });
}

// Whatever page somebody went to meanwhile.
if (waiting().length > 0) flush();
addEventListener("online", () => flush());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && waiting().length > 0) flush();
});
