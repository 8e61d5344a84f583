import { mayEdit } from "../actions.js";
import { messageOf } from "../api.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { icon } from "../components/icons.js";
import { menuButton } from "../components/menu.js";
import { emptyState, errorState, loadingRows } from "../components/notices.js";
import { openSessionDialog } from "../components/session-dialog.js";
import { table } from "../components/table.js";
import { targetLinks } from "../components/target-links.js";
import { downloadSession, listSessions, removeSession } from "../sessions.js";
import { now, state, subscribe } from "../store.js";
import { showNext } from "../time-range.js";

/** @typedef {import("../types.js").NamedSession} NamedSession */

const hour = 3_600_000;

/** @returns {import("../main.js").View} */
export function sessionsView() {
  /** @type {NamedSession[]} */
  let sessions = [];
  /** @type {string | undefined} */
  let next;
  let loading = new AbortController();
  const body = h("div");
  const more = h("button", { class: "button", type: "button", onclick: () => void load(true) }, "Show older");
  const reload = () => void load(false);
  const create = () => openSessionDialog({ from: now() - hour, to: now() }, reload);

  /** @param {boolean} older */
  async function load(older) {
    loading.abort();
    const { signal } = (loading = new AbortController());
    if (sessions.length === 0) replace(body, loadingRows(4));
    try {
      const page = await listSessions(older ? next : undefined, signal);
      sessions = older ? [...sessions, ...page.sessions] : page.sessions;
      next = page.next_cursor;
    } catch (error) {
      if (!signal.aborted) replace(body, errorState("Sessions could not be loaded", messageOf(error), reload));
      return;
    }
    if (signal.aborted) return;
    const hint = "Keep a span of time under a name, here or beside a target's timeline, and come back to it.";
    if (sessions.length === 0) replace(body, emptyState("sessions", "No sessions yet", hint));
    else replace(body, sessionTable(sessions, reload), next && h("div", { class: "table-more" }, more));
  }

  const button = h("button", { class: "button primary", type: "button", onclick: create }, icon("plus"), "New session");
  const head = h(
    "header",
    { class: "page-head" },
    h("div", {}, h("h1", {}, "Sessions"), h("p", { class: "faint" }, "Spans of time worth coming back to")),
    button,
  );
  const showButton = () => (button.hidden = !mayEdit());
  showButton();
  const end = subscribe(["person"], showButton);
  return {
    title: "Sessions",
    element: h("div", {}, head, h("section", { class: "panel", "aria-label": "Sessions" }, body)),
    shown: reload,
    dispose: () => {
      loading.abort();
      end();
    },
  };
}

/**
 * @param {NamedSession[]} sessions
 * @param {() => void} changed
 */
function sessionTable(sessions, changed) {
  const rows = sessions.map((session) => sessionRow(session, changed));
  return table("sessions", "Sessions", ["Session", "Look at", "#Time", "#Lasted", ""], rows);
}

/**
 * @param {NamedSession} session
 * @param {() => void} changed
 */
function sessionRow(session, changed) {
  const from = Date.parse(session.from);
  const to = session.to ? Date.parse(session.to) : now();
  const targets = session.target_ids.length > 0 ? session.target_ids : [...(state.targets?.keys() ?? [])];
  const note = session.note ? `${session.note} · ${session.created_by}` : session.created_by;
  return h(
    "tr",
    { "data-session-id": session.id },
    h(
      "th",
      { scope: "row", class: "target" },
      h("span", { class: "target-name" }, session.name),
      h("span", { class: "faint" }, note),
    ),
    h("td", { class: "labels" }, ...targetLinks(targets, () => showNext(from, to))),
    h("td", { class: "number", "data-label": "Time" }, h("time", { datetime: session.from }, format.dateAndTime(from))),
    h("td", { class: "number", "data-label": "Lasted" }, session.to ? format.duration(to - from) : "goes on"),
    h("td", {}, menuButton(`What to do with ${session.name}`, () => items(session, changed))),
  );
}

/**
 * @param {NamedSession} session
 * @param {() => void} changed
 * @returns {import("../components/menu.js").MenuItem[]}
 */
function items(session, changed) {
  /** @type {import("../components/menu.js").MenuItem[]} */
  const all = [
    { label: "Download as CSV", symbol: "download", run: () => void downloadSession(session, "csv") },
    { label: "Download as JSON lines", symbol: "download", run: () => void downloadSession(session, "jsonl") },
  ];
  if (mayEdit()) {
    all.push({ label: "Remove", symbol: "trash", dangerous: true, run: () => removeSession(session, changed) });
  }
  return all;
}
