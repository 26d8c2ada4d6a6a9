// The heartbeat of a task that is in view: its place stays its person's.

import { removeNotice, showNotice, signInAgain } from "./notices.js";
import { isSignedOut, sendSignedIn, token } from "./sign-in.js";

const beatEvery = 60_000;
/** Coming back to the page asks at once what happened meanwhile, but not at every click between two windows. */
const askAgainAfter = 5_000;
/** The status of a lease with which an answer was submitted. */
const conflict = 409;

/**
 * Renews the lease once a minute, only while somebody can see the page; after a lost sign-in, as soon as it is back.
 * `heard(answer)` is told what the server says: `{ seconds_left, draft_version }`; `answered()` that the task was answered
 * on another page or computer.
 * @returns ends it: there is nothing more to renew.
 */
export function keepLease(path, left, { heard, answered }) {
  let last = Date.now();
  let hasLostSignIn = false;
  let isOver = false;

  const renew = () => fetch(path, {
    method: "POST",
    headers: { "x-csrf-token": token(), accept: "application/json" },
    credentials: "same-origin",
  });

  async function beat() {
    last = Date.now();
    let response, found;
    try {
      ({ response, found } = await sendSignedIn(renew));
    } catch {
      tell("The server cannot be reached just now. Your work is kept in this browser.");
      return;
    }
    hasLostSignIn = isSignedOut(found);
    if (hasLostSignIn) {
      tell("Your sign-in has ended. This page keeps your work; sign in again and go on.", [signInAgain()]);
      return;
    }
    if (left.aborted || isOver) return;
    const answer = await response.json().catch(() => null);
    if (response.ok) {
      removeNotice("lease");
      if (answer) heard(answer);
    } else if (response.status === conflict) {
      answered();
    } else {
      tell(answer?.error?.message ?? "This task is no longer reserved for you. You can still submit your answer.");
    }
  }

  function tell(text, actions = []) {
    if (!left.aborted) showNotice(text, { name: "lease", actions });
  }

  const beatAfter = (milliseconds) => {
    if (isOver || document.visibilityState !== "visible") return;
    if (hasLostSignIn || Date.now() - last >= milliseconds) beat();
  };
  const timer = setInterval(() => beatAfter(beatEvery), beatEvery / 4);
  left.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", () => beatAfter(askAgainAfter), { signal: left });
  addEventListener("focus", () => beatAfter(askAgainAfter), { signal: left });
  return () => {
    isOver = true;
  };
}
