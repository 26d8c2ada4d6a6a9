// Compare mode of the ranking page: one response pinned at the left, the others walked through at the right, their words'
// difference where somebody asks for it.

import { difference } from "./difference.js";
import { element } from "./dom.js";

export class CompareMode {
  #dialog;
  #pinned = null;
  #other = null;
  #showsDifference = false;

  /**
   * @param does `place(id)` words of where a response lies, `act(id, operation)`, `choose(id)`, `closed(id)`,
   *   `used(name)`.
   */
  constructor(board, model, words, does) {
    Object.assign(this, { board, model, words, does });
  }

  get isOpen() {
    return this.#dialog?.open ?? false;
  }

  /** The response at the right. */
  get other() {
    return this.#other;
  }

  open(id) {
    if (!this.#dialog) this.#build();
    this.#pinned = id;
    this.#other = null;
    this.#showsDifference = false;
    this.#dialog.showModal();
    this.does.used("compare");
    this.walk(1);
    this.right.pane.focus();
  }

  /** The focus moves at once: the dialog's own event comes later, when somebody may have typed on. */
  close() {
    if (!this.isOpen) return;
    this.#dialog.close();
    this.does.closed(this.#other);
  }

  /** The next or previous response by letter, past the pinned one. */
  walk(step) {
    const others = this.model.ids.filter((id) => id !== this.#pinned);
    const from = this.#other === null ? (step > 0 ? -1 : 0) : others.indexOf(this.#other);
    this.#other = others[(from + step + others.length) % others.length];
    this.does.choose(this.#other);
    this.show();
    this.say(this.words.place(this.#other));
  }

  /** The response at the right is pinned, and the pinned one walks. */
  swap() {
    [this.#pinned, this.#other] = [this.#other, this.#pinned];
    this.does.choose(this.#other);
    this.show();
    this.say(`${this.words.letter(this.#pinned)} pinned; ${this.words.place(this.#other)}`);
  }

  toggleDifference() {
    this.#showsDifference = !this.#showsDifference;
    if (this.#showsDifference) this.does.used("diff");
    this.show();
    this.say(this.#showsDifference ? "Differing words marked" : "No words marked");
  }

  say(text) {
    this.status.textContent = "";
    requestAnimationFrame(() => {
      this.status.textContent = text;
    });
  }

  show() {
    const [left, right] = [this.#pinned, this.#other];
    this.left.name.textContent = `${this.words.letter(left)}, pinned`;
    this.right.name.textContent = this.words.letter(right);
    this.left.place.textContent = this.#place(left);
    this.right.place.textContent = this.#place(right);
    this.differenceButton.setAttribute("aria-pressed", String(this.#showsDifference));
    const texts = this.#showsDifference ? difference(this.#text(left), this.#text(right)) : null;
    this.#fill(this.left, left, texts?.left, "del");
    this.#fill(this.right, right, texts?.right, "ins");
    for (const button of this.ranks.children) {
      const { zone, row } = this.model.place(right);
      const isHere = button.dataset.zone === zone && (zone === "tray" || Number(button.dataset.row) === row);
      button.setAttribute("aria-pressed", String(isHere));
      button.setAttribute("aria-label", button.dataset.words.replace("#", this.words.letter(right)));
    }
  }

  /** The text as it was written. */
  #text(id) {
    const pane = this.board.card(id).querySelector(".pane");
    return (pane.querySelector(".raw") ?? pane).textContent;
  }

  #place(id) {
    return this.words.place(id).slice(this.words.letter(id).length + 1);
  }

  /** The response as its card shows it, or its text with the words marked that the other one has not. */
  #fill(side, id, runs, mark) {
    const key = `${id} ${runs ? this.#pinned + this.#other : ""}`;
    if (side.shown === key) return;
    side.shown = key;
    side.section.dataset.shows = id;
    const source = this.board.card(id).querySelector(".pane");
    side.pane.setAttribute("aria-label", `Text of response ${this.words.letter(id)}`);
    side.pane.classList.toggle("marked", Boolean(runs));
    if (runs) {
      side.pane.replaceChildren(
        ...runs.map(({ text, isCommon }) => (isCommon ? text : element(mark, { textContent: text }))));
    } else {
      side.pane.replaceChildren(...[...source.childNodes].map((node) => node.cloneNode(true)));
    }
    side.pane.scrollTop = 0;
  }

  #build() {
    const button = (words, action, properties = {}) => {
      const made = element("button", { type: "button", className: "quiet", textContent: words, ...properties });
      made.addEventListener("click", action);
      return made;
    };
    this.left = this.#side();
    this.right = this.#side();
    this.differenceButton = button("Mark differing words", () => this.toggleDifference());
    this.ranks = element("div", { className: "compare-ranks", role: "group" });
    this.ranks.setAttribute("aria-label", "Rank of the response at the right");
    this.#makeRanks();
    this.status = element("p", { className: "visually-hidden", role: "status" });
    const heading = element("h2", { id: "compare-heading", textContent: "Compare" });
    this.#dialog = element("dialog", { className: "compare", dataset: { compare: "" } },
      element("div", { className: "compare-head" }, heading,
        element("div", { className: "bar-actions" },
          button("Previous", () => this.walk(-1)), button("Next", () => this.walk(1)),
          button("Swap", () => this.swap()), this.differenceButton,
          button("Close", () => this.close(), { className: "" }))),
      element("div", { className: "compare-sides" }, this.left.section, this.right.section), this.ranks, this.status);
    this.#dialog.setAttribute("aria-labelledby", heading.id);
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    // In the form's place on the page, so that a task that takes this one's place takes it away.
    this.board.element.after(this.#dialog);
  }

  #side() {
    const name = element("h3", { className: "letter" });
    const place = element("span", { className: "hint" });
    const pane = element("div", { className: "text pane", tabIndex: 0, dir: "auto", role: "group" });
    const section = element("section", { className: "card" },
      element("div", { className: "card-head" }, name, place), pane);
    return { section, name, place, pane, shown: null };
  }

  #makeRanks() {
    const add = (label, words, zone, row) => {
      const made = element("button", {
        type: "button", textContent: label, dataset: { words, zone, row: String(row) },
      });
      made.addEventListener("click", () => this.does.act(this.#other, () => this.model.put(this.#other, zone, row)));
      this.ranks.append(made);
    };
    for (let row = 0; row < this.model.count; row += 1) add(String(row + 1), `Put # in rank ${row + 1}`, "ranked", row);
    if (this.board.hasLine) add("✕", "# is not acceptable", "below", 0);
    add("No rank", "Take the rank off #", "tray", 0);
  }
}
