// The lead's pages work without this; it makes a run's page move by itself, sends a prompt file as it is, and copies
// a secret that is shown once.

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** Shows a run's numbers and state as they come: the server sends events, and the page's own parts are fetched anew. */
function watchRun(status) {
  let source;
  let hasLeft = false;
  let isFetching = false;
  let isStale = false;
  let wantsStatus = false;
  let hasEnded = false;
  let stateShown = "";

  const replace = (next, id) => {
    const old = document.getElementById(id);
    const fresh = next.getElementById(id);
    if (old === null || fresh === null) return;
    if (old.contains(document.activeElement) && !hasEnded) return;
    const log = old.querySelector(".log");
    const wasAtEnd = log === null || log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    old.replaceWith(fresh);
    const freshLog = fresh.querySelector(".log");
    if (freshLog !== null && wasAtEnd) freshLog.scrollTop = freshLog.scrollHeight;
  };

  /** Fetches the page anew, once at a time; what is asked for meanwhile is done by the next turn. */
  const refresh = async (withStatus) => {
    isStale = true;
    wantsStatus ||= withStatus;
    if (isFetching) return;
    isFetching = true;
    while (isStale) {
      isStale = false;
      const takesStatus = wantsStatus || hasEnded;
      wantsStatus = false;
      let pause = 1000;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (takesStatus) replace(next, "run-status");
        replace(next, "run-figures");
        replace(next, "run-samples");
      } catch {
        // The server is away; what was to be shown is shown once it is back.
        isStale = true;
        wantsStatus ||= takesStatus;
        pause = 5000;
      }
      await new Promise((done) => setTimeout(done, pause));
    }
    isFetching = false;
  };

  const onStatus = (event) => {
    const state = JSON.parse(event.data);
    hasEnded = ["succeeded", "failed", "stopped"].includes(state.state);
    if (hasEnded) source.close();
    const shown = `${state.state} ${state.is_stopping} ${state.attempt} ${state.message}`;
    const isFirst = stateShown === "";
    stateShown = shown;
    if (!isFirst || hasEnded) refresh(true);
  };

  const connect = () => {
    source = new EventSource(status.dataset.events);
    source.addEventListener("metrics", () => refresh(false));
    source.addEventListener("status", onStatus);
    source.addEventListener("error", () => {
      // An answer that is no stream, such as a proxy's while the server starts again, ends it for good.
      if (source.readyState === EventSource.CLOSED && !hasEnded && !hasLeft) setTimeout(connect, 5000);
    });
  };
  connect();
  window.addEventListener("pagehide", () => {
    hasLeft = true;
    source.close();
  });
  // The browser may show the page again as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || hasEnded) return;
    hasLeft = false;
    connect();
  });
}

/** Lets a file of prompts be chosen and sent as the body of a PUT, which the plain form can't do. */
function offerFile(form) {
  const field = document.getElementById("file-field");
  const file = document.getElementById("file");
  const outcome = document.getElementById("import-outcome");
  const button = form.querySelector('button[type="submit"]');
  field.hidden = false;
  form.addEventListener("submit", async (event) => {
    const chosen = file.files[0];
    if (chosen === undefined) return;
    event.preventDefault();
    const query = new URLSearchParams({
      use: form.elements.use.value, format: form.elements.format.value, name: chosen.name,
      about_safety: String(form.elements.about_safety.checked),
    });
    button.disabled = true;
    outcome.className = "";
    outcome.textContent = `Sending ${chosen.name}…`;
    try {
      const answer = await fetch(`${form.dataset.filePath}?${query}`, {
        method: "PUT", body: chosen, headers: { "x-csrf-token": csrf, Accept: "application/json" },
      });
      const body = await answer.json();
      if (answer.ok) {
        outcome.textContent = body.sentence;
        file.value = "";
        setTimeout(() => location.assign(form.action), 1500);
      } else {
        outcome.className = "problem";
        outcome.textContent = body.error.message;
      }
    } catch {
      outcome.className = "problem";
      outcome.textContent = "The file did not reach the server, so nothing was imported. Try again.";
    }
    button.disabled = false;
  });
}

/** The whole address of a link, as this browser sees the server; and a button that copies it, where that is allowed. */
function offerCopy(button) {
  const secret = document.getElementById(button.dataset.copy);
  if (secret.value.startsWith("/")) secret.value = location.origin + secret.value;
  if (navigator.clipboard === undefined) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    secret.select();
    await navigator.clipboard.writeText(secret.value);
    document.getElementById("copied").textContent = "Copied.";
  });
}

const live = document.querySelector("#run-status[data-events]");
if (live !== null) watchRun(live);
const importForm = document.getElementById("import");
if (importForm !== null) offerFile(importForm);
const copy = document.getElementById("copy");
if (copy !== null) offerCopy(copy);
