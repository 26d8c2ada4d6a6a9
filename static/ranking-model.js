// The state of one ranking: which response lies in the tray, in which row, or below the line; with undo and redo.
// Plain values and no page, so that it can be tested by itself. Rows are counted from 0; a row may stay empty, and
// what is submitted are dense ranks over the filled rows.

const tray = Object.freeze({ zone: "tray", row: 0 });

export class RankingModel {
  #past = [];
  #future = [];

  /** @param ids the responses in the order of their letters. */
  constructor(ids) {
    this.ids = [...ids];
    this.places = new Map(this.ids.map((id) => [id, tray]));
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
    const here = this.place(id);
    if (here.zone === zone && (zone === "tray" || here.row === row)) return false;
    return this.#change((places) => places.set(id, zone === "tray" ? tray : { zone, row }));
  }

  toTray(id) {
    return this.put(id, "tray");
  }

  /** Below the line, or back above it. Relative order is kept: one that stood lower above the line stays lower. */
  toggleBelow(id) {
    const here = this.place(id);
    if (here.zone === "below") return this.#change((places) => places.set(id, this.#lastPlace("ranked", id)));
    const row = here.zone === "ranked" ? here.row : this.#rowForUnrankedBelow();
    return this.#change((places) => places.set(id, { zone: "below", row }));
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
    if (zone === "tray") return this.#change((places) => places.set(id, this.#lastPlace("ranked", id, 1)));
    if (this.tiedWith(id).length > 0) return this.insert(id, zone, row, step < 0 ? "above" : "below");
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
    return this.#change((places) => {
      places.set(id, tray);
      const filled = (at) => [...places.values()].some((place) => place.zone === zone && place.row === at);
      const shift = (from, to, by) => {
        for (const [other, place] of places) {
          if (place.zone === zone && place.row >= from && place.row <= to) places.set(other, { zone, row: place.row + by });
        }
      };
      const gapAbove = () => {
        for (let at = row - 1; at >= 0; at -= 1) if (!filled(at)) return at;
        return -1;
      };
      const gapBelow = () => {
        for (let at = row + 1; at < this.count; at += 1) if (!filled(at)) return at;
        return -1;
      };
      if (!filled(row)) {
        places.set(id, { zone, row });
      } else if (side === "above") {
        const below = gapBelow();
        if (row > 0 && !filled(row - 1)) places.set(id, { zone, row: row - 1 });
        else if (below >= 0) {
          shift(row, below - 1, 1);
          places.set(id, { zone, row });
        } else {
          const above = gapAbove();
          shift(above + 1, row - 1, -1);
          places.set(id, { zone, row: row - 1 });
        }
      } else {
        const below = gapBelow();
        if (row + 1 < this.count && !filled(row + 1)) places.set(id, { zone, row: row + 1 });
        else if (below >= 0) {
          shift(row + 1, below - 1, 1);
          places.set(id, { zone, row: row + 1 });
        } else {
          const above = gapAbove();
          shift(above + 1, row, -1);
          places.set(id, { zone, row });
        }
      }
    });
  }

  /** Sets everything at once without a step of undo: the answer that the page came with. */
  restore(places) {
    for (const [id, place] of places) if (this.places.has(id)) this.places.set(id, place);
  }

  undo() {
    const before = this.#past.pop();
    if (!before) return false;
    this.#future.push(this.places);
    this.places = before;
    return true;
  }

  redo() {
    const after = this.#future.pop();
    if (!after) return false;
    this.#past.push(this.places);
    this.places = after;
    return true;
  }

  #change(edit) {
    const next = new Map(this.places);
    edit(next);
    const isSame = this.ids.every((id) => {
      const before = this.place(id);
      const after = next.get(id);
      return before.zone === after.zone && before.row === after.row;
    });
    if (isSame) return false;
    this.#past.push(this.places);
    this.#future = [];
    this.places = next;
    return true;
  }

  #lastFilled(zone, except = null) {
    let last = -1;
    for (const id of this.ids) {
      const place = this.place(id);
      if (id !== except && place.zone === zone) last = Math.max(last, place.row);
    }
    return last;
  }

  /** The row after the lowest filled one; the lowest itself where there is no room after it. */
  #lastPlace(zone, id) {
    return { zone, row: Math.min(this.#lastFilled(zone, id) + 1, this.count - 1) };
  }

  /** Where a response from the tray lands below the line: beside the lowest one there, for nobody has ordered them. */
  #rowForUnrankedBelow() {
    return Math.max(0, this.#lastFilled("below"));
  }
}
