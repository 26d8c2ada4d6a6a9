// The ranking page: tray and rank rows over the form that the server sent. The selects of that form stay the only
// thing that is submitted; this module hides them and writes into them.

import { makeDraggable } from "./drag.js";
import { listen, singleKeysAreOn } from "./keyboard.js";
import { RankingModel } from "./ranking-model.js";
import { announce, onEachTask, startTask } from "./task.js";

const icons = {
  up: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 13V3M3.500 7.500 8 3l4.500 4.500"/></svg>',
  down: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 3v10M3.500 8.500 8 13l4.500-4.500"/></svg>',
  back: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M6 3 2.500 6.500 6 10M2.500 6.500H10a3.500 3.500 0 0 1 0 7H7"/></svg>',
  refuse: '<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="5.500"/><path d="m4.200 4.200 7.600 7.600"/></svg>',
  handle: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 5.500h10M3 8h10M3 10.500h10"/></svg>',
};

/** Makes the board of one task. `left` ends when another task takes its place on the page. */
function start(form, left) {
  const board = form.querySelector("[data-board]");
  const trayZone = board.querySelector('[data-zone="tray"]');
  const hasLine = form.dataset.line === "yes";
  const standing = document.querySelector("[data-standing]");
  const undoButton = document.querySelector("[data-undo]");
  const redoButton = document.querySelector("[data-redo]");
  const submitButton = document.querySelector("[data-submit]");

  const cards = new Map([...form.querySelectorAll("[data-card]")].map((element) => [element.dataset.card, element]));
  const ids = [...cards.keys()];
  const letter = (id) => cards.get(id).dataset.letter;
  const model = new RankingModel(ids);
  let current = null;

  const task = startTask(form, {
    left,
    explainUnready: () =>
      model.isComplete ? null : `Not ranked yet: ${model.unranked.map(letter).join(", ")}. Equal ranks are a tie.`,
    draft: () => ({ places: [...model.places] }),
    restore: (draft) => {
      if (!isDraft(draft)) return;
      model.restore(draft.places);
      render();
    },
  });

  // The board

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function makeRow(zone, row) {
    const target = element("button", { type: "button", className: "row-target" });
    target.textContent = zone === "ranked" ? String(row + 1) : "✕";
    const hint = element("p", { className: "row-empty" });
    const list = element("ul", { className: "cards" });
    const item = element("li", { className: "rank-row" }, target, element("div", {}, hint, list));
    if (zone === "below") item.classList.add("refused");
    Object.assign(item.dataset, { drop: "", zone, row: String(row) });
    item.addEventListener("click", (event) => {
      if (event.target.closest(".card")) return;
      placeCurrent(zone, row);
    });
    return { item, target, hint, list, zone, row };
  }

  const rows = [];
  function makeBoard() {
    const heading = trayZone.querySelector("h2");
    heading.textContent = "Not ranked yet";
    trayZone.dataset.drop = "";
    trayZone.append(element("p", { className: "hint tray-empty", textContent: "Every response has a rank." }));
    const ranked = element("ol", { className: "rows" });
    for (let row = 0; row < model.count; row += 1) {
      rows.push(makeRow("ranked", row));
      ranked.append(rows.at(-1).item);
    }
    const title = element("h2", { className: "overline", id: "ranks-heading", textContent: "Ranks, best first" });
    const section = element("section", { className: "ranks" }, title, ranked);
    section.setAttribute("aria-labelledby", title.id);
    if (hasLine) {
      const below = element("ol", { className: "rows" });
      for (let row = 0; row < model.count; row += 1) {
        rows.push(makeRow("below", row));
        below.append(rows.at(-1).item);
      }
      below.setAttribute("aria-label", "Not acceptable");
      section.append(element("p", { className: "line", textContent: "Not acceptable below this line" }), below);
    }
    board.append(section);
  }

  function tool(icon, label, action) {
    const button = element("button", { type: "button", innerHTML: icons[icon], title: label });
    button.setAttribute("aria-label", label);
    if (action) button.addEventListener("click", action);
    return button;
  }

  function makeCard(id, card) {
    const name = element("button", { type: "button", className: "name-button", textContent: letter(id) });
    name.dataset.nameButton = "";
    card.querySelector("[data-name]").replaceChildren(name);
    const label = (words) => words.replace("#", letter(id));
    const handle = tool("handle", label("Drag #"));
    handle.classList.add("handle");
    handle.tabIndex = -1;
    const tools = element(
      "div", { className: "tools" },
      tool("up", label("Move # up"), () => act(id, () => model.move(id, -1))),
      tool("down", label("Move # down"), () => act(id, () => moveDown(id))),
      tool("back", label("Take the rank off #"), () => act(id, () => model.toTray(id))));
    if (hasLine) tools.append(tool("refuse", label("# is not acceptable"), () => act(id, () => model.toggleBelow(id))));
    tools.append(handle);
    card.querySelector(".card-head").append(tools);
    card.addEventListener("focusin", () => setCurrent(id));
    card.addEventListener("click", (event) => {
      if (event.target.closest("button") || String(getSelection())) return;
      focusCard(id);
    });
    makeDraggable(handle, card, {
      onStart: () => setCurrent(id),
      onDrop: (target, side) => act(id, () => drop(id, target, side)),
    });
  }

  function drop(id, target, side) {
    if (target.dataset.zone === "tray") return model.toTray(id);
    const row = Number(target.dataset.row);
    const others = model.row(target.dataset.zone, row).filter((other) => other !== id);
    if (side === "onto" || others.length === 0) return model.put(id, target.dataset.zone, row);
    return model.insert(id, target.dataset.zone, row, side);
  }

  // Acting

  function placeCurrent(zone, row) {
    if (current === null) {
      announce("Choose a response first, then its rank.");
      return;
    }
    act(current, () => model.put(current, zone, row));
  }

  /** Down one rank; past the last row above the line into the first below it. */
  function moveDown(id) {
    return model.move(id, 1) || (hasLine && model.place(id).zone === "ranked" && model.cross(id));
  }

  function moveUp(id) {
    return model.move(id, -1) || (model.place(id).zone === "below" && model.cross(id));
  }

  function act(id, operation) {
    const hasChanged = operation();
    if (hasChanged) {
      task.count();
      render();
    }
    focusCard(id);
    announce(hasChanged ? describeMove(id) : `${describePlace(id)}; nothing changed`);
  }

  function describePlace(id) {
    const { zone, row } = model.place(id);
    if (zone === "tray") return `${letter(id)} has no rank`;
    const where = zone === "ranked" ? `in rank ${row + 1}` : "not acceptable";
    const tied = model.tiedWith(id);
    return `${letter(id)} ${where}${tied.length > 0 ? `, tied with ${tied.map(letter).join(", ")}` : ""}`;
  }

  function describeMove(id) {
    const { zone, row } = model.place(id);
    const tied = model.tiedWith(id);
    const where =
      zone === "tray" ? "back without a rank" : zone === "ranked" ? `moved to rank ${row + 1}` : "marked not acceptable";
    const tie = tied.length > 0 ? `, tied with ${tied.map(letter).join(", ")}` : "";
    const left = model.unranked.length;
    return `${letter(id)} ${where}${tie}; ${left === 0 ? "all ranked" : `${left} unranked`}`;
  }

  function step(back) {
    const hasChanged = back ? model.undo() : model.redo();
    if (!hasChanged) {
      announce(back ? "Nothing to undo here. Earlier answers are under My answers." : "Nothing to redo.");
      return;
    }
    task.count();
    render();
    if (current !== null) focusCard(current);
    announce(`${back ? "Undone" : "Done again"}. ${order()}`);
  }

  // Focus

  function setCurrent(id) {
    if (current === id) return;
    if (current !== null) cards.get(current).classList.remove("current");
    current = id;
    cards.get(id).classList.add("current");
    labelTargets();
  }

  function focusCard(id) {
    const card = cards.get(id);
    setCurrent(id);
    card.querySelector("[data-name-button]").focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  /** The next or previous response by letter, wherever it lies: a fixed order while cards move. */
  function focusNext(step) {
    const from = current === null ? (step > 0 ? -1 : 0) : ids.indexOf(current);
    focusCard(ids[(from + step + ids.length) % ids.length]);
    announce(describePlace(current));
  }

  // Showing

  function order() {
    const words = (zone) =>
      model.rows(zone).filter((row) => row.length > 0).map((row) => row.map(letter).join(" = ")).join(" › ");
    const ranked = words("ranked");
    const below = words("below");
    return [ranked, below && `not acceptable: ${below}`].filter(Boolean).join(" · ");
  }

  function render() {
    const scrolls = new Map([...cards].map(([id, card]) => [id, card.querySelector(".pane").scrollTop]));
    const move = (list, wanted) => {
      wanted.forEach((id, index) => {
        const card = cards.get(id);
        if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
      });
    };
    move(trayZone.querySelector("[data-cards]"), model.unranked);
    let isOpen = true;
    for (const { item, hint, list, zone, row } of rows) {
      const wanted = model.row(zone, row);
      move(list, wanted);
      item.classList.toggle("filled", wanted.length > 0);
      const rank = zone === "ranked" ? `Rank ${row + 1}` : "Not acceptable";
      item.setAttribute("aria-label", wanted.length > 0 ? `${rank}: ${wanted.map(letter).join(" tied with ")}` : rank);
      hint.textContent = "";
      if (zone === "below") {
        if (row === 0) isOpen = true;
        item.hidden = wanted.length === 0 && !isOpen;
        if (wanted.length === 0) {
          hint.textContent = row === 0 ? "Put here what nobody should be given" : "Worse still";
          isOpen = false;
        }
      } else if (row === 0 && model.unranked.length === model.count) {
        hint.textContent = "The best response, or several that are equally good";
      }
    }
    for (const [id, top] of scrolls) cards.get(id).querySelector(".pane").scrollTop = top;
    trayZone.classList.toggle("is-empty", model.isComplete);
    board.classList.toggle("all-ranked", model.isComplete);
    write();
    describe();
    labelTargets();
  }

  /** Writes the state into the form that is submitted. */
  function write() {
    const ranks = model.ranks();
    for (const [id, card] of cards) {
      card.querySelector("[data-rank]").value = String(ranks.get(id) ?? "");
      const box = card.querySelector("[data-unacceptable]");
      if (box) box.checked = model.place(id).zone === "below";
    }
  }

  function describe() {
    for (const [id, card] of cards) {
      const { zone } = model.place(id);
      card.querySelector("[data-name-button]").setAttribute("aria-label", `Response ${describePlace(id)}`);
      const [, , back, refuse] = card.querySelector(".tools").children;
      back.hidden = zone === "tray";
      if (hasLine) refuse.setAttribute("aria-pressed", String(zone === "below"));
    }
    const left = model.unranked.length;
    const text = order();
    standing.replaceChildren(element("strong", { textContent: left === 0 ? "All ranked" : `${left} to rank` }));
    if (text) standing.append(` · ${text}`);
    undoButton.hidden = !model.canUndo;
    redoButton.hidden = !model.canRedo;
    submitButton.setAttribute("aria-disabled", String(left > 0));
  }

  /** Says on each row's button what pressing it does with the chosen response. */
  function labelTargets() {
    for (const { target, zone, row } of rows) {
      const place = zone === "ranked" ? `rank ${row + 1}` : "not acceptable";
      target.setAttribute("aria-label", current === null ? `Choose a response for ${place}` : `Put ${letter(current)} in ${place}`);
    }
  }

  // What the page came with: the answer taken back, or the form that was refused

  function readForm() {
    const given = ids.map((id) => ({
      id,
      rank: Number(cards.get(id).querySelector("[data-rank]").value) || 0,
      isBelow: cards.get(id).querySelector("[data-unacceptable]")?.checked ?? false,
    })).filter((entry) => entry.rank > 0);
    const belowRanks = [...new Set(given.filter((entry) => entry.isBelow).map((entry) => entry.rank))].sort((a, b) => a - b);
    return given.map(({ id, rank, isBelow }) => [
      id, isBelow ? { zone: "below", row: belowRanks.indexOf(rank) } : { zone: "ranked", row: rank - 1 },
    ]);
  }

  /** Whether a draft is one of this page's; another version of it may have made others. */
  function isDraft(draft) {
    return Array.isArray(draft?.places) && draft.places.every(([id, place]) =>
      cards.has(id) && ["tray", "ranked", "below"].includes(place?.zone) && Number.isInteger(place.row) && place.row >= 0
        && place.row < model.count && (hasLine || place.zone !== "below"));
  }

  // Start

  makeBoard();
  for (const [id, card] of cards) makeCard(id, card);
  model.restore(readForm());
  render();

  function reachTools(isNeeded) {
    for (const button of form.querySelectorAll(".tools button:not(.handle)")) button.tabIndex = isNeeded ? 0 : -1;
  }
  reachTools(!singleKeysAreOn());
  document.addEventListener("plumb:single-keys", (event) => reachTools(!event.detail), { signal: left });

  // A text that does not overflow needs no stop of its own on the way through the page.
  const overflow = new ResizeObserver((entries) => {
    for (const { target } of entries) target.tabIndex = target.scrollHeight > target.clientHeight + 1 ? 0 : -1;
  });
  for (const card of cards.values()) overflow.observe(card.querySelector(".pane"));

  undoButton.addEventListener("click", () => step(true));
  redoButton.addEventListener("click", () => step(false));

  const withCurrent = (operation) => () => {
    if (current === null) focusNext(1);
    else act(current, () => operation(current));
  };
  const actions = {
    j: () => focusNext(1),
    k: () => focusNext(-1),
    "=": withCurrent((id) => model.tieWithAbove(id)),
    "0": withCurrent((id) => model.toTray(id)),
    "Alt+ArrowUp": withCurrent(moveUp),
    "Alt+ArrowDown": withCurrent(moveDown),
    u: () => step(true),
    "Ctrl+Z": () => step(true),
    "Shift+U": () => step(false),
    "Ctrl+Shift+Z": () => step(false),
    s: task.skip,
    "Ctrl+Enter": task.submit,
    Enter: (event) => {
      const card = event.target instanceof Element && event.target.matches("[data-name-button]") && event.target.closest(".card");
      if (!card) return false;
      const isOpen = card.classList.toggle("open");
      announce(isOpen ? "Whole text" : "Text in its pane");
    },
  };
  if (hasLine) actions.x = withCurrent((id) => model.toggleBelow(id));
  for (let rank = 1; rank <= Math.min(9, model.count); rank += 1) {
    actions[String(rank)] = withCurrent((id) => model.put(id, "ranked", rank - 1));
  }
  listen(actions, left);
  task.begin();
}

onEachTask("form.ranking", start);
