/** Asking the store for single rows. */

import { call } from "./api.js";
import { rowOfMeasurement } from "./rows.js";

/** @typedef {import("./types.js").Row} Row */

/** Between the making of a row's id and its timestamp lies less than this: a probe's longest time, and a queue's. */
const spread = 65_000;
const mostRows = 5_000;

/**
 * One row of a check by its id, which tells when it was made (UUIDv7, RFC 9562).
 *
 * @param {string} checkID
 * @param {string} agentID
 * @param {string} id
 * @returns {Promise<Row | undefined>}
 */
export async function rowByID(checkID, agentID, id) {
  const made = parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  if (!Number.isFinite(made)) return undefined;
  return (await rowsBetween(checkID, made - spread, made + spread, agentID)).find((row) => row.id === id);
}

/**
 * The rows of a check in a span of time, and of those that its failures caused; newest first.
 *
 * @param {string} checkID
 * @param {number} from
 * @param {number} to
 * @param {string} [agentID] All agents, when left out.
 * @param {AbortSignal} [signal]
 * @returns {Promise<Row[]>}
 */
export async function rowsBetween(checkID, from, to, agentID, signal) {
  const query = {
    check_id: checkID,
    agent_id: agentID,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    limit: mostRows,
  };
  /** @type {{measurements: import("./types.js").Measurement[]}} */
  const page = await call("GET", "/measurements", { query, signal });
  return page.measurements.map(rowOfMeasurement);
}
