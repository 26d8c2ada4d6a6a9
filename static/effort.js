// How long somebody was at work on a task, where the time went, when they first did something, and how often.

import { ActiveTime } from "./active-time.js";
import { forgetOld, person, read, remove, write } from "./browser-store.js";

const prefix = () => `plumb.effort ${person()} `;
/** A response, wherever the page shows it. */
const responseParts = "[data-card], [data-side], [data-shows]";

/** What was measured of a task that is stored is needed no longer. */
export function forgetEffort(lease) {
  remove(prefix() + lease);
}

/**
 * Measures one task; `write()` puts what was measured into hidden fields of its form. It goes on where an earlier page of
 * the same lease in this browser left off: a reload is no new beginning. Whoever shows a help of the page says
 * so by the event `plumb:used` with its name as the detail; docs/formats.md lists the names under `effort`.
 */
export class Effort {
  #responses = new Map();
  #current = null;
  /** The response under the pointer, and the one that has the focus. */
  #at = { pointerover: null, focusin: null };
  #counted = 0;
  #used = {};
  #fields = {};
  /** The answer is on its way, with its numbers. */
  #isWritten = false;

  constructor(form, lease, left) {
    this.key = prefix() + lease;
    forgetOld(prefix());
    const before = read(this.key);
    this.start = performance.now() - (before?.passed ?? 0);
    const isVisible = () => document.visibilityState === "visible";
    this.active = new ActiveTime(performance.now(), isVisible());
    this.activeBefore = before?.active ?? 0;
    this.firstAction = before?.firstAction ?? null;
    this.operations = before?.operations ?? 0;
    this.#used = before?.used ?? {};
    this.#responses = new Map(before?.responses ?? []);
    const options = { passive: true, capture: true, signal: left };
    for (const name of ["pointermove", "pointerdown", "keydown", "scroll", "wheel"]) {
      document.addEventListener(name, () => this.active.input(performance.now()), options);
    }
    document.addEventListener("visibilitychange", () => {
      this.active.turn(performance.now(), isVisible());
      this.#keep();
    }, options);
    for (const name of ["focusin", "pointerover"]) {
      document.addEventListener(name, (event) => this.#turnTo(event), options);
    }
    document.addEventListener("scroll", ({ target }) => this.#scrolled(target), options);
    addEventListener("pagehide", () => this.#keep(), options);
    // Opening a response changes what the time that follows counts for.
    form.addEventListener("click", () => this.#settle(), options);
    document.addEventListener("keydown", () => this.#settle(), options);
    // A page made again ties what is the same again.
    const isTied = this.#used.identical_tied > 0;
    document.addEventListener("plumb:used", ({ detail }) => {
      if (detail === "identical_tied" && isTied) return;
      this.#used[detail] = (this.#used[detail] ?? 0) + 1;
    }, { signal: left });
    for (const name of ["active_ms", "first_action_ms", "operations", "effort"]) {
      this.#fields[name] = form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
    }
  }

  count() {
    this.firstAction ??= performance.now() - this.start;
    this.operations += 1;
  }

  /** The answer was refused: measuring goes on. */
  resume() {
    this.#isWritten = false;
  }

  write() {
    this.#settle();
    this.#isWritten = true;
    this.#fields.active_ms.value = String(Math.round(this.activeBefore + this.active.total(performance.now())));
    this.#fields.first_action_ms.value = this.firstAction === null ? "" : String(Math.round(this.firstAction));
    this.#fields.operations.value = String(this.operations);
    const responses = Object.fromEntries([...this.#responses].map(([id, { dwell, expanded, scrolled }]) =>
      [id, { dwell_ms: Math.round(dwell), expanded_ms: Math.round(expanded), scrolled_percent: scrolled }]));
    this.#fields.effort.value = JSON.stringify({ responses, used: this.#used });
  }

  /** For a page of the same task that comes after this one. */
  #keep() {
    if (this.#isWritten) return;
    this.#settle();
    write(this.key, {
      active: this.activeBefore + this.active.total(performance.now()), passed: performance.now() - this.start,
      firstAction: this.firstAction, operations: this.operations, used: this.#used, responses: [...this.#responses],
      at: Date.now(),
    });
  }

  /** Time counts for the response under the pointer, else for the one with the focus, else for none. */
  #turnTo({ type, target }) {
    this.#at[type] = target.closest?.(responseParts) ?? null;
    const response = this.#at[type] ?? this.#at[type === "focusin" ? "pointerover" : "focusin"];
    if (response === this.#current) return;
    this.#settle();
    this.#current = response;
  }

  /** Gives the active time since the last call to the response that was looked at. */
  #settle() {
    const total = this.active.total(performance.now());
    const passed = total - this.#counted;
    this.#counted = total;
    if (!this.#current) return;
    const times = this.#timesOf(this.#current);
    times.dwell += passed;
    if (this.#current.classList.contains("open")) times.expanded += passed;
  }

  /** How far down a response's text was scrolled at most. */
  #scrolled(pane) {
    const response = pane.closest?.(responseParts);
    const way = response ? pane.scrollHeight - pane.clientHeight : 0;
    if (way <= 0) return;
    const times = this.#timesOf(response);
    times.scrolled = Math.max(times.scrolled ?? 0, Math.round((100 * pane.scrollTop) / way));
  }

  #timesOf(response) {
    const { card, side, shows } = response.dataset;
    const id = card ?? side ?? shows;
    if (!this.#responses.has(id)) this.#responses.set(id, { dwell: 0, expanded: 0 });
    return this.#responses.get(id);
  }
}
