/** Asking the store for single rows. */

import { call } from "./api.js";
import { rowOfMeasurement } from "./rows.js";

/** @typedef {import("./types.js").Row} Row */

/**
 * One row of a check by its id.
 *
 * @param {string} checkID
 * @param {string} agentID
 * @param {string} id
 * @returns {Promise<Row | undefined>}
 */
export async function rowByID(checkID, agentID, id) {
  return (await rows({ check_id: checkID, agent_id: agentID, id }))[0];
}

/**
 * What `GET /measurements` answers to a query; newest first.
 *
 * @param {Record<string, string | number>} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<Row[]>}
 */
export async function rows(query, signal) {
  /** @type {{measurements: import("./types.js").Measurement[]}} */
  const page = await call("GET", "/measurements", { query, signal });
  return page.measurements.map(rowOfMeasurement);
}
