/**
 * @typedef {import("./types.js").CheckType} CheckType
 *
 * @typedef {object} OptionField
 * @property {string} name
 * @property {string} label
 * @property {string} [placeholder] What holds when it is left empty.
 * @property {boolean} [numeric]
 * @property {string[]} [choices] The first one is what holds otherwise.
 */

/** @type {OptionField} */
const endpoints = { name: "endpoints", label: "Addresses", choices: ["first", "ipv4", "ipv6", "both", "all"] };
/** @type {OptionField} */
const packets = { name: "packets", label: "Packets a run", placeholder: "1", numeric: true };
/** @type {OptionField} */
const days = { name: "certificate_days", label: "Days the certificate must last", placeholder: "any", numeric: true };

/**
 * @param {string} placeholder
 * @returns {OptionField}
 */
function port(placeholder) {
  return { name: "port", label: "Port", placeholder, numeric: true };
}

/**
 * What each type of check does, and the options a person may want to set at once.
 *
 * @type {Record<CheckType, {title: string, text: string, options: OptionField[]}>}
 */
export const checkTypes = {
  icmp: { title: "ICMP", text: "Echo request", options: [packets, endpoints] },
  tcp: { title: "TCP", text: "Connect to a port", options: [port("443"), endpoints] },
  http: {
    title: "HTTP",
    text: "Fetch a URL",
    options: [
      { name: "url", label: "URL", placeholder: "https:// and the address" },
      { name: "body_contains", label: "Body contains", placeholder: "anything" },
      days,
    ],
  },
  dns: {
    title: "DNS",
    text: "Ask a resolver",
    options: [
      { name: "query", label: "Name to ask for", placeholder: "the address" },
      { name: "resolver", label: "Resolver", placeholder: "the address" },
      { name: "record_type", label: "Record", choices: ["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA"] },
      { name: "transport", label: "Transport", choices: ["udp", "tcp", "tls"] },
    ],
  },
  tls: { title: "TLS", text: "Handshake and certificate", options: [port("443"), days] },
  udp: { title: "UDP", text: "Echo", options: [port("7"), packets] },
  stamp: { title: "STAMP", text: "Loss in each direction", options: [port("862"), packets] },
  trace: {
    title: "Trace",
    text: "The way there, hop by hop",
    options: [
      { name: "mode", label: "By", choices: ["icmp", "udp", "tcp"] },
      { name: "flows", label: "Flows", placeholder: "1", numeric: true },
    ],
  },
  mtu: { title: "MTU", text: "The largest packet that arrives", options: [] },
  host: { title: "Host", text: "Each agent's own machine", options: [] },
};
