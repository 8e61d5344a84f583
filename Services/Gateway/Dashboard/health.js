/** What a target's samples say of it. Silence is not success: a check that stopped reporting is unknown. */

import { now, pairOf, state } from "./store.js";

/**
 * @typedef {import("./types.js").Check} Check
 * @typedef {import("./types.js").Row} Row
 * @typedef {"up" | "failing" | "unknown" | "paused"} Health
 */

/** A check is silent after so many intervals without a run. */
const silentIntervals = 3;
/** An agent that has said nothing for so long is no longer expected to. */
const forgottenMilliseconds = 24 * 3_600_000;

/**
 * How grave each is, gravest first.
 *
 * @type {Record<Health, number>}
 */
export const gravity = { failing: 0, unknown: 1, up: 2, paused: 3 };

/** @type {Record<Health, string>} */
export const healthText = { up: "Up", failing: "Failing", unknown: "Unknown", paused: "Paused" };

/** Before a failure is reported it is confirmed, so many times if nothing else is said, and each within so long. */
const confirmations = 3;
const confirmationMilliseconds = 800;
const confirmationPauseMilliseconds = 200;
/** @type {import("./types.js").CheckType[]} */
const unconfirmed = ["trace", "mtu", "host"];

/**
 * How long the newest row of a check may be past: a few intervals, and twice the longest run. One follows another, and
 * a row has the time of its run's beginning, and comes at its end.
 *
 * @param {Check} check
 */
export function patience(check) {
  const tries = unconfirmed.includes(check.type) ? 0 : Number(check.options?.confirmations ?? confirmations);
  const oneMore = confirmationPauseMilliseconds + Math.min(check.timeout_ms, confirmationMilliseconds);
  return check.interval_ms * silentIntervals + 2 * (check.timeout_ms + tries * oneMore);
}

/**
 * Whether a check's rows tell why something is as it is, and not whether the target is well.
 *
 * @param {{type: import("./types.js").CheckType}} check
 */
export function isEvidence({ type }) {
  return type === "trace" || type === "host";
}

/**
 * @param {Check} check
 * @returns {Row[]} The newest row of each endpoint as each agent sees it; no traces of what failed.
 */
export function latestOf(check) {
  const oldest = now() - forgottenMilliseconds;
  const rows = state.latest.get(check.target_id)?.values() ?? [];
  return [...rows].filter((row) => row.checkID === check.id && row.type === check.type && row.time > oldest);
}

/**
 * Evidence is never failing: what a trace does not reach, other checks have to judge.
 *
 * @param {Check} check
 * @returns {Health}
 */
export function healthOfCheck(check) {
  if (!check.enabled || check.active === false || state.targets?.get(check.target_id)?.enabled === false) return "paused";
  const rows = latestOf(check);
  const fresh = rows.filter((row) => row.time > now() - patience(check));
  if (!isEvidence(check) && fresh.some((row) => row.status !== "success")) return "failing";
  return fresh.length > 0 && fresh.length === rows.length ? "up" : "unknown";
}

/**
 * @param {string} targetID
 * @returns {Health}
 */
export function healthOfTarget(targetID) {
  if (state.targets?.get(targetID)?.enabled === false) return "paused";
  const checks = (state.checks.get(targetID) ?? []).filter((check) => check.enabled && !isEvidence(check));
  if (checks.length === 0) return "unknown";
  return checks.map(healthOfCheck).reduce((worst, next) => (gravity[next] < gravity[worst] ? next : worst));
}

/**
 * The check that stands for a target in one line: its oldest that is enabled, and rather none that is evidence.
 *
 * @param {string} targetID
 */
export function leadingCheck(targetID) {
  const all = state.checks.get(targetID) ?? [];
  const checks = [...all.filter((check) => !isEvidence(check)), ...all.filter(isEvidence)];
  return checks.find((check) => check.enabled) ?? checks.at(0);
}

/**
 * The newest row of the leading check; of several agents, always the same one.
 *
 * @param {string} targetID
 */
export function leadingRow(targetID) {
  const check = leadingCheck(targetID);
  if (!check) return undefined;
  return latestOf(check).sort((a, b) => (pairOf(a) < pairOf(b) ? -1 : 1))[0];
}

/** How many targets are in each state. */
export function countByHealth() {
  /** @type {Record<Health, number>} */
  const counts = { up: 0, failing: 0, unknown: 0, paused: 0 };
  for (const id of state.targets?.keys() ?? []) counts[healthOfTarget(id)] += 1;
  return counts;
}

/**
 * The share of requests without an answer; of failures, where nothing was sent; less than nothing, when nothing is known.
 *
 * @param {import("./types.js").Summary | undefined} summary
 */
export function lossOf(summary) {
  return summary?.loss ?? summary?.error_rate ?? -1;
}
