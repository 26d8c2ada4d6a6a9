// Dragging by a handle with pointer events, so that mouse, pen and touch work alike.

const edge = 72;

/**
 * Lets `handle` drag `card` onto elements with `data-drop`.
 * @param onDrop called with the target element and "above", "onto" or "below".
 */
export function makeDraggable(handle, card, { onStart, onDrop }) {
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    new Drag(handle, card, event, onDrop);
    onStart?.();
  });
}

class Drag {
  constructor(handle, card, event, onDrop) {
    this.handle = handle;
    this.card = card;
    this.onDrop = onDrop;
    this.start = { x: event.pageX, y: event.pageY };
    this.point = { x: event.clientX, y: event.clientY };
    this.target = null;
    this.side = "onto";
    this.hasMoved = false;
    this.listeners = new AbortController();
    const signal = { signal: this.listeners.signal };
    handle.addEventListener("pointermove", (move) => this.move(move), signal);
    handle.addEventListener("pointerup", () => this.end(true), signal);
    handle.addEventListener("pointercancel", () => this.end(false), signal);
    document.addEventListener("keydown", (key) => {
      if (key.key !== "Escape") return;
      key.preventDefault();
      this.end(false);
    }, { capture: true, ...signal });
  }

  move(event) {
    this.point = { x: event.clientX, y: event.clientY };
    if (!this.hasMoved) {
      if (Math.hypot(event.pageX - this.start.x, event.pageY - this.start.y) < 4) return;
      this.hasMoved = true;
      this.lift();
      document.body.classList.add("is-dragging");
      this.frame = requestAnimationFrame(() => this.scroll());
    }
    this.follow();
  }

  /** A copy follows the pointer, above everything and cut by nothing; the card itself stays where it is. */
  lift() {
    const box = this.card.getBoundingClientRect();
    this.grip = { x: this.start.x - scrollX - box.left, y: this.start.y - scrollY - box.top };
    this.ghost = this.card.cloneNode(true);
    this.ghost.className = "card ghost";
    this.ghost.setAttribute("aria-hidden", "true");
    this.ghost.removeAttribute("data-card");
    this.ghost.querySelector(".card-foot")?.remove();
    this.ghost.style.width = `${Math.min(box.width, 360)}px`;
    this.grip.x = Math.min(this.grip.x, 340);
    const board = document.createElement("div");
    board.className = "board";
    board.append(this.ghost);
    this.layer = board;
    document.body.append(board);
    this.card.classList.add("lifted");
  }

  follow() {
    this.ghost.style.left = `${this.point.x - this.grip.x}px`;
    this.ghost.style.top = `${this.point.y - this.grip.y}px`;
    const target = document.elementFromPoint(this.point.x, this.point.y)?.closest("[data-drop]") ?? null;
    this.mark(target);
  }

  mark(target) {
    this.target?.classList.remove("over", "over-above", "over-below");
    this.target = target;
    this.side = "onto";
    if (!target) return;
    const box = target.getBoundingClientRect();
    const share = (this.point.y - box.top) / box.height;
    if (target.classList.contains("filled") && share < 0.2) this.side = "above";
    if (target.classList.contains("filled") && share > 0.8) this.side = "below";
    target.classList.add(this.side === "onto" ? "over" : `over-${this.side}`);
  }

  /** Scrolls the page while the pointer stays near its top or bottom. */
  scroll() {
    const speed = this.point.y < edge ? this.point.y - edge : Math.max(0, this.point.y - innerHeight + edge * 1.5);
    if (speed !== 0) {
      scrollBy(0, speed / 4);
      this.follow();
    }
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  end(isDropped) {
    this.listeners.abort();
    cancelAnimationFrame(this.frame);
    const { target, side } = this;
    this.mark(null);
    this.card.classList.remove("lifted");
    this.layer?.remove();
    document.body.classList.remove("is-dragging");
    if (isDropped && this.hasMoved && target) this.onDrop(target, side);
  }
}
