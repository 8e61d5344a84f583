import { h } from "../dom.js";
import { pathOf } from "../path.js";
import { state } from "../store.js";
import { certificateFacts, certificateKeys } from "./certificate-facts.js";
import { hopTable } from "./hop-table.js";
import { packetStrip } from "./packet-strip.js";
import { phaseBar, phaseKeys } from "./phase-bar.js";

/**
 * What of a row's metadata has a form of its own, and what is left of them.
 *
 * @param {import("../types.js").Row} row
 * @returns {{sections: HTMLElement[], rest: unknown}}
 */
export function evidenceOf(row) {
  if (row.metadata === null || typeof row.metadata !== "object") return { sections: [], rest: row.metadata };
  const metadata = /** @type {Record<string, unknown>} */ (row.metadata);
  const path = pathOf(metadata);
  const roundTrips = metadata.rtt_ms;
  const certificate = certificateFacts(metadata, wantedDays(row));
  const phases = phaseBar(metadata, row.status !== "success");
  /** @type {[string, HTMLElement | null, string[]][]} */
  const all = [
    ["Path", path && hopTable(path), ["hops", "changed_hop"]],
    ["Packets", isTimes(roundTrips) ? packetStrip(roundTrips) : null, ["rtt_ms"]],
    ["Phases", phases, phaseKeys],
    ["Certificate", certificate, certificateKeys],
  ];
  const shown = all.flatMap(([title, element, keys]) => (element ? [{ title, element, keys }] : []));
  const used = new Set(shown.flatMap(({ keys }) => keys));
  return {
    sections: shown.map(({ title, element }) => h("section", { class: "evidence" }, h("h3", {}, title), element)),
    rest: Object.fromEntries(Object.entries(metadata).filter(([key]) => !used.has(key))),
  };
}

/** @param {import("../types.js").Row} row */
function wantedDays(row) {
  const check = state.checks.get(row.targetID)?.find(({ id }) => id === row.checkID);
  const days = check?.options.certificate_days;
  return typeof days === "number" ? days : 0;
}

/**
 * @param {unknown} value
 * @returns {value is (number | null)[]}
 */
function isTimes(value) {
  return Array.isArray(value) && value.length > 0 && value.every((time) => time === null || typeof time === "number");
}
