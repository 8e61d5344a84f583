import { h } from "../dom.js";
import * as format from "../format.js";
import { reasonText, vantageOf } from "../rows.js";
import { openDialog } from "./dialog.js";
import { icon } from "./icons.js";
import { evidenceOf } from "./row-evidence.js";
import { rowLinks } from "./row-link.js";
import { toast } from "./toast.js";

/**
 * Everything that one measurement holds.
 *
 * @param {import("../types.js").Row} row
 */
export function openRowDialog(row) {
  const time = new Date(row.time);
  const json = JSON.stringify(row.metadata, null, 2);
  const copy = h(
    "button",
    {
      class: "button small",
      type: "button",
      onclick: async () => {
        await navigator.clipboard.writeText(json);
        toast("Copied");
      },
    },
    icon("copy"),
    "Copy JSON",
  );
  const { sections, rest } = evidenceOf(row);
  const links = rowLinks(row, (other) => {
    dialog.close();
    openRowDialog(other);
  });
  const dialog = openDialog(
    "Measurement",
    h(
      "div",
      { class: "row-details" },
      h(
        "dl",
        { class: "facts" },
        ...fact("Status", h("span", { class: row.status === "success" ? "" : "bad" }, row.status)),
        ...(row.reason ? fact("Reason", `${reasonText[row.reason] ?? row.reason} (${row.reason})`) : []),
        ...fact("Latency", format.latency(row.latency)),
        ...(row.sent > 1 ? fact("Answered", `${row.received} of ${row.sent}`) : []),
        ...fact("Time", h("time", { datetime: time.toISOString() }, `${format.date(row.time)}, ${format.preciseTime(row.time)}`)),
        ...fact("Check", row.type.toUpperCase()),
        ...fact("Agent", vantageOf(row)),
        ...fact("ID", h("code", {}, row.id)),
      ),
      links.length > 0 && h("div", { class: "group" }, ...links),
      ...sections,
      h("div", { class: "facts-head" }, h("h3", {}, "Metadata"), copy),
      isEmpty(rest) ? h("p", { class: "faint" }, "The probe reported nothing more.") : tree(rest),
    ),
  );
  dialog.classList.toggle("wide", sections.length > 0);
}

/** @param {unknown} value */
function isEmpty(value) {
  return value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
}

/**
 * @param {string} label
 * @param {import("../dom.js").Child} value
 */
function fact(label, value) {
  return [h("dt", {}, label), h("dd", { class: "number" }, value)];
}

/**
 * JSON as nested lists of names and values.
 *
 * @param {unknown} value
 * @returns {HTMLElement}
 */
function tree(value) {
  if (value === null || typeof value !== "object") {
    return h("span", { class: `value ${value === null ? "null" : typeof value}` }, String(value));
  }
  const entries = Object.entries(value).flatMap(([name, inner]) => [h("dt", {}, name), h("dd", {}, tree(inner))]);
  return h("dl", { class: "tree mono" }, ...entries);
}
