// The board of the ranking page: tray, rank rows and cards as they stand for the model.

import { element, iconButton } from "./dom.js";
import { makeDraggable } from "./drag.js";

export class Board {
  #rows = [];
  /** By response: the buttons whose state changes. */
  #buttons = new Map();

  /**
   * @param form the form of the task.
   * @param does `act(id, operation)`, `place(zone, row)` for the chosen response, `choose(id)`, `focus(id)`, `expand(id)`,
   *   `compare(id)`, `up(id)`, `down(id)`.
   */
  constructor(form, model, words, does) {
    Object.assign(this, { model, words, does });
    this.element = form.querySelector("[data-board]");
    this.tray = this.element.querySelector('[data-zone="tray"]');
    this.hasLine = form.dataset.line === "yes";
    this.cards = new Map([...form.querySelectorAll("[data-card]")].map((card) => [card.dataset.card, card]));
    this.#makeTray();
    this.#makeRanks();
    for (const [id, card] of this.cards) this.#makeCard(id, card);
  }

  card(id) {
    return this.cards.get(id);
  }

  name(id) {
    return this.card(id).querySelector("[data-name-button]");
  }

  #makeTray() {
    this.tray.querySelector("h2").textContent = "Not ranked yet";
    this.tray.dataset.drop = "";
    this.tray.querySelector("h2").after(element("p", {
      className: "hint keys-hint", textContent: "By keys: j and k choose, 1 to 9 rank, ? shows all of them.",
    }));
    this.tray.append(element("p", { className: "hint tray-empty", textContent: "Every response has a rank." }));
  }

  #makeRanks() {
    const title = element("h2", { className: "overline", id: "ranks-heading", textContent: "Ranks, best first" });
    this.hint = element("p", { className: "contradiction", hidden: true });
    this.hint.setAttribute("role", "status");
    const section = element("section", { className: "ranks" }, title, this.hint, this.#makeRows("ranked"));
    section.setAttribute("aria-labelledby", title.id);
    if (this.hasLine) {
      const below = this.#makeRows("below");
      below.setAttribute("aria-label", "Not acceptable");
      section.append(element("p", { className: "line", textContent: "Not acceptable below this line" }), below);
    }
    this.element.append(section);
  }

  #makeRows(zone) {
    const list = element("ol", { className: "rows" });
    for (let row = 0; row < this.model.count; row += 1) list.append(this.#makeRow(zone, row));
    return list;
  }

  #makeRow(zone, row) {
    const target = element("button", {
      type: "button", className: "row-target", textContent: zone === "ranked" ? String(row + 1) : "✕",
    });
    const hint = element("p", { className: "row-empty" });
    const list = element("ul", { className: "cards" });
    const item = element("li", { className: "rank-row", dataset: { drop: "", zone, row: String(row) } },
      target, element("div", {}, hint, list));
    if (zone === "below") item.classList.add("refused");
    item.addEventListener("click", (event) => {
      if (!event.target.closest(".card")) this.does.place(zone, row);
    });
    this.#rows.push({ item, target, hint, list, zone, row });
    return item;
  }

  #makeCard(id, card) {
    const letter = this.words.letter(id);
    const name = element("button", {
      type: "button", className: "name-button", textContent: letter, dataset: { nameButton: "" },
    });
    card.querySelector("[data-name]").replaceChildren(name);
    const { act, up, down, choose, focus, expand, compare } = this.does;
    // Not every browser focuses a button that is clicked.
    name.addEventListener("click", () => focus(id));
    const handle = iconButton("handle", `Drag ${letter}`);
    handle.classList.add("handle");
    handle.tabIndex = -1;
    const tools = element("div", { className: "tools" },
      iconButton("up", `Move ${letter} up`, () => act(id, () => up(id))),
      iconButton("down", `Move ${letter} down`, () => act(id, () => down(id))));
    const buttons = {
      back: iconButton("back", `Take the rank off ${letter}`, () => act(id, () => this.model.toTray(id))),
      refuse: this.hasLine && iconButton(
        "refuse", `${letter} is not acceptable`, () => act(id, () => this.model.toggleBelow(id))),
      expand: iconButton("expand", `Whole text of ${letter}`, () => expand(id)),
    };
    this.#buttons.set(id, buttons);
    tools.append(...Object.values(buttons).filter(Boolean),
      iconButton("compare", `Compare ${letter} with the others`, () => compare(id)), handle);
    card.querySelector(".card-head").append(tools);
    card.addEventListener("focusin", () => choose(id));
    card.addEventListener("click", (event) => {
      if (event.target.closest("button, label, summary, input") || String(getSelection())) return;
      focus(id);
    });
    makeDraggable(handle, card, {
      onStart: () => choose(id),
      onDrop: (target, side) => act(id, () => this.#drop(id, target, side)),
    });
  }

  #drop(id, target, side) {
    const { zone } = target.dataset;
    if (zone === "tray") return this.model.toTray(id);
    const row = Number(target.dataset.row);
    const block = this.model.block(id);
    const others = this.model.row(zone, row).filter((other) => !block.includes(other));
    return side === "onto" || others.length === 0
      ? this.model.put(id, zone, row) : this.model.insert(id, zone, row, side);
  }

  /** Which buttons the Tab key stops at: with single keys the letters are enough. */
  reach(isNeeded) {
    for (const button of this.element.querySelectorAll(".tools button:not(.handle)")) {
      button.tabIndex = isNeeded ? 0 : -1;
    }
  }

  /** Puts every card where the model has it; what people scrolled to and where the focus is stay. */
  show(current) {
    const places = [[this.tray.querySelector("[data-cards]"), this.model.unranked],
      ...this.#rows.map((row) => [row.list, this.model.row(row.zone, row.row)])];
    const scrolls = this.#scrollsOfMoving(places);
    for (const [list, wanted] of places) this.#fill(list, wanted);
    let isOpen = true;
    for (const row of this.#rows) {
      const wanted = this.model.row(row.zone, row.row);
      row.item.classList.toggle("filled", wanted.length > 0);
      const rank = row.zone === "ranked" ? `Rank ${row.row + 1}` : "Not acceptable";
      const letters = wanted.map(this.words.letter).join(" tied with ");
      row.item.setAttribute("aria-label", letters ? `${rank}: ${letters}` : rank);
      if (row.zone === "below") {
        if (row.row === 0) isOpen = true;
        row.item.hidden = wanted.length === 0 && !isOpen;
        if (wanted.length === 0) isOpen = false;
      }
      row.hint.textContent = wanted.length > 0 ? "" : this.#emptyWords(row);
    }
    for (const [pane, top] of scrolls) pane.scrollTop = top;
    this.tray.classList.toggle("is-empty", this.model.isComplete);
    this.element.classList.toggle("all-ranked", this.model.isComplete);
    for (const id of this.cards.keys()) this.#describe(id);
    this.label(current);
  }

  /**
   * What the panes of cards that change their place are scrolled to. A pane that is asked makes the browser lay the page out
   * first, so the others, and all of a new page, are not.
   */
  #scrollsOfMoving(places) {
    return places.flatMap(([list, wanted]) => wanted.map((id) => this.card(id))
      .filter((card, index) => list.children[index] !== card)
      .map((card) => card.querySelector(".pane"))
      .map((pane) => [pane, pane.scrollTop]))
      .filter(([, top]) => top > 0);
  }

  #fill(list, wanted) {
    wanted.forEach((id, index) => {
      const card = this.card(id);
      if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
    });
  }

  #emptyWords({ zone, row }) {
    if (zone === "below") return row === 0 ? "Put here what nobody should be given" : "Worse still";
    const isUntouched = row === 0 && this.model.unranked.length === this.model.count;
    return isUntouched ? "The best response, or several that are equally good" : "";
  }

  #describe(id) {
    const card = this.card(id);
    const { zone } = this.model.place(id);
    this.name(id).setAttribute("aria-label", `Response ${this.words.place(id)}`);
    const { back, refuse, expand } = this.#buttons.get(id);
    back.hidden = zone === "tray";
    if (refuse) refuse.setAttribute("aria-pressed", String(zone === "below"));
    expand.setAttribute("aria-pressed", String(card.classList.contains("open")));
  }

  /** The button for the whole text is there where some of it is out of view. */
  offerWholeText(id, isCut) {
    this.#buttons.get(id).expand.hidden = !isCut && !this.card(id).classList.contains("open");
  }

  /** Says on each row's button what pressing it does with the chosen response. */
  label(current) {
    for (const { target, zone, row } of this.#rows) {
      const place = zone === "ranked" ? `rank ${row + 1}` : "not acceptable";
      target.setAttribute("aria-label",
        current === null ? `Choose a response for ${place}` : `Put ${this.words.letter(current)} in ${place}`);
    }
  }

  /** Hints, in sentences; none hides them. Returns whether they are new. */
  hintAt(sentences) {
    const text = sentences.join(" ");
    const isNew = text !== "" && this.hint.dataset.shown !== text;
    this.hint.dataset.shown = text;
    this.hint.hidden = text === "";
    if (isNew) this.hint.textContent = `${text} Both may be meant; this is a hint and changes nothing.`;
    return isNew;
  }
}
