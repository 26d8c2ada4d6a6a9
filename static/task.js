// What both kinds of task share: announcements, the lease's heartbeat, honest times, the skip form, submitting.

const idleAfter = 30_000;
const beatEvery = 60_000;

/** Says something to people who listen to the page. */
export function announce(text) {
  const place = document.querySelector("[data-announce]");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

/** Shows a message above the task, in the place of an earlier one. */
export function showNotice(text, kind = "warn") {
  let notice = document.querySelector("[data-notice]");
  if (!notice) {
    notice = document.createElement("p");
    notice.dataset.notice = "";
    notice.setAttribute("role", "alert");
    document.querySelector("main").prepend(notice);
  }
  notice.className = `notice ${kind}`;
  notice.textContent = text;
}

/** Renews the lease once a minute, only while somebody can see the page. */
function keepLease(form) {
  const path = form.dataset.heartbeat;
  const csrf = form.elements.namedItem("csrf").value;
  let last = Date.now();
  async function beat() {
    last = Date.now();
    let response;
    try {
      response = await fetch(path, {
        method: "POST",
        headers: { "x-csrf-token": csrf, accept: "application/json" },
        credentials: "same-origin",
      });
    } catch {
      showNotice("The server cannot be reached just now. Keep this page open; your work stays here.");
      return;
    }
    if (response.ok) {
      document.querySelector("[data-notice]")?.remove();
      return;
    }
    if (response.status === 401) {
      showNotice("Your sign-in has ended. Sign in again in another tab; this page keeps your work.");
      return;
    }
    const body = await response.json().catch(() => null);
    showNotice(body?.error?.message ?? "This task is no longer reserved for you. You can still submit your answer.");
  }
  const beatIfDue = () => {
    if (document.visibilityState === "visible" && Date.now() - last >= beatEvery) beat();
  };
  setInterval(beatIfDue, beatEvery / 4);
  document.addEventListener("visibilitychange", beatIfDue);
}

/** Measures the time somebody was at work: visible and not idle for more than 30 s. */
function measureTime(form) {
  const start = performance.now();
  let active = 0;
  let lastInput = start;
  let lastTick = start;
  let firstAction = null;
  let operations = 0;
  const tick = () => {
    const now = performance.now();
    const end = Math.min(now, lastInput + idleAfter);
    if (document.visibilityState === "visible" && end > lastTick) active += end - lastTick;
    lastTick = now;
  };
  const input = () => {
    tick();
    lastInput = performance.now();
  };
  for (const name of ["pointermove", "pointerdown", "keydown", "scroll", "wheel"]) {
    document.addEventListener(name, input, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") lastTick = performance.now();
    else tick();
  });
  const fields = {};
  for (const name of ["active_ms", "first_action_ms", "operations"]) {
    fields[name] = form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
  }
  form.addEventListener("submit", () => {
    tick();
    fields.active_ms.value = String(Math.round(active));
    fields.first_action_ms.value = firstAction === null ? "" : String(Math.round(firstAction));
    fields.operations.value = String(operations);
  });
  return () => {
    firstAction ??= performance.now() - start;
    operations += 1;
  };
}

/** Makes the skip form a small window over the bar: `s` opens it, Escape or a click elsewhere closes it. */
function preparedSkip() {
  const details = document.querySelector("[data-skip]");
  if (!details) return () => false;
  const summary = details.querySelector("summary");
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    if (details.open && !details.contains(event.target)) details.open = false;
  });
  return () => {
    details.open = true;
    details.querySelector('button[type="submit"]').focus();
    announce("Skip this task? Enter skips it, Escape goes back.");
  };
}

/**
 * Starts everything above for the task's form.
 * @returns `skip` opens the skip form; `count` counts an operation; `submit` submits what `isReady` lets through.
 */
export function startTask(form, { explainUnready }) {
  document.documentElement.classList.add("enhanced");
  keepLease(form);
  const count = measureTime(form);
  const skip = preparedSkip();
  let isSent = false;
  form.addEventListener("submit", (event) => {
    const explanation = explainUnready();
    if (explanation) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const standing = document.querySelector("[data-standing]");
      standing.innerHTML = "";
      standing.append(Object.assign(document.createElement("span"), { className: "problem", textContent: explanation }));
      announce(explanation);
      return;
    }
    if (isSent) event.preventDefault();
    isSent = true;
  });
  addEventListener("pageshow", () => {
    isSent = false;
  });
  return { skip, count, submit: () => form.requestSubmit() };
}
