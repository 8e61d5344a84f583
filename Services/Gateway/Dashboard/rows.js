/** @typedef {import("./types.js").Row} Row */

/** The codes of `MeasurementStatus` and `FailureReason` in `Shared/Contracts`. */
const statuses = /** @type {const} */ (["success", "timeout", "error"]);
const reasons = [
  null, "timeout", "refused", "reset", "unreachable", "resolve", "dns_answer", "tls",
  "http_status", "http_body", "protocol", "forbidden", "permission", "local", "certificate", "unexpected_reach",
];

/**
 * What each reason means to a reader.
 *
 * @type {Record<string, string>}
 */
export const reasonText = {
  timeout: "Nothing came back in time",
  refused: "The port is closed",
  reset: "The connection was reset",
  unreachable: "No route to the target",
  resolve: "The name did not resolve",
  dns_answer: "The resolver's answer was not the expected one",
  tls: "The TLS handshake failed",
  http_status: "The status code was not an expected one",
  http_body: "The header or the body was not the expected one",
  protocol: "The peer broke its protocol",
  forbidden: "The agent may not reach this address",
  permission: "The agent lacks a permission the probe needs",
  local: "The agent could not run the probe",
  certificate: "The certificate has ended, ends too soon, is not trusted or is another's",
  unexpected_reach: "The target answered, though it must not be reachable",
};

/**
 * @param {import("./types.js").MeasurementBatch} batch
 * @returns {Row[]}
 */
export function rowsOfBatch({ agent_id, origin, series, columns }) {
  return columns.series.map((index, row) => ({
    id: columns.id[row],
    time: columns.timestamp[row] / 1000,
    checkID: series[index].check_id,
    targetID: series[index].target_id,
    agentID: agent_id,
    origin,
    endpoint: series[index].endpoint ?? "",
    type: series[index].type,
    status: statuses[columns.status[row]] ?? "error",
    latency: columns.latency_ms[row],
    sent: columns.sent[row],
    received: columns.received[row],
    reason: reasons[columns.reason[row]] ?? null,
    metadata: columns.metadata[row],
  }));
}

/**
 * @param {import("./types.js").Measurement} measurement
 * @returns {Row}
 */
export function rowOfMeasurement(measurement) {
  return {
    id: measurement.id,
    time: Date.parse(measurement.timestamp),
    checkID: measurement.check_id,
    targetID: measurement.target_id,
    agentID: measurement.agent_id,
    origin: measurement.origin,
    endpoint: measurement.endpoint ?? "",
    type: measurement.type,
    status: measurement.status,
    latency: measurement.latency_ms ?? null,
    sent: measurement.sent,
    received: measurement.received,
    reason: measurement.reason ?? null,
    metadata: measurement.metadata,
  };
}

/**
 * Where a row was seen from, and which part of the target it is about.
 *
 * @param {{origin: string, endpoint?: string}} row
 */
export function vantageOf({ origin, endpoint }) {
  return endpoint ? `${origin}, ${endpoint.replace("ipv", "IPv")}` : origin;
}
