// What every kind of task shares: the draft, the lease, honest times, the skip form, submitting, and the next task in the
// place of this one.

import { fetchAhead, showAhead } from "./ahead.js";
import { DraftKeeper, forgetDraft } from "./draft.js";
import { Effort, forgetEffort } from "./effort.js";
import { singleKeysAreOn } from "./keyboard.js";
import { keepLease } from "./lease.js";
import { announce, removeNotice, showNotice } from "./notices.js";
import { flush, onStored, onStoredElsewhere, put, waiting, waits } from "./outbox.js";
import { token } from "./sign-in.js";

export { announce, showNotice } from "./notices.js";

const pages = [];
let leaving = new AbortController();

/**
 * Calls `start(form, left)` for the task on the page and again for each that takes its place without a new page; `left`
 * is a signal that ends then, for what a module hangs on the document.
 */
export function onEachTask(selector, start) {
  pages.push({ selector, start });
  const form = document.querySelector(selector);
  if (form) start(form, leaving.signal);
}

/** Puts the task that was fetched ahead in the place of this one. Returns whether there was one. */
function turnPage(isAnswered) {
  const before = leaving;
  if (!showAhead()) return false;
  if (isAnswered) countToday();
  leaving = new AbortController();
  before.abort();
  for (const { selector, start } of pages) {
    const form = document.querySelector(selector);
    if (form) start(form, leaving.signal);
  }
  // Whoever listens to the page, or tabs through it, begins at its head again. Both make the browser lay the page out, so
  // they come when everything stands.
  scrollTo(0, 0);
  const heading = document.querySelector("main h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  return true;
}

/** The page that was fetched ahead does not know of the answer that was given since. */
function countToday() {
  const line = document.querySelector("[data-today]");
  if (!line) return;
  const count = Number(line.dataset.today) + 1;
  line.dataset.today = String(count);
  line.textContent = `${count} ${count === 1 ? "answer" : "answers"} today`;
  line.hidden = false;
}

/** What the server tells the page about its task: addresses, the draft, the lease. */
function keeping() {
  const { draft, version, ...rest } = document.querySelector("[data-keeping]").dataset;
  return { ...rest, stored: { draft: draft ? JSON.parse(draft) : null, version: Number(version) } };
}

/** Makes the skip form a small window over the bar: `s` opens it, Escape or a click elsewhere closes it. */
function preparedSkip(send, left) {
  const details = document.querySelector("[data-skip]");
  if (!details) return () => false;
  const form = details.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, "skip");
  });
  const summary = details.querySelector("summary");
  details.addEventListener("keydown", (event) => {
    if (!details.open) return;
    if (event.key === "Escape") {
      details.open = false;
      summary.focus();
    } else if (singleKeysAreOn() && /^[1-9]$/.test(event.key) && !event.target.matches('input[type="text"]')) {
      const reason = form.querySelectorAll('input[name="reason"]')[event.key - 1];
      if (!reason) return;
      reason.checked = true;
      announce(reason.parentElement.textContent.trim());
    } else {
      return;
    }
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    if (details.open && !details.contains(event.target)) details.open = false;
  }, { signal: left });
  return () => {
    details.open = true;
    details.querySelector('button[type="submit"]').focus();
    announce("Skip this task? A digit gives a reason, Enter skips it, Escape goes back.");
  };
}

/** The line in the bar that says where the work is, with a button where there is something to do about it. */
function say(words, action) {
  let line = document.querySelector("[data-kept]");
  if (!line) {
    line = Object.assign(document.createElement("p"), { className: "kept hint" });
    line.dataset.kept = "";
    document.querySelector("[data-standing]")?.after(line);
  }
  line.textContent = words;
  if (!action) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: action.label });
  button.addEventListener("click", action.act);
  line.append(" ", button);
}

/** Says what became of an answer that is stored. */
function tellStored({ notice, said, take_back: path }) {
  removeNotice("stored");
  if (notice) {
    showNotice(notice, {
      name: "stored", lasts: true, actions: [{ label: "Dismiss", act: () => removeNotice("stored") }],
    });
  } else {
    say(said ?? "Last answer stored.", path && { label: "Take it back", act: () => takeBack(path) });
  }
}

function takeBack(path) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path, hidden: true });
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "csrf", value: token() }));
  document.body.append(form);
  form.submit();
}

/**
 * Starts everything above for the task's form.
 *
 * `draft()` gives the work so far as an object that JSON can hold, and `restore(draft)` puts one back; one that it does
 * not know it leaves alone. `left` is what `onEachTask` gave.
 * @returns `begin` is called once when the page stands; `skip` opens the skip form; `count` counts an operation and
 *   keeps the draft; `submit` submits what `explainUnready` lets through.
 */
export function startTask(form, { explainUnready, draft, restore, left = leaving.signal }) {
  document.documentElement.classList.add("enhanced");
  const place = keeping();
  const effort = new Effort(form, place.lease, left);
  const keeper = new DraftKeeper({
    lease: place.lease, path: place.draftPath, stored: place.stored, draft, restore, say, answered: () => finished(), left,
  });
  history.replaceState(null, "", place.page);
  const endHeartbeat = keepLease(place.heartbeat, left, {
    heard: (answer) => keeper.heard(answer.draft_version), answered: () => finished(),
  });
  const prefetch = () => {
    if (place.ahead && !left.aborted) fetchAhead(place.ahead, [place.lease, ...waiting().map((entry) => entry.lease)]);
  };

  let isSending = false;
  let isStored = false;

  /** The task was answered elsewhere: nothing more of it is kept here, and the next one waits. */
  function finished(words = "You answered this task on another page or computer.") {
    if (isSending || left.aborted) return;
    keeper.end();
    endHeartbeat();
    for (const name of ["draft", "lease"]) removeNotice(name);
    say("");
    showNotice(words, { name: "finished", actions: [{ label: place.nextLabel, href: place.next }] });
  }

  onStoredElsewhere(({ lease, words }) => {
    if (lease !== place.lease) return;
    // What was sent here waited for another page to send it.
    if (isSending) {
      isStored = true;
      location.assign(place.next);
      return;
    }
    finished(words === "skip" ? "You skipped this task on another page." : "You answered this task on another page.");
  }, left);
  onStored((entry, answer) => {
    forgetDraft(entry.lease);
    forgetEffort(entry.lease);
    if (entry.lease === place.lease) {
      isStored = true;
      // A practice task is followed by what was expected.
      location.assign(answer.page ?? place.next);
      return;
    }
    tellStored(answer);
    prefetch();
  }, left);

  /** Sends a form of this task and goes on to the next one, at once where that is here already. */
  async function send(filled, words) {
    if (isSending) return;
    isSending = true;
    effort.write();
    keeper.end();
    const isSafe = put(filled, place.lease, words);
    if (isSafe && turnPage(words === "answer")) {
      flush();
      return;
    }
    say("Sending…");
    await flush();
    if (waits(place.lease)) {
      say(`Kept in this browser; “${place.nextLabel}” comes when this one is sent.`);
    } else if (!isStored) {
      // Refused: it is the person's to change, and to send again.
      isSending = false;
      keeper.resume();
      effort.resume();
      say("");
    }
  }

  const skip = preparedSkip(send, left);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const explanation = explainUnready();
    if (!explanation) {
      send(form, "answer");
      return;
    }
    const problem = document.createElement("span");
    problem.className = "problem";
    problem.textContent = explanation;
    document.querySelector("[data-standing]").replaceChildren(problem);
    announce(explanation);
  });
  return {
    skip,
    submit: () => form.requestSubmit(),
    begin() {
      keeper.begin();
      // After a reload while an answer was on its way: it goes first, and this page after it.
      flush().then((isEmpty) => isEmpty && prefetch());
    },
    count() {
      effort.count();
      // What changed stands in the page when the module that counts is done.
      queueMicrotask(() => keeper.changed());
    },
  };
}
