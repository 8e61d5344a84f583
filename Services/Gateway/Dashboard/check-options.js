/** The options of checks, as `Shared/Contracts/CheckOptions.swift` declares them. */

/**
 * @typedef {"text" | "long" | "number" | "choice" | "boolean" | "list" | "numbers" | "pairs"} OptionKind
 *
 * @typedef {object} OptionField
 * @property {string} name
 * @property {string} label
 * @property {OptionKind} kind A list has commas between its parts, pairs are lines of `name: value`.
 * @property {string} [placeholder] What holds when it is left empty.
 * @property {string[]} [choices] The first one is what holds otherwise, and is not sent.
 * @property {boolean} [holds] What holds of a boolean unless it is changed.
 */

/** @param {string} name @param {string} label @param {string} [placeholder] @returns {OptionField} */
export const text = (name, label, placeholder) => ({ name, label, placeholder, kind: "text" });
/** @param {string} name @param {string} label @param {string} [placeholder] @returns {OptionField} */
export const number = (name, label, placeholder) => ({ name, label, placeholder, kind: "number" });
/** @param {string} name @param {string} label @param {string[]} choices @returns {OptionField} */
export const choice = (name, label, choices) => ({ name, label, choices, kind: "choice" });
/** @param {string} name @param {string} label @param {boolean} [holds] @returns {OptionField} */
const boolean = (name, label, holds = false) => ({ name, label, holds, kind: "boolean" });
/** @param {string} placeholder */
export const port = (placeholder) => number("port", "Port", placeholder);

export const endpoints = choice("endpoints", "Endpoints", ["first", "ipv4", "ipv6", "both", "all"]);
export const packets = number("packets", "Packets a run", "1");
export const certificateDays = number("certificate_days", "Days the certificate must last", "any");
export const timeout = number("timeout_ms", "Timeout, ms", "3000");

/** Of every check that a target answers. */
export const answering = [
  number("confirmations", "Confirmations of a failure", "3"),
  boolean("trace_on_failure", "Trace the way when it begins to fail", true),
];
export const avoidable = boolean("must_not_connect", "Must not be reachable");
export const pacing = [
  number("gap_ms", "Between packets, ms", "25"),
  number("dscp", "DSCP", "0"),
];
export const packetForm = [
  number("payload_bytes", "Payload, bytes", "56"),
  boolean("dont_fragment", "Do not fragment"),
];

export const tlsMore = [
  text("server_name", "Name in the certificate", "the address"),
  { ...text("alpn", "Protocols offered (ALPN)", "none, or h2, http/1.1"), kind: /** @type {const} */ ("list") },
];

/** @type {OptionField[]} */
export const httpMore = [
  choice("method", "Method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
  choice("http_version", "HTTP version", ["any", "1.1", "2"]),
  number("redirects", "Redirects to follow", "0"),
  { ...text("expected_status", "Status codes that are fine", "200 to 399"), kind: "numbers" },
  text("body_matches", "Body matches (pattern)", "anything"),
  text("basic_secret", "Secret for basic authentication", "its name, none"),
  text("bearer_secret", "Secret for a bearer token", "its name, none"),
  { ...text("headers", "Headers to send", "name: value, one a line"), kind: "pairs" },
  { ...text("expected_headers", "Headers that must match", "name: pattern, one a line"), kind: "pairs" },
  { ...text("body", "Body to send", "none"), kind: "long" },
];
