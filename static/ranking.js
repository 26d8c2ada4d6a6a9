// The ranking page: tray and rank rows over the form that the server sent. The fields of that form stay the only thing
// that is submitted; this module hides the lists of ranks and writes into them.

import { CompareMode } from "./compare.js";
import { element } from "./dom.js";
import { listen, singleKeysAreOn } from "./keyboard.js";
import { Board } from "./ranking-board.js";
import { RankingModel } from "./ranking-model.js";
import { list, RankingWords } from "./ranking-words.js";
import { RatingFields } from "./ratings.js";
import { announce, onEachTask, startTask } from "./task.js";

/** The board of one task. `left` ends when another task takes its place on the page. */
class RankingTask {
  #current = null;

  constructor(form, left) {
    this.form = form;
    const cards = [...form.querySelectorAll("[data-card]")];
    this.ids = cards.map((card) => card.dataset.card);
    const letters = new Map(cards.map((card) => [card.dataset.card, card.dataset.letter]));
    this.identical = [...form.querySelectorAll("[data-identical]")];
    this.model = new RankingModel(this.ids, this.identical.map((notice) => notice.dataset.identical.split(" ")));
    this.words = new RankingWords(this.model, (id) => letters.get(id));
    this.standing = document.querySelector("[data-standing]");
    this.task = startTask(form, {
      left,
      explainUnready: () => this.#unready(),
      draft: () => ({
        places: [...this.model.places], ratings: [...this.model.ratings], parted: [...this.model.parted],
      }),
      restore: (draft) => this.#restore(draft),
    });
    this.#makeParts(cards);
    this.#readForm();
    this.#reach(!singleKeysAreOn());
    this.#watch(left);
    listen(this.#keys(), left);
    this.#render();
    this.task.begin();
  }

  #makeParts(cards) {
    const does = {
      act: (id, operation) => this.act(id, operation),
      place: (zone, row) => this.#placeCurrent(zone, row),
      choose: (id) => this.#choose(id),
      focus: (id) => this.focus(id),
      expand: (id) => this.#expand(id),
      compare: (id) => this.compare.open(id),
      up: (id) => this.#up(id),
      down: (id) => this.#down(id),
      closed: (id) => this.focus(id),
      used: (name) => this.#used(name),
    };
    this.board = new Board(this.form, this.model, this.words, does);
    this.compare = new CompareMode(this.board, this.model, this.words, does);
    this.fields = new Map(cards.map((card) => {
      const id = card.dataset.card;
      return [id, new RatingFields(card, id, this.model, (operation) => this.#rate(id, operation))];
    }));
    for (const notice of this.identical) {
      const [first] = notice.dataset.identical.split(" ");
      const part = notice.querySelector("[data-part]");
      part.hidden = false;
      part.addEventListener("click", () => this.act(first, () => this.model.part(first)));
      this.#used("identical_tied");
    }
  }

  #watch(left) {
    document.addEventListener("plumb:single-keys", (event) => this.#reach(!event.detail), { signal: left });
    document.querySelector("[data-undo]").addEventListener("click", () => this.#step(true), { signal: left });
    document.querySelector("[data-redo]").addEventListener("click", () => this.#step(false), { signal: left });
    // A text that does not overflow needs no stop of its own on the way through the page.
    const overflow = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const isCut = target.scrollHeight > target.clientHeight + 1;
        target.tabIndex = isCut ? 0 : -1;
        this.board.offerWholeText(target.closest("[data-card]").dataset.card, isCut);
      }
    });
    for (const id of this.ids) overflow.observe(this.board.card(id).querySelector(".pane"));
  }

  #reach(isNeeded) {
    this.board.reach(isNeeded);
    for (const fields of this.fields.values()) fields.reach(isNeeded);
  }

  // Acting

  /** Does an operation on a response, which keeps the focus wherever it goes. */
  act(id, operation) {
    const hasChanged = operation();
    if (hasChanged) this.#changed();
    if (!this.compare.isOpen) this.focus(id);
    this.#say(hasChanged ? this.words.move(id) : `${this.words.place(id)}; nothing changed`);
  }

  /** The same for what is said of one response: the focus stays in its fields. */
  #rate(id, operation) {
    if (!operation()) return;
    this.#changed();
    this.#say(this.words.rating(id));
  }

  #changed() {
    this.task.count();
    this.#render();
  }

  #placeCurrent(zone, row) {
    if (this.#current === null) announce("Choose a response first, then its rank.");
    else this.act(this.#current, () => this.model.put(this.#current, zone, row));
  }

  /** Down one rank; past the last row above the line into the first below it. */
  #down(id) {
    const isAboveLine = this.board.hasLine && this.model.place(id).zone === "ranked";
    return this.model.move(id, 1) || (isAboveLine && this.model.cross(id));
  }

  #up(id) {
    return this.model.move(id, -1) || (this.model.place(id).zone === "below" && this.model.cross(id));
  }

  #step(back) {
    if (!(back ? this.model.undo() : this.model.redo())) {
      this.#say(back ? "Nothing to undo here. Earlier answers are under My answers." : "Nothing to redo.");
      return;
    }
    this.#changed();
    if (this.#current !== null && !this.compare.isOpen) this.focus(this.#current);
    this.#say(`${back ? "Undone" : "Done again"}. ${this.words.order}`);
  }

  #expand(id) {
    const isOpen = this.board.card(id).classList.toggle("open");
    this.board.show(this.#current);
    announce(isOpen ? "Whole text" : "Text in its pane");
  }

  #say(text) {
    if (this.compare.isOpen) this.compare.say(text);
    else announce(text);
  }

  /** Tells whoever keeps the answer's record that a help of the page was used or shown. */
  #used(name) {
    document.dispatchEvent(new CustomEvent("plumb:used", { detail: name }));
  }

  // Focus

  #choose(id) {
    if (this.#current === id) return;
    if (this.#current !== null) this.board.card(this.#current).classList.remove("current");
    this.#current = id;
    this.board.card(id).classList.add("current");
    this.board.label(id);
  }

  focus(id) {
    this.#choose(id);
    this.board.name(id).focus({ preventScroll: true });
    this.board.card(id).scrollIntoView({ block: "nearest" });
  }

  /** The next or previous response by letter, wherever it lies: a fixed order while cards move. */
  #focusNext(step) {
    if (this.compare.isOpen) {
      this.compare.walk(step);
      return;
    }
    const from = this.#current === null ? (step > 0 ? -1 : 0) : this.ids.indexOf(this.#current);
    this.focus(this.ids[(from + step + this.ids.length) % this.ids.length]);
    announce(this.words.place(this.#current));
  }

  // Showing

  #render() {
    this.board.show(this.#current);
    if (this.compare.isOpen) this.compare.show();
    for (const fields of this.fields.values()) fields.show();
    this.#write();
    for (const notice of this.identical) {
      notice.hidden = this.model.parted.has(notice.dataset.identical.split(" ")[0]);
    }
    if (this.board.hintAt(this.words.contradictions)) this.#used("contradiction_hint");
    const count = this.model.unranked.length;
    const order = this.words.order;
    this.standing.replaceChildren(element("strong", { textContent: count === 0 ? "All ranked" : `${count} to rank` }));
    if (order) this.standing.append(` · ${order}`);
    document.querySelector("[data-undo]").hidden = !this.model.canUndo;
    document.querySelector("[data-redo]").hidden = !this.model.canRedo;
    document.querySelector("[data-submit]").setAttribute("aria-disabled", String(this.#unready() !== null));
  }

  /** Writes the ranks into the form that is submitted. */
  #write() {
    const ranks = this.model.ranks();
    for (const id of this.ids) {
      const card = this.board.card(id);
      card.querySelector("[data-rank]").value = String(ranks.get(id) ?? "");
      const box = card.querySelector("[data-unacceptable]");
      if (box) box.checked = this.model.place(id).zone === "below";
    }
  }

  /** What keeps the answer from being one; null where nothing does. */
  #unready() {
    const letters = (ids) => list(ids.map(this.words.letter));
    if (!this.model.isComplete) return `Not ranked yet: ${letters(this.model.unranked)}. Equal ranks are a tie.`;
    if (this.form.dataset.ratings !== "required") return null;
    const unrated = this.ids.filter((id) => this.model.rating(id).overall === null);
    return unrated.length > 0 ? `Not rated yet: ${letters(unrated)}. Give each a number from 1 to 7.` : null;
  }

  // What the page came with: the answer taken back, the form that was refused, or a draft

  #readForm() {
    const given = this.ids.map((id) => ({
      id,
      rank: Number(this.board.card(id).querySelector("[data-rank]").value) || 0,
      isBelow: this.board.card(id).querySelector("[data-unacceptable]")?.checked ?? false,
    })).filter((entry) => entry.rank > 0);
    const belowRanks = given.filter((entry) => entry.isBelow).map((entry) => entry.rank);
    const belowRows = [...new Set(belowRanks)].sort((a, b) => a - b);
    const places = given.map(({ id, rank, isBelow }) => [
      id, isBelow ? { zone: "below", row: belowRows.indexOf(rank) } : { zone: "ranked", row: rank - 1 },
    ]);
    this.model.restore(places, [...this.fields].map(([id, fields]) => [id, fields.read()]));
  }

  #restore(draft) {
    if (!this.#isDraft(draft)) return;
    this.model.restore(draft.places, draft.ratings, draft.parted);
    this.#render();
  }

  /** Whether a draft is one of this page's; another version of it may have made others. */
  #isDraft(draft) {
    const isRating = (rating) =>
      Array.isArray(rating?.flags) && (rating.overall === null || (rating.overall >= 1 && rating.overall <= 7));
    return [draft?.places, draft?.ratings, draft?.parted].every(Array.isArray)
      && draft.places.every(([id, place]) =>
        this.ids.includes(id) && ["tray", "ranked", "below"].includes(place?.zone) && Number.isInteger(place.row)
          && place.row >= 0 && place.row < this.model.count && (this.board.hasLine || place.zone !== "below"))
      && draft.ratings.every(([id, rating]) => this.ids.includes(id) && isRating(rating));
  }

  // Keys

  #keys() {
    const withCurrent = (operation) => () => {
      const id = this.compare.isOpen ? this.compare.other : this.#current;
      if (id === null) this.#focusNext(1);
      else this.act(id, () => operation(id));
    };
    const actions = {
      j: () => this.#focusNext(1),
      k: () => this.#focusNext(-1),
      "=": withCurrent((id) => this.model.tieWithAbove(id)),
      "Alt+ArrowUp": withCurrent((id) => this.#up(id)),
      "Alt+ArrowDown": withCurrent((id) => this.#down(id)),
      u: () => this.#step(true),
      "Ctrl+Z": () => this.#step(true),
      "Shift+U": () => this.#step(false),
      "Ctrl+Shift+Z": () => this.#step(false),
      s: () => !this.compare.isOpen && this.task.skip(),
      "Ctrl+Enter": () => !this.compare.isOpen && this.task.submit(),
      Enter: (event) => this.#enter(event),
      Escape: (event) => event.target instanceof Element && event.target.matches("[data-score]") && this.#back(),
      ...this.#compareKeys(),
      ...this.#ratingKeys(),
    };
    if (this.board.hasLine) actions.x = withCurrent((id) => this.model.toggleBelow(id));
    for (let digit = 0; digit <= 9; digit += 1) {
      const place = withCurrent((id) =>
        digit === 0 ? this.model.toTray(id) : this.model.put(id, "ranked", digit - 1));
      actions[String(digit)] = (event) => {
        if (event.target instanceof Element && event.target.matches("[data-score]")) return this.#score(digit);
        return digit <= this.model.count ? place() : false;
      };
    }
    return actions;
  }

  #compareKeys() {
    const whileOpen = (action) => () => this.compare.isOpen && action();
    // A table or code that is scrolled sideways has the arrows to itself.
    const walk = (step) => (event) => {
      if (!this.compare.isOpen || event.target.closest?.(".wide-content")) return false;
      return this.compare.walk(step);
    };
    return {
      c: () => {
        if (this.compare.isOpen) this.compare.close();
        else this.compare.open(this.#current ?? this.ids[0]);
      },
      d: whileOpen(() => {
        this.compare.toggleDifference();
      }),
      ArrowLeft: walk(-1),
      ArrowRight: walk(1),
    };
  }

  #ratingKeys() {
    const onCard = (action) => () => {
      if (this.compare.isOpen) return false;
      this.#choose(this.#current ?? this.ids[0]);
      return action(this.fields.get(this.#current));
    };
    return {
      r: onCard((fields) => fields.focusRating()),
      f: onCard((fields) => (fields.flags?.open && fields.flags.contains(document.activeElement)
        ? fields.closeFlags() : fields.openFlags())),
    };
  }

  /** A digit while a rating has the focus is that rating; then the card has the focus again. */
  #score(digit) {
    if (digit > 7) return false;
    const id = this.#current;
    if (digit === 0 || this.model.rating(id).overall !== digit) {
      this.#rate(id, () => this.model.rate(id, digit === 0 ? null : digit));
    }
    this.board.name(id).focus({ preventScroll: true });
    return true;
  }

  #back() {
    this.board.name(this.#current).focus({ preventScroll: true });
  }

  #enter(event) {
    if (!(event.target instanceof Element)) return false;
    if (event.target.matches("[data-score]")) return this.#back();
    if (!event.target.matches("[data-name-button]")) return false;
    return this.#expand(this.#current);
  }
}

onEachTask("form.ranking", (form, left) => new RankingTask(form, left));
