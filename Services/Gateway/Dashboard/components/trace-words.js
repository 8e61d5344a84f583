/** What is said of traces. */

import * as format from "../format.js";
import { pathOf } from "../path.js";
import { reasonText, vantageOf } from "../rows.js";
import { state } from "../store.js";

/** @typedef {import("../types.js").Row} Row */

const failureWord = "on failures of";

/**
 * The check's endpoint as one agent sees it.
 *
 * @param {Row} row
 */
export function placeOf(row) {
  return `${row.checkID}/${row.agentID}/${row.endpoint}`;
}

/** @param {Row} row */
function isOfFailure(row) {
  return typeof (/** @type {any} */ (row.metadata)?.cause) === "string";
}

/** @param {Row} row */
export function placeText(row) {
  const mode = /** @type {any} */ (row.metadata)?.mode;
  const check = state.checks.get(row.targetID)?.find(({ id }) => id === row.checkID);
  const reason = check && isOfFailure(row) ? `, ${failureWord} ${check.type.toUpperCase()}` : "";
  return `${vantageOf(row)}, by ${String(mode ?? "icmp").toUpperCase()}${reason}`;
}

/**
 * Why a trace has no hops.
 *
 * @param {Row} row
 */
export function failureOf(row) {
  const error = /** @type {any} */ (row.metadata)?.error;
  const reason = row.reason ? reasonText[row.reason] ?? row.reason : "it has no hops";
  return `The trace failed: ${typeof error === "string" ? error : reason}`;
}

/** @param {Row} row */
export function traceText(row) {
  const path = pathOf(row.metadata);
  const notes = path
    ? [lengthOf(path), path.changedHop && "changed", !path.isReached && "not reached"].filter(Boolean)
    : ["failed"];
  return [format.date(row.time), format.timeOfDay(row.time), ...notes].join(", ");
}

/** @param {import("../path.js").Path} path */
export function lengthOf({ hops }) {
  return `${hops.length} ${hops.length === 1 ? "hop" : "hops"}`;
}

/**
 * Traces that are made all the time stand before those of failures.
 *
 * @param {string} a
 * @param {string} b
 */
export function inOrder(a, b) {
  return Number(a.includes(failureWord)) - Number(b.includes(failureWord)) || a.localeCompare(b);
}
