import { h } from "../dom.js";
import * as format from "../format.js";

/**
 * @typedef {import("../path.js").Path} Path
 * @typedef {import("../path.js").Hop} Hop
 */

/** @type {[string, (hop: Hop) => number | null][]} */
const timeColumns = [
  ["Avg", (hop) => hop.average],
  ["Min", (hop) => hop.least],
  ["Last", (hop) => hop.last],
  ["Max", (hop) => hop.most],
  ["Jitter", (hop) => hop.jitter],
];

/**
 * A path, hop by hop. Columns that no hop has a value for are left out.
 *
 * @param {Path} path
 */
export function hopTable({ hops, isReached, changedHop }) {
  const columns = timeColumns.filter(([, value]) => hops.some((hop) => value(hop) !== null));
  const heads = [...["Hop", "Address", "Loss"], ...columns.map(([name]) => name)].map((text, index) =>
    h("th", { scope: "col", class: index >= 2 ? "number" : "" }, text),
  );
  const rows = hops.map((hop) => hopRow(hop, columns, hop.number === changedHop));
  const table = h(
    "table",
    { class: "hops" },
    h("caption", { class: "visually-hidden" }, "Hops"),
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...rows),
  );
  const hint =
    "Loss at a hop in between that the target does not show is the router's own: it answers less than it forwards.";
  return h(
    "div",
    { class: "path" },
    h("div", { class: "hops-frame", role: "region", "aria-label": "Hops of the path", tabindex: 0 }, table),
    !isReached && h("p", { class: "note bad" }, "The target was not reached."),
    hops.some((hop) => hop.state === "own") && h("p", { class: "note faint" }, hint),
  );
}

/**
 * @param {Hop} hop
 * @param {typeof timeColumns} columns
 * @param {boolean} hasChanged
 */
function hopRow(hop, columns, hasChanged) {
  const isSilent = hop.state === "silent";
  return h(
    "tr",
    { "data-state": hop.state },
    h("td", { class: "number" }, hop.number),
    h(
      "td",
      { class: "addresses mono" },
      ...hop.addresses.map((address) => h("span", {}, address)),
      isSilent && h("span", { class: "faint" }, "silent"),
      hasChanged && h("span", { class: "tag" }, "changed"),
    ),
    h("td", { class: `number ${hop.state === "lossy" ? "bad" : ""}` }, isSilent ? "–" : format.percent(hop.loss)),
    ...columns.map(([, value]) => h("td", { class: "number" }, format.latency(value(hop)))),
  );
}
