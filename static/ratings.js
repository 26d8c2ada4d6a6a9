// Ratings and flags on the cards of a ranking: the fields that the server sent, kept in step with the model.

import { element } from "./dom.js";

/** The fields of one response. */
export class RatingFields {
  /** @param act called with an operation on the model. */
  constructor(card, id, model, act) {
    this.id = id;
    this.model = model;
    this.radios = [...card.querySelectorAll("[data-score]")];
    this.boxes = [...card.querySelectorAll("[data-flag]")];
    this.flags = card.querySelector("[data-flags]");
    this.name = card.querySelector("[data-name-button]");
    // Pressing the chosen number again takes it away, so the choice "not rated" is for pages without scripts alone.
    card.querySelector("[data-unscored]")?.remove();
    for (const radio of this.radios) {
      radio.addEventListener("change", () => act(() => model.rate(id, Number(radio.value))));
      radio.addEventListener("click", () => {
        // A number pressed by the pointer gives the focus back, so that the next digit is a rank again.
        if (this.isPressed) this.name.focus({ preventScroll: true });
        this.isPressed = false;
        if (model.rating(id).overall === Number(radio.value) && this.wasChosen === radio) act(() => model.rate(id, null));
      });
      radio.addEventListener("pointerdown", () => this.note(radio));
      radio.parentElement.addEventListener("pointerdown", () => this.note(radio));
    }
    for (const box of this.boxes) box.addEventListener("change", () => act(() => model.toggleFlag(id, box.dataset.flag)));
    if (this.flags) {
      this.set = element("span", { className: "flags-set" });
      this.flags.querySelector("summary").append(this.set);
      this.flags.addEventListener("keydown", (event) => this.#move(event));
    }
  }

  /** Remembers which number was chosen before a click, for the click itself changes it. */
  note(radio) {
    this.wasChosen = radio.checked ? radio : null;
    this.isPressed = true;
  }

  /** What the form came with. */
  read() {
    return {
      overall: Number(this.radios.find((radio) => radio.checked)?.value) || null,
      flags: this.boxes.filter((box) => box.checked).map((box) => box.dataset.flag).sort(),
    };
  }

  show() {
    const { overall, flags } = this.model.rating(this.id);
    for (const radio of this.radios) radio.checked = Number(radio.value) === overall;
    for (const box of this.boxes) box.checked = flags.includes(box.dataset.flag);
    if (this.set) {
      const words = this.boxes.filter((box) => box.checked).map((box) => box.parentElement.textContent.trim());
      this.set.textContent = words.length > 0 ? `: ${words.join(", ")}` : "";
    }
  }

  /** Whether they are stops of the Tab key. */
  reach(isNeeded) {
    const summary = this.flags?.querySelector("summary");
    for (const stop of [...this.radios, summary]) if (stop) stop.tabIndex = isNeeded ? 0 : -1;
  }

  focusRating() {
    if (this.radios.length === 0) return false;
    (this.radios.find((radio) => radio.checked) ?? this.radios[0]).focus();
    return true;
  }

  openFlags() {
    if (!this.flags) return false;
    this.flags.open = true;
    this.boxes[0]?.focus();
    return true;
  }

  closeFlags() {
    this.flags.open = false;
    this.name.focus();
  }

  /** Arrows walk the flags; Escape and Enter go back to the card. */
  #move(event) {
    const at = this.boxes.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    // Enter in a box would submit the whole form.
    if ((event.key === "Escape" || (event.key === "Enter" && at >= 0)) && this.flags.open) {
      event.preventDefault();
      this.closeFlags();
    } else if (step && at >= 0 && !event.altKey) {
      event.preventDefault();
      this.boxes[(at + step + this.boxes.length) % this.boxes.length].focus();
    }
  }
}
