// Unfinished work on one task: kept in this browser at once and on the server half a second after the last change, so
// that a reload, another computer or a lost connection costs nothing. Two pages of one task tell each other apart by the
// version: what was saved elsewhere is never written over unasked.

import { forgetOld, person, read, remove, write } from "./browser-store.js";
import { removeNotice, showNotice, signInAgain } from "./notices.js";
import { isSignedOut, sendSignedIn, signIn, token } from "./sign-in.js";

const saveAfter = 500;
const retryAfter = 5_000;
const prefix = () => `plumb.draft ${person()} `;

/** Whether two drafts say the same. */
function isSame(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]));
}

/** The draft of a task that is stored is needed no longer. */
export function forgetDraft(lease) {
  remove(prefix() + lease);
}

export class DraftKeeper {
  #timer = null;
  #isSaving = false;
  #isChanged = false;
  /** Another page has saved a later draft, and the person has not chosen yet. */
  #isBehind = false;
  #isOver = false;
  /** The last try met no sign-in: until one does, what is kept in this browser is all that can be. */
  #isSignedOut = false;
  /** Drafts that were sent as the next version, and of which nobody said whether they arrived. */
  #unanswered = [];

  /**
   * `stored` is what the server had when the page was made: `{ draft, version }`. `draft()` gives the work, `restore()`
   * puts one back, `say(words)` tells its state, `answered()` is called where the task was answered elsewhere.
   */
  constructor({ lease, path, stored, draft, restore, say, answered, left }) {
    Object.assign(this, { key: prefix() + lease, path, stored, draft, restore, say, answered });
    this.version = stored.version;
    addEventListener("online", () => this.#isChanged && this.#save(), { signal: left });
    addEventListener("pagehide", () => this.#saveLast(), { signal: left });
    left.addEventListener("abort", () => this.end());
  }

  /** Puts the newest work in the page: what this browser could not send, else what the server has. */
  begin() {
    forgetOld(prefix());
    const kept = read(this.key);
    if (kept?.isUnsaved) {
      this.restore(kept.draft);
      this.#isChanged = true;
      // What was sent as the page was left may have arrived: then the later version is this one.
      const isOwn = kept.version + 1 === this.version && isSame(kept.draft, this.stored.draft);
      if (kept.version < this.version && !isOwn) this.#tellOfNewer(this.version);
      else this.#save();
    } else if (this.stored.draft) {
      this.restore(this.stored.draft);
    }
  }

  changed() {
    if (this.#isOver) return;
    this.#isChanged = true;
    this.#keep(true);
    if (!this.#isBehind) this.#saveIn(saveAfter);
  }

  /** The server's version as a heartbeat tells it. */
  heard(version) {
    if (version > this.version && !this.#isSaving && !this.#isBehind) this.#tellOfNewer(version);
  }

  /** Nothing more is to be kept: the answer is on its way. */
  end() {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** The answer was refused: the work goes on. */
  resume() {
    this.#isOver = false;
  }

  #keep(isUnsaved) {
    write(this.key, { draft: this.draft(), version: this.version, isUnsaved, at: Date.now() });
  }

  #saveIn(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), milliseconds);
  }

  #put(options = {}) {
    const body = JSON.stringify({ draft: this.draft(), version: this.version + 1 });
    this.#unanswered.push(JSON.parse(body).draft);
    return fetch(this.path, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json", "x-csrf-token": token(), accept: "application/json" },
      credentials: "same-origin",
      ...options,
    });
  }

  async #save() {
    if (this.#isSaving || this.#isOver || this.#isBehind) return;
    this.#isSaving = true;
    this.#isChanged = false;
    let response = null;
    let found = null;
    try {
      ({ response, found } = await sendSignedIn(() => this.#put()));
      // Not known whether a sign-in holds: that is found out at the next try.
      if (found === signIn.unknown) response = null;
    } catch {
      // No connection: `response` stays null.
    }
    this.#isSaving = false;
    if (this.#isOver) return;
    if (response?.ok) this.#saved();
    else await this.#notSaved(response, isSignedOut(found));
  }

  #saved() {
    this.version += 1;
    this.#isSignedOut = false;
    this.#unanswered = [];
    this.#keep(this.#isChanged);
    removeNotice("draft");
    this.say("Draft saved");
    if (this.#isChanged) this.#saveIn(saveAfter);
  }

  async #notSaved(response, needsSignIn) {
    this.#isChanged = true;
    this.#isSignedOut = needsSignIn;
    if (needsSignIn) {
      this.say("Not saved: kept in this browser");
      showNotice("Your sign-in has ended. This page keeps your work; sign in again and go on.", {
        name: "draft", actions: [signInAgain()],
      });
      this.#saveIn(retryAfter);
      return;
    }
    const answer = await response?.json().catch(() => ({}));
    if (response?.status === 409 && Number.isInteger(answer.version)) {
      if (await this.#isOwn(answer.version)) {
        this.version = answer.version;
        this.#unanswered = [];
        this.#saveIn(0);
      } else {
        this.#tellOfNewer(answer.version);
      }
    } else if (response?.status === 409 && this.answered) {
      this.answered();
    } else if (response && response.status >= 400 && response.status < 500) {
      this.end();
      showNotice(answer.error?.message ?? "The server does not keep this draft.", { name: "draft" });
    } else {
      this.say(response ? "Not saved: the server has a problem; kept in this browser" : "Not saved: no connection; kept in this browser");
      this.#saveIn(retryAfter);
    }
  }

  #tellOfNewer(version) {
    this.#isBehind = true;
    clearTimeout(this.#timer);
    this.say("Not saved: a newer draft exists");
    showNotice("A newer draft of this task was saved on another page or computer.", {
      name: "draft",
      actions: [
        { label: "Load it", act: () => this.#load() },
        { label: "Keep what is here", act: () => this.#settle(version, () => this.#save()) },
      ],
    });
  }

  #settle(version, then) {
    this.#isBehind = false;
    this.version = version;
    removeNotice("draft");
    then();
  }

  /** Whether a version that stands in the way is one of this page's, of which only the answer was lost. */
  async #isOwn(version) {
    if (version !== this.version + 1 || this.#unanswered.length === 0) return false;
    const answer = await this.#ask();
    return answer?.version === version && this.#unanswered.some((draft) => isSame(draft, answer.draft));
  }

  async #ask() {
    const response = await fetch(this.path, { headers: { accept: "application/json" }, credentials: "same-origin" }).catch(() => null);
    return response?.ok ? response.json().catch(() => null) : null;
  }

  async #load() {
    const answer = await this.#ask();
    if (!answer) {
      this.say("The newer draft cannot be loaded just now");
      return;
    }
    this.#settle(answer.version, () => {
      this.restore(answer.draft);
      this.#isChanged = false;
      this.#keep(false);
      this.say("The newer draft is loaded");
    });
  }

  /** The page is left: what was changed in the last half second goes along, where the browser lets it. */
  #saveLast() {
    if (!this.#isChanged || this.#isSaving || this.#isBehind || this.#isOver || this.#isSignedOut) return;
    try {
      this.#put({ keepalive: true }).catch(() => {});
    } catch {
      // Too large for that; this browser keeps it.
    }
  }
}
