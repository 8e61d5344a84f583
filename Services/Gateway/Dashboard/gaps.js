/** Times of which agents had measurements that they could not keep. */

import { call } from "./api.js";

/**
 * @typedef {import("./types.js").Gap} Gap
 *
 * @typedef {object} LostSpan
 * @property {string} agentID
 * @property {number} from Milliseconds since 1970.
 * @property {number} to
 * @property {number} rows How many measurements are gone, of all checks of the agent.
 * @property {string} cause
 */

const mostGaps = 1_000;

/** @type {Record<Gap["cause"], string>} */
export const causeText = {
  spool_full: "the agent's spool was full",
  spool_failed: "the agent's disk failed",
  corrupt: "they were damaged on the agent's disk",
  refused: "the store refused them",
};

/**
 * @param {number} from
 * @param {number} to
 * @param {AbortSignal} signal
 * @returns {Promise<LostSpan[]>}
 */
export async function fetchGaps(from, to, signal) {
  const query = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit: mostGaps };
  /** @type {{gaps: Gap[]}} */
  const { gaps } = await call("GET", "/gaps", { query, signal });
  return gaps.map((gap) => ({
    agentID: gap.agent_id,
    from: Date.parse(gap.from),
    to: Date.parse(gap.to),
    rows: gap.rows,
    cause: causeText[gap.cause] ?? gap.cause,
  }));
}

/**
 * @param {LostSpan[]} gaps
 * @param {number} time
 * @param {number} within Milliseconds on either side.
 */
export function gapsAt(gaps, time, within) {
  return gaps.filter((gap) => gap.from - within <= time && time <= gap.to + within);
}
