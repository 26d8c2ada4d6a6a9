// The state of one ranking: which response lies in the tray, in which row, or below the line, and what was said of each;
// with undo and redo. Plain values and no page, so that it can be tested by itself. Rows are counted from 0; a row may
// stay empty, and what is submitted are dense ranks over the filled rows.

const tray = Object.freeze({ zone: "tray", row: 0 });
const unrated = Object.freeze({ overall: null, flags: Object.freeze([]) });

export class RankingModel {
  #past = [];
  #future = [];
  #identical = new Map();

  /**
   * @param ids the responses in the order of their letters.
   * @param identical lists of ids whose texts are the same; each list moves as one until it is parted.
   */
  constructor(ids, identical = []) {
    this.ids = [...ids];
    this.places = new Map(this.ids.map((id) => [id, tray]));
    this.ratings = new Map();
    this.parted = new Set();
    for (const group of identical) for (const id of group) this.#identical.set(id, group);
  }

  get count() {
    return this.ids.length;
  }

  place(id) {
    return this.places.get(id) ?? tray;
  }

  /** The ids of a row, in the order of their letters. */
  row(zone, row) {
    return this.ids.filter((id) => this.place(id).zone === zone && (zone === "tray" || this.place(id).row === row));
  }

  rows(zone) {
    return Array.from({ length: this.count }, (_, row) => this.row(zone, row));
  }

  get unranked() {
    return this.row("tray", 0);
  }

  get isComplete() {
    return this.unranked.length === 0;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** The response with those that move with it. */
  block(id) {
    const group = this.#identical.get(id);
    return group && !this.parted.has(group[0]) ? group : [id];
  }

  /** What was said of a response: `overall`, 1 to 7 or null, and `flags`, sorted names. */
  rating(id) {
    return this.ratings.get(id) ?? unrated;
  }

  /** Dense ranks, 1 is best; rows below the line follow the ones above it. Responses in the tray have none. */
  ranks() {
    const ranks = new Map();
    let rank = 0;
    for (const zone of ["ranked", "below"]) {
      for (const ids of this.rows(zone)) {
        if (ids.length === 0) continue;
        rank += 1;
        for (const id of ids) ranks.set(id, rank);
      }
    }
    return ranks;
  }

  tiedWith(id) {
    const { zone, row } = this.place(id);
    return zone === "tray" ? [] : this.row(zone, row).filter((other) => other !== id);
  }

  // Operations. Each returns true where it changed something, and is one step of undo.

  put(id, zone, row = 0) {
    const place = zone === "tray" ? tray : { zone, row };
    return this.#move((places) => this.#set(places, id, place));
  }

  toTray(id) {
    return this.put(id, "tray");
  }

  /** Below the line, or back above it. Relative order is kept: one that stood lower above the line stays lower. */
  toggleBelow(id) {
    const here = this.place(id);
    if (here.zone === "below") return this.#move((places) => this.#set(places, id, this.#lastPlace("ranked", id)));
    const row = here.zone === "ranked" ? here.row : this.#rowForUnrankedBelow();
    return this.#move((places) => this.#set(places, id, { zone: "below", row }));
  }

  /** Into the row of the response above: the nearest filled row above it, or from the tray the lowest filled row. */
  tieWithAbove(id) {
    const { zone, row } = this.place(id);
    if (zone === "tray") {
      const last = this.#lastFilled("ranked");
      return last < 0 ? false : this.put(id, "ranked", last);
    }
    for (let above = row - 1; above >= 0; above -= 1) {
      if (this.row(zone, above).length > 0) return this.put(id, zone, above);
    }
    return false;
  }

  /** One rank up (-1) or down (+1). A tied response gets a row of its own beside the one it leaves. */
  move(id, step) {
    const { zone, row } = this.place(id);
    if (zone === "tray") return this.#move((places) => this.#set(places, id, this.#lastPlace("ranked", id)));
    const block = this.block(id);
    if (this.tiedWith(id).some((other) => !block.includes(other))) {
      return this.insert(id, zone, row, step < 0 ? "above" : "below");
    }
    const target = row + step;
    if (target >= 0 && target < this.count) return this.put(id, zone, target);
    return false;
  }

  /** Across the line: from the best row below it to the end of the rows above, and the other way round. */
  cross(id) {
    const { zone } = this.place(id);
    return zone === "tray" ? false : this.toggleBelow(id);
  }

  /** A row of its own just above or below `row`; filled rows move by one towards an empty row. */
  insert(id, zone, row, side) {
    return this.#move((places) => {
      this.#set(places, id, tray);
      const filled = (at) => [...places.values()].some((place) => place.zone === zone && place.row === at);
      const shift = (from, to, by) => {
        for (const [other, place] of places) {
          if (place.zone === zone && place.row >= from && place.row <= to) places.set(other, { zone, row: place.row + by });
        }
      };
      const gap = (step) => {
        for (let at = row + step; at >= 0 && at < this.count; at += step) if (!filled(at)) return at;
        return -1;
      };
      this.#set(places, id, { zone, row: this.#makeRoom(row, side, { filled, shift, gap }) });
    });
  }

  /** Makes identical responses, which move as one, single ones. */
  part(id) {
    const group = this.#identical.get(id);
    if (!group || this.parted.has(group[0])) return false;
    return this.#change({ parted: new Set(this.parted).add(group[0]) });
  }

  /** 1 to 7; the same number again, or null, takes the rating away. */
  rate(id, overall) {
    const value = overall === this.rating(id).overall ? null : overall;
    return this.#say(id, (rating) => ({ ...rating, overall: value }));
  }

  toggleFlag(id, flag) {
    return this.#say(id, (rating) => {
      const isSet = rating.flags.includes(flag);
      const flags = isSet ? rating.flags.filter((each) => each !== flag) : [...rating.flags, flag].sort();
      return { ...rating, flags };
    });
  }

  /**
   * Sets everything at once without a step of undo: the answer that the page came with. Identical responses that it has
   * in different places or with different ratings are parted.
   */
  restore(places, ratings = [], parted = []) {
    for (const [id, place] of places) if (this.places.has(id)) this.places.set(id, place);
    for (const [id, rating] of ratings) if (this.places.has(id)) this.ratings.set(id, rating);
    for (const id of parted) this.parted.add(id);
    for (const group of new Set(this.#identical.values())) {
      const words = (id) => JSON.stringify([this.place(id).zone, this.place(id).row, this.rating(id)]);
      if (group.some((id) => words(id) !== words(group[0]))) this.parted.add(group[0]);
    }
  }

  undo() {
    return this.#step(this.#past, this.#future);
  }

  redo() {
    return this.#step(this.#future, this.#past);
  }

  #step(from, to) {
    const state = from.pop();
    if (!state) return false;
    to.push({ places: this.places, ratings: this.ratings, parted: this.parted });
    Object.assign(this, state);
    return true;
  }

  #set(places, id, place) {
    for (const each of this.block(id)) places.set(each, place);
  }

  #move(edit) {
    const places = new Map(this.places);
    edit(places);
    const isSame = this.ids.every((id) => {
      const before = this.place(id);
      const after = places.get(id);
      return before.zone === after.zone && before.row === after.row;
    });
    return isSame ? false : this.#change({ places });
  }

  #say(id, edit) {
    const rating = edit(this.rating(id));
    if (JSON.stringify(rating) === JSON.stringify(this.rating(id))) return false;
    const ratings = new Map(this.ratings);
    for (const each of this.block(id)) ratings.set(each, rating);
    return this.#change({ ratings });
  }

  #change(parts) {
    this.#past.push({ places: this.places, ratings: this.ratings, parted: this.parted });
    this.#future = [];
    Object.assign(this, parts);
    return true;
  }

  /** The row that is free, or was made free, above or below a row. */
  #makeRoom(row, side, { filled, shift, gap }) {
    if (!filled(row)) return row;
    const beside = side === "above" ? row - 1 : row + 1;
    if (beside >= 0 && beside < this.count && !filled(beside)) return beside;
    const below = gap(1);
    if (below >= 0) {
      const wanted = side === "above" ? row : row + 1;
      shift(wanted, below - 1, 1);
      return wanted;
    }
    const above = gap(-1);
    shift(above + 1, side === "above" ? row - 1 : row, -1);
    return side === "above" ? row - 1 : row;
  }

  #lastFilled(zone, except = []) {
    let last = -1;
    for (const id of this.ids) {
      const place = this.place(id);
      if (!except.includes(id) && place.zone === zone) last = Math.max(last, place.row);
    }
    return last;
  }

  /** The row after the lowest filled one; the lowest itself where there is no room after it. */
  #lastPlace(zone, id) {
    return { zone, row: Math.min(this.#lastFilled(zone, this.block(id)) + 1, this.count - 1) };
  }

  /** Where a response from the tray lands below the line: beside the lowest one there, for nobody has ordered them. */
  #rowForUnrankedBelow() {
    return Math.max(0, this.#lastFilled("below"));
  }
}

/** By how much a rating has to differ for a rank that says otherwise to be worth a hint. */
const contradiction = 2;

/**
 * Pairs in which ranks and ratings contradict each other, the widest first: `upper` is not ranked below `lower`, and was
 * rated lower by two or more.
 */
export function contradictions(model) {
  const ranks = model.ranks();
  const found = [];
  // Of responses that move as one, the first speaks for all.
  const ids = model.ids.filter((id) => model.block(id)[0] === id);
  for (const upper of ids) {
    for (const lower of ids) {
      const [high, low] = [model.rating(upper).overall, model.rating(lower).overall];
      if (upper === lower || high === null || low === null || !ranks.has(upper) || !ranks.has(lower)) continue;
      const gap = low - high;
      if (gap >= contradiction && ranks.get(upper) <= ranks.get(lower)) {
        found.push({ upper, lower, gap, isTie: ranks.get(upper) === ranks.get(lower) });
      }
    }
  }
  return found.sort((a, b) => b.gap - a.gap || Number(a.isTie) - Number(b.isTie));
}
