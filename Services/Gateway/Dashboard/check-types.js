/** What each type of check does, and the options that a person may set. */

import {
  answering, avoidable, certificateDays, choice, endpoints, httpMore, number, packetForm, packets, pacing, port, text,
  tlsMore,
} from "./check-options.js";

/**
 * @typedef {import("./types.js").CheckType} CheckType
 * @typedef {import("./check-options.js").OptionField} OptionField
 *
 * @typedef {object} CheckDescription
 * @property {string} title
 * @property {string} text
 * @property {OptionField[]} options What is asked for at once.
 * @property {OptionField[]} more What stands below "More options".
 */

const transports = ["udp", "tcp", "tls"];
const records = ["by default", "A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "SOA"];

/** @type {Record<CheckType, CheckDescription>} */
export const checkTypes = {
  icmp: {
    title: "ICMP",
    text: "Echo request",
    options: [packets, endpoints],
    more: [...answering, avoidable, ...pacing, ...packetForm],
  },
  tcp: { title: "TCP", text: "Connect to a port", options: [port("443"), endpoints], more: [...answering, avoidable] },
  http: {
    title: "HTTP",
    text: "Fetch a URL",
    options: [
      text("url", "URL", "https:// and the address"),
      text("body_contains", "Body contains", "anything"),
      certificateDays,
    ],
    more: [...httpMore, endpoints, ...answering, avoidable],
  },
  dns: {
    title: "DNS",
    text: "Ask a resolver",
    options: [
      text("query", "Name to ask for", "the address"),
      text("resolver", "Resolver", "the address"),
      choice("record_type", "Record", records),
      choice("transport", "Transport", transports),
    ],
    more: [text("expected_answer", "Answer that must be given", "any"), endpoints, ...answering],
  },
  tls: {
    title: "TLS",
    text: "Handshake and certificate",
    options: [port("443"), certificateDays],
    more: [...tlsMore, endpoints, ...answering, avoidable],
  },
  udp: {
    title: "UDP",
    text: "Echo",
    options: [port("7"), packets],
    more: [endpoints, ...answering, ...pacing, ...packetForm],
  },
  stamp: {
    title: "STAMP",
    text: "Loss in each direction",
    options: [port("862"), packets],
    more: [endpoints, ...answering, ...pacing],
  },
  trace: {
    title: "Trace",
    text: "The way there, hop by hop",
    options: [choice("mode", "By", ["icmp", "udp", "tcp"]), number("flows", "Flows", "1")],
    more: [
      number("packets", "Packets a hop", "1"),
      number("hops", "Hops to look at", "30"),
      port("33434, TCP: 443"),
      ...pacing,
    ],
  },
  mtu: { title: "MTU", text: "The largest packet that arrives", options: [], more: [] },
  host: { title: "Host", text: "Each agent's own machine", options: [], more: [] },
};
