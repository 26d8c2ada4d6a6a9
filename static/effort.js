// How long somebody was at work on a task, where the time went, when they first did something, and how often.

import { ActiveTime } from "./active-time.js";

/**
 * Measures one task; `write()` puts what was measured into hidden fields of its form. Whoever shows a help of the page says
 * so by the event `plumb:used` with its name as the detail; docs/formats.md lists the names under `effort`.
 */
export class Effort {
  #responses = new Map();
  #current = null;
  #counted = 0;
  #used = {};
  #fields = {};

  constructor(form, left) {
    this.start = performance.now();
    const isVisible = () => document.visibilityState === "visible";
    this.active = new ActiveTime(this.start, isVisible());
    this.firstAction = null;
    this.operations = 0;
    const options = { passive: true, capture: true, signal: left };
    for (const name of ["pointermove", "pointerdown", "keydown", "scroll", "wheel"]) {
      document.addEventListener(name, () => this.active.input(performance.now()), options);
    }
    document.addEventListener("visibilitychange", () => this.active.turn(performance.now(), isVisible()), options);
    for (const name of ["focusin", "pointerover"]) {
      form.addEventListener(name, (event) => this.#turnTo(event.target.closest?.("[data-card], [data-side]")), options);
    }
    // Opening a response changes what the time that follows counts for.
    form.addEventListener("click", () => this.#settle(), options);
    document.addEventListener("keydown", () => this.#settle(), options);
    document.addEventListener("plumb:used", ({ detail }) => {
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

  write() {
    this.#settle();
    this.#fields.active_ms.value = String(Math.round(this.active.total(performance.now())));
    this.#fields.first_action_ms.value = this.firstAction === null ? "" : String(Math.round(this.firstAction));
    this.#fields.operations.value = String(this.operations);
    const responses = Object.fromEntries([...this.#responses].map(([id, { dwell, expanded }]) =>
      [id, { dwell_ms: Math.round(dwell), expanded_ms: Math.round(expanded) }]));
    this.#fields.effort.value = JSON.stringify({ responses, used: this.#used });
  }

  #turnTo(card) {
    if (!card || card === this.#current) return;
    this.#settle();
    this.#current = card;
  }

  /** Gives the active time since the last call to the response that was looked at. */
  #settle() {
    const total = this.active.total(performance.now());
    const passed = total - this.#counted;
    this.#counted = total;
    if (!this.#current) return;
    const id = this.#current.dataset.card ?? this.#current.dataset.side;
    const times = this.#responses.get(id) ?? { dwell: 0, expanded: 0 };
    times.dwell += passed;
    if (this.#current.classList.contains("open")) times.expanded += passed;
    this.#responses.set(id, times);
  }
}
