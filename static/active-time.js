// How long somebody was at work on a page: it was visible and they had done something within the last 30 seconds. Plain
// numbers and no page, so that it can be tested by itself; times are milliseconds of one clock.

const idleAfter = 30_000;

export class ActiveTime {
  #total = 0;

  constructor(now, isVisible) {
    this.lastInput = now;
    this.counted = now;
    this.isVisible = isVisible;
  }

  /** Something was done: a key, a pointer, a scroll. */
  input(now) {
    this.#count(now);
    this.lastInput = now;
  }

  /** The page came into view or went out of it; what passed until now counts as it was seen until now. */
  turn(now, isVisible) {
    this.#count(now);
    this.isVisible = isVisible;
  }

  total(now) {
    this.#count(now);
    return this.#total;
  }

  #count(now) {
    const end = Math.min(now, this.lastInput + idleAfter);
    if (this.isVisible && end > this.counted) this.#total += end - this.counted;
    this.counted = now;
  }
}
