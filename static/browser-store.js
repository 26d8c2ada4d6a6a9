// What this browser keeps for a person across reloads, under keys with the person's id, so that two people at one
// browser never see each other's. A full or forbidden storage keeps things for this page only.

const fallback = new Map();

export const person = () => document.querySelector('meta[name="person"]')?.content ?? "";

/** - Returns: what was kept, or null. */
export function read(key) {
  try {
    const text = localStorage.getItem(key);
    if (text !== null) return JSON.parse(text);
  } catch {
    // Forbidden, or not ours.
  }
  return fallback.get(key) ?? null;
}

/** Returns whether it outlives this page. */
export function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    fallback.delete(key);
    return true;
  } catch {
    fallback.set(key, value);
    return false;
  }
}

export function remove(key) {
  fallback.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Forbidden: then nothing is there.
  }
}

const keptFor = 30 * 86_400_000;

/** Forgets what nobody came back to for a month of what was kept with the time `at`, under keys that begin so. */
export function forgetOld(prefix) {
  for (const key of keys(prefix)) if (!(read(key)?.at > Date.now() - keptFor)) remove(key);
}

/** Every key that begins so. */
export function keys(prefix) {
  const found = [...fallback.keys()];
  try {
    found.push(...Object.keys(localStorage));
  } catch {
    // Forbidden.
  }
  return [...new Set(found)].filter((key) => key.startsWith(prefix));
}
