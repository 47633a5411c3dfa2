// Owns who is signed in and what they may do; hides the session's endpoint and the ladder of scopes.
import { call, setCsrfToken } from "./http.js";

const LADDER = ["read", "edit", "spend", "admin"];

/** @type {{user: {name: string, scope: string}|null}} */
export const session = { user: null };

function begin({ user, csrf_token }) {
  session.user = user;
  setCsrfToken(csrf_token);
}

/** Take up the session of the cookie; false when there is none. */
export async function restore() {
  try {
    begin((await call("GET", "/session", { quiet: true })).data);
    return true;
  } catch (error) {
    if (error.status === 401) return false;
    throw error;
  }
}

/** Raises ApiError: 401 for a wrong name or password, 429 after too many tries. */
export async function signIn(name, password) {
  begin((await call("POST", "/session", { json: { name, password }, quiet: true })).data);
}

/** End the session here and on the server. */
export async function signOut() {
  await call("DELETE", "/session", { quiet: true }).catch((error) => {
    if (error.status !== 401) throw error;
  });
  forget();
}

/** Forget the session here; the server has ended it. */
export function forget() {
  session.user = null;
  setCsrfToken(null);
}

/** @param {"read"|"edit"|"spend"|"admin"} scope */
export function may(scope) {
  return session.user !== null && LADDER.indexOf(session.user.scope) >= LADDER.indexOf(scope);
}
