import { h } from "../dom.js";
import * as format from "../format.js";

/**
 * Each phase takes the time since the one before.
 *
 * @type {[key: string, label: string, color: string][]}
 */
const phases = [
  ["dns_ms", "Resolve", "--chart-3"],
  ["connect_ms", "Connect", "--chart"],
  ["tls_ms", "TLS", "--chart-2"],
  ["first_byte_ms", "Wait", "--chart-4"],
  ["answer_ms", "Answer", "--chart-4"],
];

export const phaseKeys = [...phases.map(([key]) => key), "total_ms"];

/**
 * Where the time of one run went; null when its metadata have fewer than two phases.
 *
 * @param {Record<string, unknown>} metadata
 * @param {boolean} failed What is left over is then not the body.
 */
export function phaseBar(metadata, failed) {
  const parts = phases.flatMap(([key, label, color]) => {
    const time = metadata[key];
    return typeof time === "number" ? [{ label, time, color }] : [];
  });
  if (parts.length < 2) return null;
  const known = parts.reduce((sum, { time }) => sum + time, 0);
  const total = typeof metadata.total_ms === "number" ? metadata.total_ms : known;
  const rest = failed ? "Until it failed" : "Body";
  if (total > known) parts.push({ label: rest, time: total - known, color: "--text-faint" });
  const bar = h("div", { class: "phase-bar", "aria-hidden": "true" });
  const legend = h("dl", { class: "phase-legend" });
  for (const { label, time, color } of parts.filter((part) => part.time > 0)) {
    const [segment, swatch] = [h("span", {}), h("span", { class: "swatch phase" })];
    segment.style.flexGrow = String(time);
    for (const element of [segment, swatch]) element.style.background = `var(${color})`;
    bar.append(segment);
    legend.append(h("div", {}, h("dt", {}, swatch, label), h("dd", { class: "number" }, format.latency(time))));
  }
  const sum = h("dd", { class: "number" }, format.latency(Math.max(total, known)));
  legend.append(h("div", { class: "sum" }, h("dt", {}, "Together"), sum));
  return h("div", { class: "phases" }, bar, legend);
}
