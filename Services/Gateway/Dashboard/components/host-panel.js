import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { state } from "../store.js";

/**
 * @typedef {import("../types.js").Row} Row
 * @typedef {Record<string, unknown>} Metadata
 */

/** What agents tell of their own hosts; hidden while none does. */
export class HostPanel {
  #body = h("div", { class: "hosts" });
  #shown = "";
  element = h(
    "section",
    { class: "panel host-panel", "aria-label": "Host", hidden: true },
    h("header", { class: "panel-head" }, h("h2", {}, "Host")),
    this.#body,
  );

  /** @param {string} targetID */
  constructor(targetID) {
    this.targetID = targetID;
  }

  update() {
    const rows = [...(state.latest.get(this.targetID)?.values() ?? [])].filter(({ type }) => type === "host");
    const shown = rows.map((row) => row.id).sort().join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.hidden = rows.length === 0;
    rows.sort((a, b) => (a.origin < b.origin ? -1 : 1));
    replace(this.#body, ...rows.map((row) => hostOf(row, rows.length > 1)));
  }
}

/**
 * @param {Row} row
 * @param {boolean} named
 */
function hostOf(row, named) {
  const metadata = /** @type {Metadata} */ (row.metadata ?? {});
  const facts = [...ofProcessor(metadata), ...ofMemory(metadata), ...ofDisks(metadata), ...ofNetwork(metadata)];
  const interfaces = Array.isArray(metadata.interfaces) ? metadata.interfaces : [];
  return h(
    "div",
    { class: "host" },
    named && h("h3", {}, row.origin),
    h("dl", { class: "host-figures" }, ...facts.map(figure), ...interfaces.map(interfaceFigure)),
  );
}

/** @typedef {[label: string, value: string, note?: string]} Fact */

/** @param {Fact} fact */
function figure([label, value, note]) {
  return h("div", {}, h("dt", {}, label), h("dd", { class: "number" }, value, note && h("small", {}, note)));
}

/**
 * @param {Metadata} metadata
 * @returns {Fact[]}
 */
function ofProcessor(metadata) {
  const [busy, waiting, stolen] = numbers(metadata, "cpu_busy_percent", "cpu_waiting_percent", "cpu_stolen_percent");
  const [load] = numbers(metadata, "load_1m");
  const notes = [waiting > 0 && `${waiting.toFixed(1)} % waiting`, stolen > 0 && `${stolen.toFixed(1)} % stolen`];
  return [
    ...when(busy, "CPU", () => `${busy.toFixed(1)}\u202f%`, notes.filter(Boolean).join(", ")),
    ...when(load, "Load, 1 min", () => load.toFixed(2)),
  ];
}

/**
 * @param {Metadata} metadata
 * @returns {Fact[]}
 */
function ofMemory(metadata) {
  const [total, available, swap] = numbers(metadata, "memory_total_bytes", "memory_available_bytes", "swap_used_bytes");
  return [
    ...when(total - available, "Memory used", () => format.bytes(total - available), `of ${format.bytes(total)}`),
    ...when(swap || NaN, "Swap used", () => format.bytes(swap)),
  ];
}

/**
 * @param {Metadata} metadata
 * @returns {Fact[]}
 */
function ofDisks(metadata) {
  const [total, free] = numbers(metadata, "disk_total_bytes", "disk_free_bytes");
  const [read, written] = numbers(metadata, "disk_read_bytes_per_s", "disk_written_bytes_per_s");
  return [
    ...when(total - free, "Disk free", () => format.bytes(free), `of ${format.bytes(total)}`),
    ...when(read + written, "Disk read", () => perSecond(read), `${perSecond(written)} written`),
  ];
}

/**
 * @param {Metadata} metadata
 * @returns {Fact[]}
 */
function ofNetwork(metadata) {
  const [resent, sent] = numbers(metadata, "tcp_retransmits_per_s", "tcp_segments_sent_per_s");
  const [entries, limit] = numbers(metadata, "conntrack_entries", "conntrack_limit");
  const [connections] = numbers(metadata, "tcp_established");
  return [
    ...when(connections, "TCP connections", () => format.count(connections)),
    ...when(resent, "TCP resent", () => `${format.rate(resent)}/s`, sent >= 0 ? `of ${format.rate(sent)}/s sent` : ""),
    ...when(entries, "Conntrack", () => format.count(entries), limit > 0 ? `of ${format.count(limit)}` : ""),
  ];
}

/** @param {Metadata} metadata */
function interfaceFigure(metadata) {
  const [received, sent, errors, drops] = numbers(
    metadata, "received_bytes_per_s", "sent_bytes_per_s", "errors_per_s", "drops_per_s",
  );
  const troubles = [errors > 0 && `${format.rate(errors)}/s errors`, drops > 0 && `${format.rate(drops)}/s dropped`];
  return h(
    "div",
    {},
    h("dt", { class: "mono" }, String(metadata.name)),
    h(
      "dd",
      { class: "number" },
      `↓ ${perSecond(received)}`,
      h("small", {}, `↑ ${perSecond(sent)}`),
      troubles.some(Boolean) && h("small", { class: "bad" }, troubles.filter(Boolean).join(", ")),
    ),
  );
}

/** @param {number} value */
function perSecond(value) {
  return Number.isFinite(value) ? `${format.bytes(value)}/s` : "–";
}

/**
 * @param {number} value What is not a number leaves the fact out.
 * @param {string} label
 * @param {() => string} text
 * @param {string} [note]
 * @returns {Fact[]}
 */
function when(value, label, text, note) {
  return Number.isFinite(value) ? [[label, text(), note]] : [];
}

/**
 * Not a number where there is none.
 *
 * @param {Metadata} metadata
 * @param {...string} keys
 */
function numbers(metadata, ...keys) {
  return keys.map((key) => {
    const value = metadata[key];
    return typeof value === "number" ? value : NaN;
  });
}
