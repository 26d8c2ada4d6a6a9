// What both kinds of task share: announcements, the lease's heartbeat, honest times, the skip form, submitting.

import { ActiveTime } from "./active-time.js";
import { refreshToken, signIn, token } from "./sign-in.js";

const beatEvery = 60_000;
const signInEnded = "Your sign-in has ended. Sign in again in another tab and come back: this page keeps your work.";
const serverAway = "The server cannot be reached just now. Keep this page open; your work stays here.";

/**
 * Calls `start(form, left)` for the task on the page and again for each that takes its place without a new page; `left`
 * is a signal that ends then, for what a module hangs on the document.
 */
export function onEachTask(selector, start) {
  const form = document.querySelector(selector);
  if (form) start(form, new AbortController().signal);
}

/** Says something to people who listen to the page. */
export function announce(text) {
  const place = document.querySelector("[data-announce]");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

/** Shows a message above the task, in the place of an earlier one. */
export function showNotice(text, kind = "warn") {
  let notice = document.querySelector("[data-notice]");
  if (!notice) {
    notice = document.createElement("p");
    notice.dataset.notice = "";
    notice.setAttribute("role", "alert");
    document.querySelector("main").prepend(notice);
  }
  notice.className = `notice ${kind}`;
  notice.textContent = text;
}

function removeNotice() {
  document.querySelector("[data-notice]")?.remove();
}

/** Renews the lease once a minute, only while somebody can see the page; after a lost sign-in, as soon as it is back. */
function keepLease(form) {
  let last = Date.now();
  let hasLostSignIn = false;

  const renew = () => fetch(form.dataset.heartbeat, {
    method: "POST",
    headers: { "x-csrf-token": token(), accept: "application/json" },
    credentials: "same-origin",
  });

  async function beat() {
    last = Date.now();
    let response;
    try {
      response = await renew();
      // 401: no sign-in holds. 403: perhaps another one does than the one that made this page.
      if (response.status === 401 || response.status === 403) {
        const found = await refreshToken();
        hasLostSignIn = found === signIn.ended;
        if (hasLostSignIn) {
          showNotice(signInEnded);
          return;
        }
        if (found === signIn.holds) response = await renew();
      }
    } catch {
      showNotice(serverAway);
      return;
    }
    if (response.ok) {
      hasLostSignIn = false;
      removeNotice();
      return;
    }
    const body = await response.json().catch(() => null);
    showNotice(body?.error?.message ?? "This task is no longer reserved for you. You can still submit your answer.");
  }
  const beatIfDue = () => {
    if (document.visibilityState !== "visible") return;
    if (hasLostSignIn || Date.now() - last >= beatEvery) beat();
  };
  setInterval(beatIfDue, beatEvery / 4);
  document.addEventListener("visibilitychange", beatIfDue);
  addEventListener("focus", beatIfDue);
}

/** Measures how long somebody was at work, when they first did something, and how often. */
function measureTime(form) {
  const start = performance.now();
  const isVisible = () => document.visibilityState === "visible";
  const active = new ActiveTime(start, isVisible());
  let firstAction = null;
  let operations = 0;
  const input = () => active.input(performance.now());
  for (const name of ["pointermove", "pointerdown", "keydown", "scroll", "wheel"]) {
    document.addEventListener(name, input, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => active.turn(performance.now(), isVisible()));
  const fields = {};
  for (const name of ["active_ms", "first_action_ms", "operations"]) {
    fields[name] = form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
  }
  form.addEventListener("submit", () => {
    fields.active_ms.value = String(Math.round(active.total(performance.now())));
    fields.first_action_ms.value = firstAction === null ? "" : String(Math.round(firstAction));
    fields.operations.value = String(operations);
  });
  return () => {
    firstAction ??= performance.now() - start;
    operations += 1;
  };
}

/**
 * Sends a form only once a sign-in holds, with that one's token: what leaves the page would otherwise be refused, and the
 * page with its work be gone.
 */
function sendSafely(form) {
  let isSending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isSending) return;
    isSending = true;
    const found = await refreshToken();
    if (found === signIn.holds) {
      form.submit();
      return;
    }
    isSending = false;
    const words = found === signIn.ended ? signInEnded : serverAway;
    showNotice(words);
    announce(words);
  });
  addEventListener("pageshow", () => {
    isSending = false;
  });
}

/** Makes the skip form a small window over the bar: `s` opens it, Escape or a click elsewhere closes it. */
function preparedSkip() {
  const details = document.querySelector("[data-skip]");
  if (!details) return () => false;
  sendSafely(details.querySelector("form"));
  const summary = details.querySelector("summary");
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    if (details.open && !details.contains(event.target)) details.open = false;
  });
  return () => {
    details.open = true;
    details.querySelector('button[type="submit"]').focus();
    announce("Skip this task? Enter skips it, Escape goes back.");
  };
}

/** The work on a task that this tab keeps, so that a reload or a sign-in that ended costs nothing. */
function tabDraft(form) {
  const prefix = "plumb.draft ";
  const key = prefix + form.getAttribute("action");
  return {
    read() {
      try {
        return JSON.parse(sessionStorage.getItem(key) ?? "null");
      } catch {
        return null;
      }
    },
    write(draft) {
      try {
        for (const each of Object.keys(sessionStorage)) {
          if (each.startsWith(prefix) && each !== key) sessionStorage.removeItem(each);
        }
        sessionStorage.setItem(key, JSON.stringify(draft));
      } catch {
        // A full or forbidden storage costs the draft of this tab, nothing else.
      }
    },
  };
}

/**
 * Starts everything above for the task's form.
 *
 * `draft()` gives the work so far as an object that JSON can hold, and `restore(draft)` puts one back; one that it does
 * not know it leaves alone.
 * @returns `begin` is called once when the page stands; `skip` opens the skip form; `count` counts an operation and
 *   keeps the draft; `submit` submits what `explainUnready` lets through.
 */
export function startTask(form, { explainUnready, draft, restore }) {
  document.documentElement.classList.add("enhanced");
  keepLease(form);
  const countOperation = measureTime(form);
  const skip = preparedSkip();
  const kept = tabDraft(form);
  form.addEventListener("submit", (event) => {
    const explanation = explainUnready();
    if (!explanation) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const problem = document.createElement("span");
    problem.className = "problem";
    problem.textContent = explanation;
    document.querySelector("[data-standing]").replaceChildren(problem);
    announce(explanation);
  });
  sendSafely(form);
  return {
    skip,
    submit: () => form.requestSubmit(),
    begin() {
      const before = kept.read();
      if (before) restore(before);
    },
    count() {
      countOperation();
      // What changed stands in the page when the module that counts is done.
      queueMicrotask(() => kept.write(draft()));
    },
  };
}
