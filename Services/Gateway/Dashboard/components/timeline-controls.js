import { mayEdit } from "../actions.js";
import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { lineColor } from "./chart-options.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("../types.js").Check} Check
 *
 * @typedef {import("./chart-gestures.js").Gestures & {
 *   follow: (span: number) => void,
 *   choose: (check: Check) => void,
 *   keep: () => void,
 * }} Actions
 */

const minute = 60_000;
const spans = /** @type {const} */ ([
  [5 * minute, "5 m"], [15 * minute, "15 m"], [60 * minute, "1 h"],
  [6 * 60 * minute, "6 h"], [24 * 60 * minute, "24 h"], [7 * 24 * 60 * minute, "7 d"],
]);

/** What to show of a timeline, and when. */
export class TimelineControls {
  #checks = h("div", { class: "segments", role: "group", "aria-label": "Check" });
  #spans = h("div", { class: "segments", role: "group", "aria-label": "Span" });
  #range = h("p", { class: "number faint range" });
  #legend = h("p", { class: "legend" });
  #live;
  #shownChecks = "";
  #shownLegend = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.#live = h("button", { class: "button small live", type: "button", onclick: actions.goLive },
      h("span", { class: "dot", "aria-hidden": "true" }), "Live");
    for (const [span, text] of spans) {
      this.#spans.append(h("button", { type: "button", "data-span": span, onclick: () => actions.follow(span) }, text));
    }
    this.element = h(
      "header",
      { class: "panel-head" },
      h("div", { class: "group" }, h("h2", { class: "visually-hidden" }, "Latency"), this.#checks, this.#range),
      h(
        "div",
        { class: "group" },
        this.#spans,
        h(
          "div",
          { class: "group tight" },
          tool("left", "Earlier", () => actions.pan(-0.5)),
          tool("right", "Later", () => actions.pan(0.5)),
          tool("minus", "Zoom out", () => actions.zoom(2, 0.5)),
          tool("plus", "Zoom in", () => actions.zoom(0.5, 0.5)),
          mayEdit() && tool("sessions", "Keep this time as a session", actions.keep),
        ),
        this.#live,
      ),
    );
    const hint = "Drag to pan, Ctrl and scroll to zoom, or use the arrow keys, + and −";
    this.foot = h("footer", { class: "chart-foot" }, this.#legend, h("p", { class: "faint hint" }, hint));
  }

  /**
   * @param {Check[]} checks
   * @param {Check | null} chosen
   * @param {import("../time-range.js").TimeRange} range
   */
  update(checks, chosen, range) {
    const shown = JSON.stringify([checks.map((check) => check.id), chosen?.id]);
    if (shown !== this.#shownChecks) {
      this.#shownChecks = shown;
      replace(this.#checks, ...checks.map((check) => this.#checkButton(check, check.id === chosen?.id)));
    }
    this.#live.setAttribute("aria-pressed", String(range.isLive));
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.#spans.querySelectorAll("button"))) {
      button.setAttribute("aria-pressed", String(range.isLive && Number(button.dataset.span) === range.span));
    }
    replace(this.#range, rangeText(range));
  }

  /**
   * @param {Check} check
   * @param {boolean} chosen
   */
  #checkButton(check, chosen) {
    const button = h("button", { type: "button", "aria-pressed": String(chosen) }, check.type.toUpperCase());
    button.addEventListener("click", () => this.actions.choose(check));
    return button;
  }

  /**
   * @param {string[]} origins
   * @param {boolean} hasGaps
   */
  legend(origins, hasGaps) {
    const shown = JSON.stringify([origins, hasGaps]);
    if (shown === this.#shownLegend) return;
    this.#shownLegend = shown;
    const entries = origins.map((origin, index) => {
      const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = lineColor(index);
      return h("span", {}, swatch, `mean, from ${origin}`);
    });
    replace(
      this.#legend,
      ...entries,
      h("span", {}, h("span", { class: "swatch band", "aria-hidden": "true" }), "lowest to highest"),
      h("span", {}, h("span", { class: "swatch failed", "aria-hidden": "true" }), "failed"),
      hasGaps && h("span", {}, h("span", { class: "swatch gap", "aria-hidden": "true" }), "measurements lost"),
    );
  }
}

/** @param {import("../time-range.js").TimeRange} range */
function rangeText(range) {
  if (range.isLive) return `The last ${format.duration(range.span)}`;
  const sameDay = format.date(range.from) === format.date(range.to);
  const end = sameDay ? format.hourAndMinute(range.to) : format.dateAndTime(range.to);
  return `${format.dateAndTime(range.from)} – ${end}`;
}

/**
 * @param {import("./icons.js").IconName} symbol
 * @param {string} label
 * @param {() => void} run
 */
function tool(symbol, label, run) {
  return h(
    "button",
    { class: "button icon-only small", type: "button", "aria-label": label, title: label, onclick: run },
    icon(symbol),
  );
}
