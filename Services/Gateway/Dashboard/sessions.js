/** Spans of time with a name: what people do with them. */

import { call, fetchFile, messageOf } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./components/dialog.js";
import { toast } from "./components/toast.js";

/**
 * @typedef {import("./types.js").NamedSession} NamedSession
 * @typedef {import("./types.js").NamedSessionPage} NamedSessionPage
 *
 * @typedef {object} NewSession
 * @property {string} name
 * @property {string} from
 * @property {string} [to]
 * @property {string} note
 * @property {string[]} target_ids
 */

/**
 * @param {string | undefined} cursor
 * @param {AbortSignal} signal
 * @returns {Promise<NamedSessionPage>}
 */
export function listSessions(cursor, signal) {
  return call("GET", "/sessions", { query: { cursor }, signal });
}

/**
 * @param {NewSession} session
 * @returns {Promise<NamedSession>}
 */
export async function addSession(session) {
  const added = await call("POST", "/sessions", { body: session });
  toast(`${added.name} is kept as a session`);
  return added;
}

/**
 * Asks first.
 *
 * @param {NamedSession} session
 * @param {() => void} removed
 */
export function removeSession(session, removed) {
  openForm({
    title: `Remove ${session.name}?`,
    action: "Remove session",
    dangerous: true,
    children: [h("p", { class: "soft" }, "It is removed for everyone. Its measurements stay.")],
    submit: async () => {
      await call("DELETE", `/sessions/${session.id}`);
      toast(`${session.name} was removed`);
      removed();
    },
  });
}

/**
 * @param {NamedSession} session
 * @param {"csv" | "jsonl"} format
 */
export async function downloadSession(session, format) {
  try {
    const { file, name } = await fetchFile("/measurements/export", { session_id: session.id, format });
    const url = URL.createObjectURL(file);
    h("a", { href: url, download: name }).click();
    // Not before the browser has begun to save it.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    toast(messageOf(error), "failed");
  }
}
