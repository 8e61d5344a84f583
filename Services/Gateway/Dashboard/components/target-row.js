import { mayChange, removeTarget, toggleTarget } from "../actions.js";
import { h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { healthOfCheck, healthOfTarget, leadingCheck, leadingRow, lossOf, patience } from "../health.js";
import { now, pairOf, state } from "../store.js";
import { HealthBadge } from "./health-badge.js";
import { menuButton } from "./menu.js";
import { Sparkline } from "./sparkline.js";

/** Sparklines reach back so many samples. */
const sparklineSamples = 60;

/** One target in the table of all. */
export class TargetRow {
  #badge = new HealthBadge();
  #name = h("a", { class: "target-name ellipsis" });
  #address = h("span", { class: "faint mono ellipsis" });
  #types = h("span", { class: "types" });
  #last = h("td", { class: "number last", "data-label": "Last" });
  #loss = h("td", { class: "number", "data-label": "Loss" });
  #p95 = h("td", { class: "number", "data-label": "p95" });
  #sparkline = new Sparkline();
  #more = h("td", { class: "more" });
  #shownTypes = "";

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.#name.href = `#/targets/${id}`;
    this.element = h(
      "tr",
      { "data-target-id": id, onclick: (/** @type {MouseEvent} */ event) => this.#follow(event) },
      h("td", { class: "state" }, this.#badge.element),
      h("th", { scope: "row", class: "target" }, this.#name, this.#address),
      h("td", { class: "checks" }, this.#types),
      this.#last,
      this.#loss,
      this.#p95,
      h("td", { class: "trend" }, this.#sparkline.element),
      this.#more,
    );
  }

  get target() {
    return state.targets?.get(this.id);
  }

  /** @returns {import("./menu.js").MenuItem[]} */
  #actions() {
    const target = this.target;
    if (!target) return [];
    return [
      {
        label: target.enabled ? "Pause" : "Resume",
        symbol: target.enabled ? "pause" : "play",
        run: () => void toggleTarget(target),
      },
      { label: "Remove…", symbol: "trash", dangerous: true, run: () => removeTarget(target) },
    ];
  }

  /**
   * The whole row is a way to the target, for a pointer; the link is for everybody.
   *
   * @param {MouseEvent} event
   */
  #follow(event) {
    const source = /** @type {Element} */ (event.target);
    if (source.closest("a, button") || getSelection()?.toString()) return;
    location.hash = `#/targets/${this.id}`;
  }

  update() {
    const target = this.target;
    if (!target) return;
    setText(this.#name, target.name);
    setText(this.#address, target.address === target.name ? "" : target.address);
    this.#badge.update(healthOfTarget(this.id));
    if (mayChange(this.id) && !this.#more.hasChildNodes()) {
      this.#more.append(menuButton(`Actions for ${target.name}`, () => this.#actions()));
    }
    this.#updateTypes();
    this.#updateLast();
    const summary = state.summaries.get(this.id);
    setText(this.#loss, summary?.count ? format.percent(lossOf(summary)) : "–");
    this.#loss.classList.toggle("bad", (summary?.count ? lossOf(summary) : 0) >= 0.01);
    setText(this.#p95, format.latency(summary?.p95_ms));
    this.draw();
  }

  /** The sparkline moves with time, also when nothing comes. */
  draw() {
    const row = leadingRow(this.id);
    const check = leadingCheck(this.id);
    if (!check) return;
    const points = (row && state.recent.get(pairOf(row))) ?? [];
    this.#sparkline.draw(points, check.interval_ms * sparklineSamples, patience(check));
  }

  #updateTypes() {
    const checks = (state.checks.get(this.id) ?? []).map((check) => ({ type: check.type, health: healthOfCheck(check) }));
    const shown = JSON.stringify(checks);
    if (shown === this.#shownTypes) return;
    this.#shownTypes = shown;
    const tags = checks.map(({ type, health }) => h("span", { class: "tag", "data-health": health }, type.toUpperCase()));
    replace(this.#types, ...tags);
  }

  #updateLast() {
    const row = leadingRow(this.id);
    const failed = row !== undefined && row.status !== "success";
    setText(this.#last, failed ? (row.reason ?? row.status).replaceAll("_", " ") : format.latency(row?.latency));
    const check = leadingCheck(this.id);
    const silent = row !== undefined && check !== undefined && row.time < now() - patience(check);
    this.#last.classList.toggle("bad", failed && !silent);
    this.#last.classList.toggle("faint", silent);
    this.#last.dataset.time = row ? String(row.time) : "";
  }
}
