// What the ranking page says of a ranking, in letters. Plain words and no page.

import { contradictions } from "./ranking-model.js";

/** "A, B and C" */
export function list(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export class RankingWords {
  /** @param letter the letter of an id. */
  constructor(model, letter) {
    this.model = model;
    this.letter = letter;
  }

  /** "B in rank 2, tied with E" */
  place(id) {
    const { zone, row } = this.model.place(id);
    if (zone === "tray") return `${this.letter(id)} has no rank`;
    return `${this.letter(id)} ${zone === "ranked" ? `in rank ${row + 1}` : "not acceptable"}${this.#tie(id)}`;
  }

  /** "B moved to rank 2, tied with E; 3 unranked" */
  move(id) {
    const { zone, row } = this.model.place(id);
    const where =
      zone === "tray" ? "back without a rank" : zone === "ranked" ? `moved to rank ${row + 1}` : "marked not acceptable";
    return `${this.letter(id)} ${where}${this.#tie(id)}; ${this.left}`;
  }

  /** "3 unranked", "all ranked" */
  get left() {
    const count = this.model.unranked.length;
    return count === 0 ? "all ranked" : `${count} unranked`;
  }

  /** "B › A = C · not acceptable: D" */
  get order() {
    const words = (zone) =>
      this.model.rows(zone).filter((row) => row.length > 0).map((row) => row.map(this.letter).join(" = ")).join(" › ");
    const below = words("below");
    return [words("ranked"), below && `not acceptable: ${below}`].filter(Boolean).join(" · ");
  }

  /** What a rating says, or that there is none. */
  rating(id) {
    const { overall } = this.model.rating(id);
    return overall === null ? `${this.letter(id)} is not rated` : `${this.letter(id)} rated ${overall} of 7`;
  }

  /** The first two contradictions of ranks and ratings, in sentences; none is a fault. */
  get contradictions() {
    return contradictions(this.model).slice(0, 2).map(({ upper, lower, isTie }) => {
      const [high, low] = [upper, lower].map((id) => this.model.rating(id).overall);
      const [one, other] = [upper, lower].map(this.letter);
      return isTie
        ? `${one} and ${other} share a rank, but you rated them ${high} and ${low}.`
        : `${one} stands above ${other}, but you rated ${one} ${high} and ${other} ${low}.`;
    });
  }

  #tie(id) {
    const tied = this.model.tiedWith(id);
    return tied.length > 0 ? `, tied with ${tied.map(this.letter).join(", ")}` : "";
  }
}
