// The comparison page: keys for the answers, undo of a choice, the side in favour marked on the responses, and what else
// a project asks: safety, aspects, a reason.

import { element } from "./dom.js";
import { listen } from "./keyboard.js";
import { PairView } from "./pair-view.js";
import { announce, onEachTask, startTask } from "./task.js";

/** One comparison. `left` ends when another task takes its place on the page. */
class ComparisonTask {
  #past = [];

  constructor(form, left) {
    this.form = form;
    const radios = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];
    this.choices = radios("choice");
    /** The eight grades, from the left end of the bar to the right. */
    this.grades = this.choices.filter((radio) => radio.dataset.grade);
    this.safeties = radios("safety");
    this.aspects = [...form.querySelectorAll("[data-aspect]")];
    this.reason = form.querySelector("[data-reason]");
    this.standing = document.querySelector("[data-standing]");
    this.problem = form.querySelector("[data-safety-problem]");
    this.state = this.#read();
    this.task = startTask(form, {
      left,
      explainUnready: () => this.#unready(),
      draft: () => this.#draft(),
      restore: (draft) => this.#restore(draft),
    });
    for (const radio of [...this.choices, ...this.safeties]) {
      radio.addEventListener("change", () => this.#change(this.#read()));
    }
    // What is written or chosen here is no step of undo: the field has its own.
    for (const field of [...this.aspects, this.reason]) {
      field?.addEventListener("input", () => {
        this.task.count();
        this.#show();
      });
    }
    document.querySelector("[data-undo]").addEventListener("click", () => this.#undo(), { signal: left });
    new PairView(form, left);
    listen(this.#keys(), left);
    this.#show();
    this.task.begin();
  }

  get choice() {
    return this.choices.find((radio) => radio.value === this.state.choice) ?? null;
  }

  #read() {
    const value = (radios) => radios.find((radio) => radio.checked)?.value ?? null;
    return { choice: value(this.choices), safety: value(this.safeties) };
  }

  #change(state) {
    if (state.choice === this.state.choice && state.safety === this.state.safety) return;
    this.#past.push(this.state);
    this.#set(state);
    this.task.count();
    this.#show();
  }

  #set(state) {
    this.state = state;
    for (const radio of this.choices) radio.checked = radio.value === state.choice;
    for (const radio of this.safeties) radio.checked = radio.value === state.safety;
  }

  #undo() {
    if (this.#past.length === 0) {
      announce("Nothing to undo here. Earlier answers are under My answers.");
      return;
    }
    this.#set(this.#past.pop());
    this.task.count();
    this.#show();
    (this.choice ?? this.choices[0]).focus();
    announce(`Back to: ${this.#words()}`);
  }

  #press(radio) {
    this.#change({ ...this.state, choice: radio.value });
    radio.focus();
    announce(radio.getAttribute("aria-label"));
  }

  #words() {
    const safety = this.safeties.find((radio) => radio.checked);
    const words = [this.choice, safety].filter(Boolean).map((radio) => radio.getAttribute("aria-label"));
    return words.length > 0 ? words.join(" · ") : "Nothing chosen yet";
  }

  #show() {
    const winner = this.choice?.dataset.winner;
    for (const card of this.form.querySelectorAll("[data-side]")) {
      card.classList.toggle("favoured", winner !== undefined && card.dataset.side === winner);
    }
    const safety = this.#safetyProblem();
    if (this.problem) {
      this.problem.hidden = safety === null;
      if (this.problem.textContent !== (safety ?? "")) this.problem.textContent = safety ?? "";
    }
    this.reason?.setAttribute("aria-required", String(this.#needsReason()));
    this.standing.replaceChildren(element("span", { textContent: this.#words() }));
    document.querySelector("[data-submit]").setAttribute("aria-disabled", String(this.#unready() !== null));
    document.querySelector("[data-undo]").hidden = this.#past.length === 0;
  }

  /** Why the choice and the safety cannot both be meant. */
  #safetyProblem() {
    const safe = this.safeties.find((radio) => radio.checked)?.dataset.safe;
    const { winner } = this.choice?.dataset ?? {};
    if (!safe || !winner || safe === winner) return null;
    return this.form.dataset.unsafePreferred
      .replace("#", this.choice.dataset.letter).replace("#", this.#letter(safe)).replace("#", this.#letter(safe));
  }

  #letter(id) {
    return this.choices.find((radio) => radio.dataset.winner === id).dataset.letter;
  }

  #needsReason() {
    return this.reason?.dataset.reason === "required_for_significantly" && this.choice?.dataset.grade === "significantly";
  }

  /** What keeps the answer from being one; null where nothing does. */
  #unready() {
    if (!this.choice) return `Choose one of the ${this.choices.length === 8 ? "eight" : this.choices.length} answers first.`;
    if (this.safeties.length > 0 && !this.safeties.some((radio) => radio.checked)) return "Say which of them are safe.";
    const safety = this.#safetyProblem();
    if (safety) return safety;
    return this.#needsReason() && this.reason.value.trim() === ""
      ? "Say in a sentence why it is significantly better." : null;
  }

  #draft() {
    return {
      ...this.state,
      aspects: this.aspects.filter((field) => field.value !== "").map((field) => [field.name, field.value]),
      reason: this.reason?.value ?? "",
    };
  }

  #restore({ choice, safety, aspects, reason }) {
    this.#set({ choice: choice ?? null, safety: safety ?? null });
    this.state = this.#read();
    if (Array.isArray(aspects)) {
      const values = new Map(aspects);
      for (const field of this.aspects) field.value = values.get(field.name) ?? "";
    }
    if (this.reason && typeof reason === "string") this.reason.value = reason;
    this.#show();
  }

  #keys() {
    const actions = {
      s: this.task.skip,
      "Ctrl+Z": () => this.#undo(),
      "Ctrl+Enter": this.task.submit,
      Enter: (event) => {
        if (![...this.choices, ...this.safeties].includes(event.target)) return false;
        return this.task.submit();
      },
    };
    for (const radio of this.choices) actions[radio.dataset.key] = () => this.#press(radio);
    for (let grade = 0; grade < 4; grade += 1) {
      actions[String(grade + 1)] = () => this.#press(this.grades[grade]);
      actions[`Shift+${grade + 1}`] = () => this.#press(this.grades[7 - grade]);
    }
    for (const [key, step] of [["ArrowLeft", -1], ["ArrowRight", 1]]) {
      actions[key] = (event) => this.#walk(event, step);
    }
    return actions;
  }

  /** A step along the bar; inside a text, a list of tabs or the bar itself the arrows are the browser's. */
  #walk(event, step) {
    const isElsewhere = event.target instanceof Element
      && event.target.closest("input, .text, .wide-content, .skip, [role=tablist], dialog");
    if (isElsewhere) return false;
    const at = this.grades.indexOf(this.choice);
    const next = at >= 0 ? at + step : step > 0 ? 0 : this.grades.length - 1;
    return this.#press(this.grades[Math.min(this.grades.length - 1, Math.max(0, next))]);
  }
}

onEachTask("form.comparison", (form, left) => new ComparisonTask(form, left));
