import { mayChange, removeCheck, toggleCheck } from "../actions.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { healthOfCheck, isEvidence } from "../health.js";
import { state } from "../store.js";
import { healthBadge } from "./health-badge.js";
import { icon } from "./icons.js";
import { menuButton } from "./menu.js";
import { emptyState } from "./notices.js";
import { openCheckDialog } from "./target-dialog.js";

/** The checks of a target. */
export class ChecksTable {
  #body = h("div");
  #add = h("button", { class: "button small", type: "button" }, icon("plus"), "Add checks");
  #shown = "";

  /** @param {string} targetID */
  constructor(targetID) {
    this.targetID = targetID;
    this.#add.addEventListener("click", () => openCheckDialog(targetID));
    this.element = h(
      "section",
      { class: "panel", "aria-label": "Checks" },
      h("header", { class: "panel-head" }, h("h2", {}, "Checks"), this.#add),
      this.#body,
    );
  }

  update() {
    const checks = (state.checks.get(this.targetID) ?? []).map((check) => ({ check, health: healthOfCheck(check) }));
    const shown = JSON.stringify([checks, mayChange(this.targetID)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#add.hidden = !mayChange(this.targetID);
    if (checks.length === 0) {
      replace(this.#body, emptyState("target", "No checks", "Without a check nothing is probed."));
      return;
    }
    const heads = ["State", "Check", "Every"].map((text) =>
      h("th", { scope: "col", class: text === "Every" ? "number" : "" }, text),
    );
    const actions = mayChange(this.targetID) && h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions"));
    replace(
      this.#body,
      h(
        "table",
        { class: "table checks-table" },
        h("caption", { class: "visually-hidden" }, "Checks"),
        h("thead", {}, h("tr", {}, ...heads, actions)),
        h("tbody", {}, ...checks.map(({ check, health }) => checkRow(check, health))),
      ),
    );
  }
}

/**
 * @param {import("../types.js").Check} check
 * @param {import("../health.js").Health} health
 */
function checkRow(check, health) {
  const options = Object.entries(check.options).map(
    ([name, value]) => `${name.replaceAll("_", " ")}: ${wordsOf(value)}`,
  );
  const details = [...options, `timeout: ${format.interval(check.timeout_ms)}`].join(", ");
  const badgeText = isEvidence(check) && health === "up" ? "Reports" : undefined;
  const menu = menuButton(`Actions for the ${check.type.toUpperCase()} check`, () => [
    {
      label: check.enabled ? "Pause" : "Resume",
      symbol: check.enabled ? "pause" : "play",
      run: () => void toggleCheck(check),
    },
    { label: "Remove…", symbol: "trash", dangerous: true, run: () => removeCheck(check) },
  ]);
  return h(
    "tr",
    { "data-check-id": check.id },
    h("td", { class: "state" }, healthBadge(health, badgeText)),
    h("th", { scope: "row", class: "target" }, h("span", { class: "target-name" }, check.type.toUpperCase()), h("span", { class: "faint" }, details)),
    h("td", { class: "number", "data-label": "Every" }, format.interval(check.interval_ms)),
    mayChange(check.target_id) && h("td", { class: "more" }, menu),
  );
}

/** @param {import("../types.js").CheckOptions[string]} value */
function wordsOf(value) {
  if (Array.isArray(value)) return value.join(" ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, inner]) => `${name} = ${inner}`).join(" ");
}
