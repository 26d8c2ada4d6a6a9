// A conversation: Ctrl+Enter sends, an unsent message outlives a reload, and the wait for both answers looks by itself.

const lookEvery = 1000;
const slowAfter = 20_000;

/** Keeps what is typed in this tab until it is sent. */
function keepMessage(form) {
  const field = form.querySelector("textarea");
  const key = `plumb.message ${form.getAttribute("action")}`;
  try {
    if (field.value === "") field.value = sessionStorage.getItem(key) ?? "";
    field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
    form.addEventListener("submit", () => sessionStorage.removeItem(key));
  } catch {
    // A full or forbidden storage costs the message of this tab on a reload, nothing else.
  }
  form.querySelector("[data-send-hint]").hidden = false;
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  field.focus({ preventScroll: true });
}

/** Opens the page again once there is something new: the comparison, or why there is none. */
function wait(section) {
  const began = Date.now();
  section.querySelector("[data-look]").hidden = true;
  async function look() {
    if (Date.now() - began > slowAfter) section.querySelector("[data-slow]").hidden = false;
    try {
      const response = await fetch(section.dataset.waits, { credentials: "same-origin", headers: { accept: "application/json" } });
      if (!response.ok || !(await response.json()).waiting) {
        location.reload();
        return;
      }
    } catch {
      section.querySelector("[data-slow]").hidden = false;
    }
    setTimeout(look, lookEvery);
  }
  setTimeout(look, lookEvery);
}

const form = document.querySelector("[data-message]");
if (form) keepMessage(form);
const section = document.querySelector("[data-waits]");
if (section) wait(section);
