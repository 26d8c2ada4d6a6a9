// How two responses lie on a comparison page: side by side, scrolling together where somebody wants that; on a narrow
// screen one at a time, under tabs.

import { element } from "./dom.js";

const narrow = "(max-width: 40rem)";
const storageKey = "plumb.scroll-together";

export class PairView {
  #isMoving = false;

  constructor(form, left) {
    this.pair = form.querySelector("[data-pair]");
    this.cards = [...this.pair.querySelectorAll("[data-side]")];
    this.panes = this.cards.map((card) => card.querySelector(".pane"));
    this.query = matchMedia(narrow);
    this.#makeToggle();
    this.#makeTabs();
    const size = new ResizeObserver(() => this.#offerToggle());
    for (const pane of this.panes) size.observe(pane);
    this.query.addEventListener("change", () => this.#arrange(), { signal: left });
    this.#arrange();
  }

  // Scrolling together

  #makeToggle() {
    this.toggle = element("button", {
      type: "button", className: "quiet scroll-together", textContent: "Scroll together",
    });
    this.toggle.addEventListener("click", () => this.#setTogether(!this.isTogether));
    this.#setTogether(this.#remembered());
    this.pair.before(this.toggle);
    this.panes.forEach((pane, at) => {
      pane.addEventListener("scroll", () => this.#follow(pane, this.panes[1 - at]), { passive: true });
    });
  }

  #remembered() {
    try {
      return localStorage.getItem(storageKey) === "on";
    } catch {
      return false;
    }
  }

  #setTogether(isTogether) {
    this.isTogether = isTogether;
    this.toggle.setAttribute("aria-pressed", String(isTogether));
    try {
      localStorage.setItem(storageKey, isTogether ? "on" : "off");
    } catch {
      // Without storage the switch holds for this page only.
    }
  }

  /** By share of the way, so that texts of different lengths reach their ends together. */
  #follow(moved, other) {
    if (!this.isTogether || this.query.matches) return;
    if (this.#isMoving) {
      this.#isMoving = false;
      return;
    }
    const way = (pane) => pane.scrollHeight - pane.clientHeight;
    if (way(moved) <= 0 || way(other) <= 0) return;
    const top = Math.round((moved.scrollTop / way(moved)) * way(other));
    if (Math.abs(top - other.scrollTop) < 1) return;
    this.#isMoving = true;
    other.scrollTop = top;
  }

  // Tabs

  #makeTabs() {
    this.tabs = element("div", { className: "tabs", role: "tablist" });
    this.tabs.setAttribute("aria-label", "Responses");
    for (const card of this.cards) {
      const letter = card.dataset.letter;
      card.id = `response-${letter}`;
      const tab = element("button", {
        type: "button", role: "tab", textContent: `Response ${letter}`, id: `tab-${letter}`,
      });
      tab.setAttribute("aria-controls", card.id);
      tab.addEventListener("click", () => this.#select(this.cards.indexOf(card)));
      this.tabs.append(tab);
    }
    this.tabs.addEventListener("keydown", (event) => {
      const next = { ArrowLeft: 0, ArrowRight: 1, Home: 0, End: 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.#select(next);
      this.tabs.children[next].focus();
    });
    this.pair.before(this.tabs);
  }

  #select(at) {
    this.selected = at;
    [...this.tabs.children].forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === at));
      tab.tabIndex = index === at ? 0 : -1;
    });
    this.cards.forEach((card, index) => {
      card.hidden = this.query.matches && index !== at;
    });
  }

  /** Two texts that are all in view need no scrolling. */
  #offerToggle() {
    const isCut = this.panes.every((pane) => pane.scrollHeight > pane.clientHeight + 1);
    this.toggle.hidden = this.query.matches || !isCut;
  }

  #arrange() {
    this.tabs.hidden = !this.query.matches;
    for (const card of this.cards) {
      const { letter } = card.dataset;
      if (this.query.matches) card.setAttribute("role", "tabpanel");
      else card.removeAttribute("role");
      card.setAttribute("aria-labelledby", this.query.matches ? `tab-${letter}` : `name-${letter}`);
    }
    this.#select(this.selected ?? 0);
    this.#offerToggle();
  }
}
