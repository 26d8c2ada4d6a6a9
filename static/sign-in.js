// A page that stays open longer than its person's sign-in: its forms carry a token of the sign-in that made the page, and
// after a new one, in another tab, they need that one's.

/** What `refreshToken` found; `another`: a person whose work this page is not. */
export const signIn = Object.freeze({ holds: "holds", ended: "ended", another: "another", unknown: "unknown" });

/** Puts the token of the sign-in that holds now into every form of the page. Returns one of `signIn`. */
export async function refreshToken() {
  const meta = document.querySelector('meta[name="csrf"]');
  let answer;
  try {
    answer = await fetch(meta.dataset.fresh, { headers: { accept: "application/json" }, credentials: "same-origin" });
    if (answer.status === 401) return signIn.ended;
    if (!answer.ok) return signIn.unknown;
    const { csrf, person } = await answer.json();
    if (person !== document.querySelector('meta[name="person"]').content) return signIn.another;
    meta.content = csrf;
    for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = csrf;
    return signIn.holds;
  } catch {
    return signIn.unknown;
  }
}

/** The token that forms carry now. */
export function token() {
  return document.querySelector('meta[name="csrf"]').content;
}
