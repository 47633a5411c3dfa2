// Owns every request to the REST API and what its errors mean to the page; hides fetch, headers and problem+json.

const PREFIX = "/api/v2";
let csrfToken = null;

/** What the API answered when it did not do what was asked; status 0 when it did not answer at all. */
export class ApiError extends Error {
  constructor({ status, title, detail, errors = [], retryAfterS = null, offset = null }) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    /** @type {{field: string, message: string}[]} */
    this.errors = errors;
    this.retryAfterS = retryAfterS;
    /** @type {number|null} where an upload goes on */
    this.offset = offset;
  }
}

/** The token that every changing request must carry; null after a logout. */
export function setCsrfToken(token) {
  csrfToken = token;
}

/** An address under the API, with its query; an array repeats its name. */
export function address(path, query = {}) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") pairs.append(name, each);
    }
  }
  const text = pairs.toString();
  return PREFIX + path + (text ? `?${text}` : "");
}

/** Headers of a changing request. */
export function changingHeaders() {
  return csrfToken ? { "X-CSRF-Token": csrfToken } : {};
}

/**
 * @param {string} method
 * @param {string} path below /api/v2
 * @param {{query?: object, json?: any, etag?: string|null, key?: string|null, signal?: AbortSignal,
 *   headers?: object, quiet?: boolean}} [options]
 *   `etag` becomes If-Match, `key` becomes Idempotency-Key; `quiet` keeps a 401 from leading to the login
 * @returns {Promise<{status: number, data: any}>}
 */
export async function call(method, path, { query, json, etag, key, signal, headers: more, quiet } = {}) {
  const headers = { Accept: "application/json", ...more };
  if (method !== "GET") Object.assign(headers, changingHeaders());
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    const body = json === undefined ? undefined : JSON.stringify(json);
    answer = await fetch(address(path, query), { method, headers, body, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ status: 0, title: "No answer", detail: "The studio does not answer. Is the connection up?" });
  }
  const data = await read(answer);
  if (answer.ok) return { status: answer.status, data };
  throw refused(answer.status, data, answer.headers.get("Retry-After"), quiet);
}

async function read(answer) {
  if (answer.status === 204 || !(answer.headers.get("Content-Type") ?? "").includes("json")) return null;
  return answer.json().catch((error) => {
    if (isAbort(error)) throw error;
    return null;
  });
}

/** The error of an answer; a 401 is told to the whole page. */
export function refused(status, problem, retryAfter, quiet = false) {
  if (status === 401 && !quiet) window.dispatchEvent(new Event("studio:signed-out"));
  return new ApiError({
    status,
    title: problem?.title ?? `Error ${status}`,
    detail: typeof problem?.detail === "string" ? problem.detail : (problem?.title ?? `The studio answered ${status}.`),
    errors: Array.isArray(problem?.errors) ? problem.errors : [],
    retryAfterS: Number(retryAfter) || null,
    offset: problem?.offset ?? null,
  });
}

export const get = async (path, options) => (await call("GET", path, options)).data;
export const post = async (path, options) => (await call("POST", path, options)).data;
export const remove = async (path, options) => (await call("DELETE", path, options)).data;

/**
 * Idempotency-Keys of one form: the same key for the same content, so that sending it again after a lost answer does
 * not order twice, and a new one for other content.
 * @returns {(content: any) => string}
 */
export function keyFor() {
  let [last, key] = [null, null];
  return (content) => {
    const text = JSON.stringify(content);
    if (text !== last) [last, key] = [text, newKey()];
    return key;
  };
}

/** A new Idempotency-Key. `crypto.randomUUID` is missing where the page is not on https or localhost. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether an error only says that the room was left. */
export const isAbort = (error) => error?.name === "AbortError";
