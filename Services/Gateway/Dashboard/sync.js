/** Keeps the store true: loads it, follows the stream, and asks again for what is not streamed. */

import { APIError, call, isCancellation, messageOf } from "./api.js";
import { rowOfMeasurement, rowsOfBatch } from "./rows.js";
import { onToken, renew } from "./session.js";
import { changed, clear, now, state, takeRows } from "./store.js";
import { MeasurementStream } from "./stream.js";

/**
 * @typedef {import("./store.js").Topic} Topic
 * @typedef {import("./types.js").Measurement} Measurement
 */

const summaryMilliseconds = 10_000;
const incidentsMilliseconds = 5_000;
const targetsMilliseconds = 15_000;
const agentsMilliseconds = 10_000;
/** Rows to begin the sparklines with. */
const historyRows = 2_000;
const historyMilliseconds = 5 * 60_000;

/** @type {ReturnType<typeof setInterval>[]} */
let timers = [];

const stream = new MeasurementStream({
  onEvent: ({ batch }) => {
    const rows = rowsOfBatch(batch);
    takeRows(rows, true);
    if (rows.some((row) => !state.targets?.has(row.targetID))) lookForNewTargets();
  },
  onGap: () => void loadHistory(),
  onState: (streamState) => {
    state.stream = streamState;
    changed("stream");
  },
  onRefused: () => void renew().catch(() => undefined),
});

onToken((token) => {
  if (!token) return;
  stream.authenticate(token);
  // Who was given another role gets another token at once.
  if (timers.length > 0) void askPerson();
});

export function start() {
  timers = [
    every(summaryMilliseconds, loadSummary),
    every(incidentsMilliseconds, loadIncidents),
    every(targetsMilliseconds, loadTargets),
    every(agentsMilliseconds, loadAgents),
    every(agentsMilliseconds, loadPerson),
    setInterval(() => changed("clock"), 1_000),
  ];
  void Promise.all([loadPerson(), loadTargets(), loadHistory(), loadSummary(), loadIncidents(), loadAgents()]);
}

/** For another team: everything that is on this page is of the one before. */
export function beginAnew() {
  stop();
  history.replaceState(null, "", "#/");
  location.reload();
}

export async function loadPerson() {
  if (!state.person) await askPerson();
}

function askPerson() {
  return keep("person", async () => {
    /** @type {[import("./types.js").Person, {tenants: import("./types.js").Membership[]}]} */
    const [person, { tenants }] = await Promise.all([call("GET", "/auth/me"), call("GET", "/auth/tenants")]);
    // Whoever asked has signed out meanwhile.
    if (timers.length === 0) return;
    if (state.person && state.person.tenant !== person.tenant) return beginAnew();
    state.person = person;
    state.memberships = tenants;
  });
}

export function stop() {
  timers.forEach(clearInterval);
  timers = [];
  stream.stop();
  clear();
}

/**
 * Asks at once when the page is looked at, and not at all while it is hidden.
 *
 * @param {number} milliseconds
 * @param {() => Promise<void>} load
 */
function every(milliseconds, load) {
  return setInterval(() => document.hidden || void load(), milliseconds);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && timers.length > 0) void Promise.all([loadTargets(), loadSummary(), loadIncidents()]);
});

/**
 * Runs a load, and keeps in the store why it failed.
 *
 * @param {Topic} topic
 * @param {() => Promise<void>} load
 */
async function keep(topic, load) {
  try {
    await load();
    delete state.errors[topic];
  } catch (error) {
    if (isCancellation(error) || (error instanceof APIError && error.status === 401)) return;
    state.errors[topic] = messageOf(error);
  }
  changed(topic);
}

export function loadTargets() {
  return keep("targets", async () => {
    const [targets, { checks }] = await Promise.all([allTargets(), call("GET", "/checks")]);
    state.targets = new Map(targets.map((target) => [target.id, target]));
    state.checks = byTarget(checks);
  });
}

/** @returns {Promise<import("./types.js").Target[]>} */
async function allTargets() {
  const all = [];
  /** @type {string | undefined} */
  let cursor;
  do {
    /** @type {{targets: import("./types.js").Target[], next_cursor?: string}} */
    const page = await call("GET", "/targets", { query: { limit: 1_000, cursor } });
    all.push(...page.targets);
    cursor = page.next_cursor;
  } while (cursor);
  return all;
}

/** @param {import("./types.js").Check[]} checks */
function byTarget(checks) {
  /** @type {Map<string, import("./types.js").Check[]>} */
  const map = new Map();
  for (const check of checks.sort((a, b) => (a.created_at + a.id < b.created_at + b.id ? -1 : 1))) {
    map.set(check.target_id, [...(map.get(check.target_id) ?? []), check]);
  }
  return map;
}

let looking = false;
function lookForNewTargets() {
  if (looking) return;
  looking = true;
  setTimeout(() => void loadTargets().finally(() => (looking = false)), 500);
}

function loadHistory() {
  return keep("measurements", async () => {
    const from = new Date(now() - historyMilliseconds).toISOString();
    /** @type {{measurements: Measurement[]}[]} */
    const [latest, recent] = await Promise.all([
      call("GET", "/measurements/latest"),
      call("GET", "/measurements", { query: { from, limit: historyRows } }),
    ]);
    takeRows(recent.measurements.reverse().map(rowOfMeasurement), false);
    takeRows(latest.measurements.map(rowOfMeasurement), false);
  });
}

export function loadSummary() {
  return keep("summary", async () => {
    /** @type {import("./types.js").SummaryReport} */
    const report = await call("GET", "/summary");
    state.overall = report.overall;
    state.summaries = new Map(report.targets.map(({ target_id, summary }) => [target_id, summary]));
    state.clockOffset = Date.parse(report.to) - Date.now();
  });
}

export function loadIncidents() {
  return keep("incidents", async () => {
    const { incidents } = await call("GET", "/incidents", { query: { state: "firing", limit: 1_000 } });
    state.firing = incidents;
  });
}

export function loadAgents() {
  return keep("agents", async () => {
    state.agents = (await call("GET", "/agents")).agents;
  });
}
