/** What the page knows. Views read `state`, and are told by topic, at most once a frame, when it has changed. */

/**
 * @typedef {import("./types.js").Row} Row
 * @typedef {"targets" | "measurements" | "summary" | "incidents" | "agents" | "stream" | "person" | "clock"} Topic
 *
 * @typedef {object} Point One sample, as a sparkline needs it.
 * @property {number} time
 * @property {number | null} latency
 * @property {boolean} failed
 */

/** Samples kept for each check and agent. */
const recentLimit = 120;
const rowsMilliseconds = 250;

export const state = {
  /** @type {import("./types.js").Person | null} */
  person: null,
  /** @type {import("./types.js").Membership[]} The teams that they belong to. */
  memberships: [],
  /** @type {Map<string, import("./types.js").Target> | null} Null until loaded. */
  targets: null,
  /** @type {Map<string, import("./types.js").Check[]>} By target, oldest first. */
  checks: new Map(),
  /** @type {Map<string, Map<string, Row>>} The newest row by target, and within it by check and agent. */
  latest: new Map(),
  /** @type {Map<string, Point[]>} By check and agent, oldest first. */
  recent: new Map(),
  /** @type {import("./types.js").Summary | null} */
  overall: null,
  /** @type {Map<string, import("./types.js").Summary>} By target. */
  summaries: new Map(),
  /** @type {import("./types.js").Incident[] | null} The ones that fire now. */
  firing: null,
  /** @type {import("./types.js").Agent[] | null} */
  agents: null,
  /** @type {import("./stream.js").StreamState} */
  stream: "stopped",
  /** @type {Partial<Record<Topic, string>>} Why the last load of a topic failed. */
  errors: {},
  /** How far the server's clock is ahead of this one, in milliseconds. */
  clockOffset: 0,
};

/** @type {Map<Topic, Set<() => void>>} */
const listeners = new Map();
/** @type {Set<(rows: Row[]) => void>} */
const rowListeners = new Set();
/** @type {Set<Topic>} */
let pending = new Set();

/** The time by the server's clock, in milliseconds since 1970. */
export function now() {
  return Date.now() + state.clockOffset;
}

/**
 * @param {Topic[]} topics
 * @param {() => void} listener
 * @returns {() => void} Ends the subscription.
 */
export function subscribe(topics, listener) {
  for (const topic of topics) {
    const set = listeners.get(topic) ?? new Set();
    listeners.set(topic, set.add(listener));
  }
  return () => topics.forEach((topic) => listeners.get(topic)?.delete(listener));
}

/**
 * Every live row, as it comes.
 *
 * @param {(rows: Row[]) => void} listener
 */
export function onRows(listener) {
  rowListeners.add(listener);
  return () => void rowListeners.delete(listener);
}

/** @param {...Topic} topics */
export function changed(...topics) {
  if (pending.size === 0) requestAnimationFrame(flush);
  for (const topic of topics) pending.add(topic);
}

let rowsAreDue = false;

/** Rows come many a second: they are told of together, a few times a second. */
function rowsChanged() {
  if (rowsAreDue) return;
  rowsAreDue = true;
  setTimeout(() => {
    rowsAreDue = false;
    changed("measurements");
  }, rowsMilliseconds);
}

function flush() {
  const topics = pending;
  pending = new Set();
  /** @type {Set<() => void>} */
  const due = new Set();
  for (const topic of topics) listeners.get(topic)?.forEach((listener) => due.add(listener));
  for (const listener of due) listener();
}

/** @param {Row} row */
export function pairOf(row) {
  return `${row.checkID}/${row.type}/${row.agentID}/${row.endpoint}`;
}

/**
 * Rows that are newer than what is known.
 *
 * @param {Row[]} rows Oldest first.
 * @param {boolean} live
 */
export function takeRows(rows, live) {
  for (const row of rows) {
    const pair = pairOf(row);
    const latest = state.latest.get(row.targetID) ?? new Map();
    state.latest.set(row.targetID, latest);
    if ((latest.get(pair)?.time ?? 0) <= row.time) latest.set(pair, row);
    insert(state.recent.get(pair) ?? [], pair, row);
  }
  if (live) rowListeners.forEach((listener) => listener(rows));
  rowsChanged();
}

/**
 * @param {Point[]} points
 * @param {string} pair
 * @param {Row} row
 */
function insert(points, pair, row) {
  state.recent.set(pair, points);
  let index = points.length;
  while (index > 0 && points[index - 1].time > row.time) index -= 1;
  if (points[index - 1]?.time === row.time) return;
  points.splice(index, 0, { time: row.time, latency: row.latency, failed: row.status !== "success" });
  if (points.length > recentLimit) points.shift();
}

/** Forgets everything, as when somebody signs out. */
export function clear() {
  state.person = state.targets = state.overall = state.firing = state.agents = null;
  for (const map of [state.checks, state.latest, state.recent, state.summaries]) map.clear();
  state.memberships = [];
  state.errors = {};
}
