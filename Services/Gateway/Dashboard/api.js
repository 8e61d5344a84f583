/** The only place that calls `fetch`: REST under `/api/v1`, errors as RFC 9457 problem details. */

const base = "/api/v1";
const timeoutMilliseconds = 15_000;

/** What went wrong with a call, in words for a reader. */
export class APIError extends Error {
  /**
   * @param {number} status The HTTP status; 0 when no answer came.
   * @param {string} title
   * @param {string} [detail]
   * @param {string} [field] Which was refused, such as `checks[0].options.packets`; the detail begins with it.
   */
  constructor(status, title, detail, field) {
    super(detail || title);
    this.name = "APIError";
    this.status = status;
    this.title = title;
    this.field = field;
  }
}

/**
 * Where access tokens come from; `renew` is asked once when the server refuses one.
 *
 * @typedef {object} TokenSource
 * @property {() => Promise<string>} current
 * @property {(refused: string) => Promise<string>} renew
 */

/** @type {TokenSource | null} */
let tokens = null;

/** @param {TokenSource} source */
export function authorizeWith(source) {
  tokens = source;
}

/**
 * @typedef {Record<string, string | number | undefined>} Query
 * @typedef {object} Options
 * @property {Query} [query]
 * @property {unknown} [body]
 * @property {AbortSignal} [signal]
 */

/**
 * Calls as whoever is signed in.
 *
 * @template T
 * @param {"GET" | "POST" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<T>}
 */
export async function call(method, path, options = {}) {
  if (!tokens) throw new APIError(401, "Not signed in");
  const token = await tokens.current();
  const response = await send(method, path, options, token);
  if (response.status !== 401) return read(response);
  return read(await send(method, path, options, await tokens.renew(token)));
}

/**
 * A file that the server streams, and its name.
 *
 * @param {string} path
 * @param {Query} query
 * @returns {Promise<{ file: Blob, name: string }>}
 */
export async function fetchFile(path, query) {
  if (!tokens) throw new APIError(401, "Not signed in");
  const token = await tokens.current();
  let response = await send("GET", path, { query }, token);
  if (response.status === 401) response = await send("GET", path, { query }, await tokens.renew(token));
  if (!response.ok) return read(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "export";
  return { file: await response.blob(), name };
}

/**
 * Asks as nobody.
 *
 * @template T
 * @param {string} path
 * @returns {Promise<T>}
 */
export async function fetchAnonymously(path) {
  return read(await send("GET", path, {}));
}

/**
 * Calls as nobody: signing in, renewing, signing out.
 *
 * @template T
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<T>}
 */
export async function callAnonymously(path, body) {
  return read(await send("POST", path, { body }));
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Options} options
 * @param {string} [token]
 */
async function send(method, path, { query, body, signal }, token) {
  const url = new URL(base + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = new Headers({ accept: "application/json" });
  if (token) headers.set("authorization", `Bearer ${token}`);
  if (body !== undefined) headers.set("content-type", "application/json");
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMilliseconds);
  const cancel = () => abort.abort();
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted) cancel();
  try {
    return await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: abort.signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (abort.signal.aborted) throw new APIError(0, "No answer", "Sonde did not answer in time.");
    throw new APIError(0, "Not reachable", "Sonde cannot be reached. Is it running?");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

/**
 * @template T
 * @param {Response} response
 * @returns {Promise<T>}
 */
async function read(response) {
  const text = await response.text();
  /** @type {any} */
  let document = {};
  try {
    if (text) document = JSON.parse(text);
  } catch {
    throw new APIError(response.status, "Unreadable answer", `The server answered ${response.status} with no JSON.`);
  }
  if (response.ok) return document;
  throw new APIError(response.status, document.title || `Error ${response.status}`, document.detail, document.field);
}

/**
 * Whether an error only says that its caller lost interest.
 *
 * @param {unknown} error
 */
export function isCancellation(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/**
 * What to show of any error.
 *
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
