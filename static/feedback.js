// Tasks that ask for a text, a score or a prompt: what is missing, drafts, the score's keys, more examples.

import { listen } from "./keyboard.js";
import { announce, onEachTask, startTask } from "./task.js";

const words = (text) => text.trim().split(/\s+/).filter(Boolean).length;
const counted = (number) => `${number} ${number === 1 ? "word" : "words"}`;

/** Makes one task's form work. `left` ends when another task takes its place on the page. */
function start(form, left) {
  const standing = document.querySelector("[data-standing]");
  const submitButton = document.querySelector("[data-submit]");
  const scores = [...form.querySelectorAll('input[name="score"]')];
  const unchanged = form.querySelector("[data-unchanged]");
  const examples = form.querySelector("[data-examples]");
  const original = unchanged && form.querySelector(".card .raw").textContent;
  const fields = () => [...form.querySelectorAll('textarea, input:not([type="hidden"])')];

  /** What is still missing, in words; null where the answer is whole. */
  function missing() {
    if (scores.length > 0 && !scores.some((score) => score.checked)) return "No rating is chosen yet.";
    if (unchanged) {
      const isUntouched = form.querySelector("[data-needed]").value === original;
      if (unchanged.checked && isUntouched) return null;
      if (unchanged.checked) {
        return "You changed the text and marked that the response is right as it is. Take the mark off, or restore the text.";
      }
      if (isUntouched) return "The text is still the response's own. Change it, or mark that the response is right as it is.";
    }
    const empty = [...form.querySelectorAll("[data-needed]")].find((field) => field.value.trim() === "");
    if (empty) return empty.dataset.needed;
    if (examples) {
      const pairs = [...examples.querySelectorAll("[data-example]")].map((example) =>
        [...example.querySelectorAll("textarea")].map((field) => field.value.trim() !== ""));
      const half = pairs.findIndex(([input, output]) => input !== output);
      if (half >= 0) return `Example ${half + 1} needs both an input and an output.`;
      if (!pairs.some(([input]) => input)) return "Write at least one example.";
    }
    return null;
  }

  const task = startTask(form, {
    left,
    explainUnready: missing,
    draft: () => ({
      fields: Object.fromEntries(fields().map((field) => {
        const isMark = field.type === "radio" || field.type === "checkbox";
        const name = field.type === "radio" ? `${field.name}=${field.value}` : field.name;
        return [name, isMark ? field.checked : field.value];
      })),
    }),
    restore: ({ fields: kept = {} }) => {
      while (examples && Object.keys(kept).some((name) => name === `example_input.${exampleCount() + 1}`)) addExample();
      for (const field of fields()) {
        const name = field.type === "radio" ? `${field.name}=${field.value}` : field.name;
        if (typeof kept[name] === "boolean") field.checked = kept[name];
        if (typeof kept[name] === "string") field.value = kept[name];
      }
      show();
    },
  });

  function show() {
    const problem = missing();
    const texts = fields().filter((field) => field.matches("textarea")).map((field) => field.value);
    const score = scores.find((each) => each.checked);
    const written = counted(texts.reduce((sum, text) => sum + words(text), 0));
    standing.textContent = problem ?? (score ? score.getAttribute("aria-label") : written);
    submitButton.setAttribute("aria-disabled", String(problem !== null));
  }

  function exampleCount() {
    return examples.querySelectorAll("[data-example]").length;
  }

  /** A copy of the last example's fields, empty and with the next number. */
  function addExample() {
    const last = [...examples.querySelectorAll("[data-example]")].at(-1);
    const number = exampleCount() + 1;
    const copy = last.cloneNode(true);
    copy.querySelector("legend").textContent = `Example ${number}`;
    for (const field of copy.querySelectorAll("textarea")) {
      const part = field.name.split(".")[0].replace("example_", "");
      copy.querySelector(`label[for="${field.id}"]`).htmlFor = `${part}-${number}`;
      field.id = `${part}-${number}`;
      field.name = `example_${part}.${number}`;
      field.value = "";
      field.textContent = "";
    }
    examples.append(copy);
    return copy;
  }

  form.querySelector("[data-more-examples]")?.addEventListener("click", (event) => {
    event.preventDefault();
    addExample().querySelector("textarea").focus();
    announce(`Example ${exampleCount()} added`);
    show();
  });
  form.addEventListener("input", () => {
    task.count();
    show();
  });
  // Submitting works from inside a text too; every other key there belongs to the text.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    task.submit();
  });

  const actions = { s: task.skip, "Ctrl+Enter": task.submit };
  for (const score of scores) {
    actions[score.value] = () => {
      score.checked = true;
      score.focus();
      task.count();
      show();
      announce(score.getAttribute("aria-label"));
    };
  }
  listen(actions, left);
  show();
  task.begin();
}

onEachTask("form.feedback", start);
