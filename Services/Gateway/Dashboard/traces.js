/** The traces of a target: the checks of type `trace`, and those made when other checks began to fail. */

import { rows } from "./measurements.js";
import { now } from "./store.js";

/** @typedef {import("./types.js").Row} Row */

const reachBack = 24 * 3_600_000;
const wantedTraces = 30;

/**
 * The newest traces of the last day, newest first.
 *
 * @param {string} targetID
 * @param {AbortSignal} signal
 * @returns {Promise<Row[]>}
 */
export function recentTraces(targetID, signal) {
  const to = now() + 1_000;
  const [since, until] = [new Date(to - reachBack), new Date(to)].map((time) => time.toISOString());
  return rows({ target_id: targetID, type: "trace", from: since, to: until, limit: wantedTraces }, signal);
}
