/** The traces of a target: the checks of type `trace`, and those made when other checks began to fail. */

import { call } from "./api.js";
import { rowsBetween } from "./measurements.js";
import { now } from "./store.js";

/** @typedef {import("./types.js").Row} Row */

const reachBack = 24 * 3_600_000;
const steps = 1_440;
const wantedTraces = 30;
const mostRequests = 8;

/**
 * The traces of the last day that are worth looking through, newest first.
 *
 * The timeline tells when there were any, so that nothing else has to be read.
 *
 * @param {string} targetID
 * @param {AbortSignal} signal
 * @returns {Promise<Row[]>}
 */
export async function recentTraces(targetID, signal) {
  const to = now() + 1_000;
  const query = { from: new Date(to - reachBack).toISOString(), to: new Date(to).toISOString(), points: steps };
  /** @type {import("./types.js").Timeline} */
  const timeline = await call("GET", `/targets/${targetID}/timeline`, { query, signal });
  const pages = await Promise.all(
    spansWithTraces(timeline).map(({ checkID, from, to }) => rowsBetween(checkID, from, to, undefined, signal)),
  );
  const traces = new Map(pages.flat().flatMap((row) => (row.type === "trace" ? [[row.id, row]] : [])));
  return [...traces.values()].sort((a, b) => b.time - a.time);
}

/**
 * The newest steps in which each check has traces; steps that follow each other are one span.
 *
 * @param {import("./types.js").Timeline} timeline
 */
function spansWithTraces({ from, step_ms: step, series }) {
  /** @type {Map<string, Map<number, number>>} */
  const counts = new Map();
  for (const { check_id: checkID, type, count } of series) {
    if (type !== "trace") continue;
    const ofCheck = counts.get(checkID) ?? new Map();
    counts.set(checkID, ofCheck);
    count.forEach((traces, index) => traces > 0 && ofCheck.set(index, (ofCheck.get(index) ?? 0) + traces));
  }
  const begin = Date.parse(from);
  return [...counts].slice(0, mostRequests).flatMap(([checkID, ofCheck]) => {
    /** @type {{checkID: string, from: number, to: number}[]} */
    const spans = [];
    let found = 0;
    for (const index of [...ofCheck.keys()].sort((a, b) => b - a)) {
      const span = { checkID, from: begin + index * step, to: begin + (index + 1) * step };
      const later = spans.at(-1);
      if (later?.from === span.to) later.from = span.from;
      else if (spans.length * counts.size < mostRequests) spans.push(span);
      found += ofCheck.get(index) ?? 0;
      if (found >= wantedTraces) break;
    }
    return spans;
  });
}
