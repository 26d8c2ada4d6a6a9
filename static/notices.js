// What the page says beside the task: to people who listen to it, and to those who read.

/** Says something to people who listen to the page. */
export function announce(text) {
  const place = document.querySelector("[data-announce]");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

/** What each notice says now. */
const shown = new WeakMap();

/**
 * Shows a message above the task, in the place of an earlier one of the same name.
 *
 * `actions` are buttons and links behind the text: `{ label, act }` or `{ label, href }`. What stays when another task
 * takes the page's place `lasts`.
 */
export function showNotice(text, { kind = "warn", name = "task", actions = [], lasts = false } = {}) {
  let notice = document.querySelector(`[data-notice="${name}"]`);
  if (!notice) {
    notice = document.createElement("div");
    notice.dataset.notice = name;
    notice.setAttribute("role", "alert");
    const main = document.querySelector("main");
    if (lasts) main.before(notice);
    else main.prepend(notice);
  }
  // Said again and again while a connection is away: the same is not read out anew, and its buttons keep the focus.
  const said = JSON.stringify([text, kind, actions.map(({ label, href }) => [label, href ?? null])]);
  if (shown.get(notice) === said) return;
  shown.set(notice, said);
  notice.className = `notice ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  notice.replaceChildren(words);
  for (const { label, act, href } of actions) {
    const control = document.createElement(href ? "a" : "button");
    control.textContent = label;
    if (href) control.href = href;
    else {
      control.type = "button";
      control.addEventListener("click", act);
    }
    notice.append(" ", control);
  }
}

export function removeNotice(name = "task") {
  document.querySelector(`[data-notice="${name}"]`)?.remove();
}

/** A link to the sign-in that leads back to this page. */
export function signInAgain() {
  return { label: "Sign in again", href: `/sign-in?next=${encodeURIComponent(location.pathname)}` };
}
