// The comparison page: keys for the eight answers, undo of a choice, and the side in favour marked on the responses.

import { listen } from "./keyboard.js";
import { announce, onEachTask, startTask } from "./task.js";

/** Makes the bar of one task work. `left` ends when another task takes its place on the page. */
function start(form, left) {
  const radios = [...form.querySelectorAll('input[name="choice"]')];
  const standing = document.querySelector("[data-standing]");
  const undoButton = document.querySelector("[data-undo]");
  const submitButton = document.querySelector("[data-submit]");
  const past = [];
  let chosen = radios.find((radio) => radio.checked) ?? null;

  const task = startTask(form, {
    left,
    explainUnready: () => (chosen ? null : "Choose one of the eight answers first."),
    draft: () => ({ choice: chosen?.value ?? null }),
    restore: ({ choice }) => {
      chosen = radios.find((radio) => radio.value === choice) ?? null;
      for (const each of radios) each.checked = each === chosen;
      show();
    },
  });

  function show() {
    const winner = chosen?.value.slice(0, chosen.value.lastIndexOf("."));
    for (const card of form.querySelectorAll("[data-side]")) {
      card.classList.toggle("favoured", card.dataset.side === winner);
    }
    standing.textContent = chosen ? chosen.getAttribute("aria-label") : "Nothing chosen yet";
    submitButton.setAttribute("aria-disabled", String(!chosen));
    undoButton.hidden = past.length === 0;
  }

  function choose(radio, { isUndo = false } = {}) {
    if (radio === chosen) return;
    if (!isUndo) past.push(chosen);
    chosen = radio;
    for (const each of radios) each.checked = each === radio;
    task.count();
    show();
  }

  function undo() {
    if (past.length === 0) {
      announce("Nothing to undo here. Earlier answers are under My answers.");
      return;
    }
    choose(past.pop(), { isUndo: true });
    (chosen ?? radios[0]).focus();
    announce(chosen ? `Back to: ${chosen.getAttribute("aria-label")}` : "Nothing chosen");
  }

  function press(radio) {
    choose(radio);
    radio.focus();
    announce(radio.getAttribute("aria-label"));
  }

  for (const radio of radios) radio.addEventListener("change", () => choose(radio));
  undoButton.addEventListener("click", undo);

  const actions = {
    s: task.skip,
    "Ctrl+Z": undo,
    "Ctrl+Enter": task.submit,
    Enter: (event) => {
      if (!radios.includes(event.target)) return false;
      task.submit();
    },
  };
  for (const radio of radios) actions[radio.dataset.key] = () => press(radio);
  for (let grade = 0; grade < 4; grade += 1) {
    actions[String(grade + 1)] = () => press(radios[grade]);
    actions[`Shift+${grade + 1}`] = () => press(radios[7 - grade]);
  }
  for (const [key, step] of [["ArrowLeft", -1], ["ArrowRight", 1]]) {
    actions[key] = (event) => {
      if (radios.includes(event.target)) return false;
      if (event.target instanceof Element && event.target.closest(".pane, .skip")) return false;
      const from = chosen ? radios.indexOf(chosen) + step : step > 0 ? 0 : radios.length - 1;
      press(radios[Math.min(radios.length - 1, Math.max(0, from))]);
    };
  }
  listen(actions, left);
  show();
  task.begin();
}

onEachTask("form.comparison", start);
