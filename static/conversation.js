// A conversation: Ctrl+Enter sends, an unsent message is kept like every draft, and the wait for both answers looks by
// itself.

import { DraftKeeper, forgetDraft } from "./draft.js";
import { showNotice, signInAgain } from "./notices.js";
import { isSignedOut, sendSignedIn, token } from "./sign-in.js";

const lookEvery = 1000;
const slowAfter = 20_000;

/** A message that is being written: kept as drafts of tasks are, and in the page until the server has it. */
class Message {
  #isSending = false;

  constructor(form) {
    this.form = form;
    this.field = form.querySelector("textarea");
    const { draftPath, draft, version } = form.dataset;
    this.name = draftPath;
    const typed = this.field.value;
    this.keeper = new DraftKeeper({
      lease: this.name,
      path: draftPath,
      stored: { draft: draft ? JSON.parse(draft) : null, version: Number(version) },
      draft: () => ({ text: this.field.value }),
      restore: ({ text }) => {
        if (typeof text === "string") this.field.value = text;
      },
      say: (words) => this.#say(words),
      left: new AbortController().signal,
    });
    this.keeper.begin();
    // A form that came back holds what was sent.
    if (typed !== "") this.field.value = typed;
    this.field.addEventListener("input", () => this.keeper.changed());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    form.querySelector("[data-send-hint]").hidden = false;
    this.field.focus({ preventScroll: true });
  }

  #say(words) {
    this.form.querySelector("[data-kept]").textContent = words;
  }

  #post() {
    return fetch(this.form.action, {
      method: "POST",
      body: new URLSearchParams({ text: this.field.value }),
      headers: { "x-csrf-token": token(), accept: "application/json" },
      credentials: "same-origin",
    });
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    this.keeper.end();
    this.#say("Sending…");
    let response, found;
    try {
      ({ response, found } = await sendSignedIn(() => this.#post()));
    } catch {
      this.#notSent("Not sent: no connection. Your message is kept in this browser; send it again when that is back.");
      return;
    }
    if (isSignedOut(found)) {
      this.#notSent("Your sign-in has ended. This page keeps your message; sign in again and send it.", [signInAgain()]);
      return;
    }
    const answer = await response.json().catch(() => null);
    if (response.ok && answer?.page) {
      forgetDraft(this.name);
      location.assign(answer.page);
      return;
    }
    this.#notSent(answer?.error?.message ?? "The server did not take the message.", [{ label: "Look again", href: location.pathname }]);
  }

  #notSent(words, actions = []) {
    this.#isSending = false;
    this.#say("");
    showNotice(words, { name: "message", actions });
    this.keeper.resume();
    this.keeper.changed();
  }
}

/**
 * Opens the page again once there is something new: the comparison, or why there is none. Meanwhile it says how long both
 * take together, and nothing of either.
 */
function wait(section) {
  const began = performance.now() - 1000 * Number(section.dataset.waited);
  const soFar = section.querySelector("[data-so-far]");
  section.querySelector("[data-look]").hidden = true;
  async function look() {
    const passed = performance.now() - began;
    soFar.textContent = `${Math.round(passed / 1000)} s so far`;
    soFar.hidden = false;
    if (passed > slowAfter) section.querySelector("[data-slow]").hidden = false;
    try {
      const response = await fetch(section.dataset.waits, { credentials: "same-origin", headers: { accept: "application/json" } });
      if (!response.ok || !(await response.json()).waiting) {
        location.reload();
        return;
      }
    } catch {
      section.querySelector("[data-slow]").hidden = false;
    }
    setTimeout(look, lookEvery);
  }
  setTimeout(look, lookEvery);
}

const form = document.querySelector("[data-message]");
if (form) new Message(form);
const section = document.querySelector("[data-waits]");
if (section) wait(section);
