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

/** Whether what `refreshToken` found needs a person to sign in. */
export const isSignedOut = (found) => found === signIn.ended || found === signIn.another;

/**
 * Sends by `send()`, and once more where it is refused but another sign-in of the same person holds: 401 says that none
 * holds, 403 perhaps that another does than the one that made this page. Returns `{ response, found }`.
 */
export async function sendSignedIn(send) {
  const response = await send();
  if (response.status !== 401 && response.status !== 403) return { response, found: signIn.holds };
  const found = await refreshToken();
  return { response: found === signIn.holds ? await send() : response, found };
}

/** The token that forms carry now. */
export function token() {
  return document.querySelector('meta[name="csrf"]').content;
}
