// Keys of a task page: one table from key names to actions, a switch for single-character keys, and the sheet of keys.

const storageKey = "plumb.single-keys";
/** What takes keys as text. */
export const textField =
  'input:not([type="checkbox"]):not([type="radio"]):not([type="submit"]):not([type="button"]), textarea, select, [contenteditable="true"]';

/** Whether keys without Ctrl or Alt act; people who steer by voice or type by accident turn them off. */
export function singleKeysAreOn() {
  try {
    return localStorage.getItem(storageKey) !== "off";
  } catch {
    return true;
  }
}

function setSingleKeys(on) {
  try {
    localStorage.setItem(storageKey, on ? "on" : "off");
  } catch {
    // Without storage the switch holds for this page only.
  }
}

/** The name of a pressed key as the tables write it: "j", "Shift+U", "Shift+1", "Alt+ArrowUp", "Ctrl+Enter", "?". */
export function keyName(event) {
  // A keyboard of another script types no Latin letters; there the place of the key says which one is meant.
  const isOtherScript = event.key.length === 1 && /[\p{L}\p{M}]/u.test(event.key) && !/\p{Script=Latin}/u.test(event.key);
  const typed = isOtherScript && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : event.key;
  const isLetter = /^[a-z]$/i.test(typed);
  // On some keyboards (AZERTY) it takes Shift to type a digit; then the digit is what was meant.
  const isShiftedDigit = event.shiftKey && /^Digit[0-9]$/.test(event.code) && !/^[0-9]$/.test(event.key);
  const key = isShiftedDigit ? event.code.slice(5) : isLetter ? typed.toUpperCase() : typed;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (isLetter || isShiftedDigit || key.length > 1)) parts.push("Shift");
  return parts.length === 0 && isLetter ? key.toLowerCase() : [...parts, key].join("+");
}

/** The digit on the key where it takes Shift to type it, but none is held: "&" on AZERTY is the key of 1. */
function unshiftedDigit(event) {
  return !event.shiftKey && /^Digit[0-9]$/.test(event.code) ? event.code.slice(5) : null;
}

/** Whether a key needs the switch: one character, and neither Ctrl, Alt nor Meta held. */
function isSingle(event) {
  return event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
}

/**
 * Calls `actions[name](event)` for each key that has one; an action that returns false leaves the key to the browser.
 * Nothing acts inside text fields, while a dialog is open, or while an input method composes. The keys act until `left`
 * ends.
 */
export function listen(actions, left) {
  let single = singleKeysAreOn();
  const sheet = document.querySelector("[data-keys]");
  const openers = document.querySelectorAll("[data-open-keys]");
  const toggle = sheet?.querySelector("[data-single-keys]");
  if (toggle) {
    toggle.checked = single;
    toggle.addEventListener("change", () => {
      single = toggle.checked;
      setSingleKeys(single);
      document.dispatchEvent(new CustomEvent("plumb:single-keys", { detail: single }));
    });
  }
  const openSheet = () => sheet?.showModal();
  for (const opener of openers) {
    opener.hidden = false;
    opener.addEventListener("click", openSheet);
  }
  const table = { "?": openSheet, ...actions };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    // A window over the page has the keys to itself, but for the one in which responses are compared and ranked.
    if (document.querySelector("dialog[open]:not([data-compare])")) return;
    if (event.target instanceof Element && event.target.closest(textField)) return;
    // So has the form that skips a task.
    if (event.target instanceof Element && event.target.closest("[data-skip][open]")) return;
    if (isSingle(event) && !single) return;
    const hasModifier = event.ctrlKey || event.altKey || event.metaKey;
    // The character itself counts too: on some keyboards "=" needs Shift. A named key with Shift is another: it selects text.
    const isNamed = event.key.length > 1;
    const plain = hasModifier || (isNamed && event.shiftKey) || /^[a-z]$/i.test(event.key)
      ? undefined : table[event.key];
    const action = table[keyName(event)] ?? plain ?? (hasModifier ? undefined : table[unshiftedDigit(event)]);
    if (!action) return;
    if (action(event) !== false) event.preventDefault();
  }, { signal: left });
}
