import { messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { rowByID } from "../measurements.js";
import { icon } from "./icons.js";

/** @typedef {import("../types.js").Row} Row */

/**
 * The ways from a failed row to its trace, and from a trace to what it was made for.
 *
 * @param {Row} row
 * @param {(row: Row) => void} open
 */
export function rowLinks(row, open) {
  const { trace, cause } = /** @type {Record<string, unknown>} */ (row.metadata ?? {});
  return [
    typeof trace === "string" && link(row, trace, "Show the trace", "It has not come in yet.", open),
    typeof cause === "string" && link(row, cause, "Show what it was made for", "It is no longer stored.", open),
  ].filter((element) => element !== false);
}

/**
 * @param {Row} row
 * @param {string} id
 * @param {string} label
 * @param {string} absence
 * @param {(row: Row) => void} open
 */
function link(row, id, label, absence, open) {
  const button = h("button", { class: "button small", type: "button" }, icon("overview"), label);
  const word = h("span", { class: "faint", role: "status" });
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      const found = await rowByID(row.checkID, row.agentID, id);
      if (found && button.isConnected) open(found);
      else if (!found) setText(word, absence);
    } catch (error) {
      setText(word, messageOf(error));
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  return h("span", { class: "group" }, button, word);
}
