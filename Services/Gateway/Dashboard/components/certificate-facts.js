import { h } from "../dom.js";
import * as format from "../format.js";

export const certificateKeys = [
  "certificate_subject", "certificate_issuer", "certificate_names", "certificate_ends", "certificate_days",
  "chain_length", "distrust", "tls_version", "tls_cipher", "alpn",
];
/** Fewer days than this are few, whatever the check wants. */
const fewDays = 14;

/**
 * What a server showed of itself; null when it showed no certificate.
 *
 * @param {Record<string, unknown>} metadata
 * @param {number} [wantedDays] For which the check wants it to last.
 */
export function certificateFacts(metadata, wantedDays = 0) {
  if (typeof metadata.certificate_subject !== "string") return null;
  const list = h("dl", { class: "facts certificate" });
  /** @param {string} label @param {unknown} value @param {string} [kind] */
  const fact = (label, value, kind = "") => {
    const text = Array.isArray(value) ? value.join(", ") : value;
    if (text !== undefined && text !== "") list.append(h("dt", {}, label), h("dd", { class: kind }, String(text)));
  };
  fact("Not trusted", metadata.distrust, "bad");
  fact("Subject", metadata.certificate_subject);
  fact("Issuer", metadata.certificate_issuer);
  fact("Names", metadata.certificate_names);
  fact("Ends", endingText(metadata), daysLeft(metadata) < Math.max(fewDays, wantedDays) ? "bad" : "");
  const length = metadata.chain_length;
  fact("Chain", length === 1 ? "1 certificate" : length && `${length} certificates`);
  fact("TLS", [metadata.tls_version, metadata.tls_cipher, metadata.alpn].filter(Boolean).join(", "));
  return list;
}

/** @param {Record<string, unknown>} metadata */
function daysLeft(metadata) {
  return typeof metadata.certificate_days === "number" ? metadata.certificate_days : Infinity;
}

/** @param {Record<string, unknown>} metadata */
function endingText(metadata) {
  const days = daysLeft(metadata);
  const ends = metadata.certificate_ends;
  const end = typeof ends === "string" ? format.dateAndYear(Date.parse(ends)) : "";
  if (!Number.isFinite(days)) return end;
  const whole = Math.floor(Math.abs(days));
  const words = `${whole} ${whole === 1 ? "day" : "days"}`;
  return [days < 0 ? `${words} ago` : `${words} left`, end].filter(Boolean).join(", ");
}
