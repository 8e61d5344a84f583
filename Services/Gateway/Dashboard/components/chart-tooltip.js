import { h, replace } from "../dom.js";
import * as format from "../format.js";
import { gapsAt } from "../gaps.js";
import { vantageOf } from "../rows.js";

/** @typedef {import("../timeline-data.js").TimelineData} TimelineData */

/** A gap is found from so many pixels beside it. */
const gapReach = 4;

/** What one step of a chart held, beside the pointer. */
export class ChartTooltip {
  element = h("div", { class: "chart-tooltip", hidden: true });
  #shown = "";

  /**
   * @param {uPlot} plot
   * @param {TimelineData | null} data
   */
  update(plot, data) {
    const left = plot.cursor.left ?? -1;
    const time = plot.posToVal(left, "x");
    const steps = data && left >= 0 ? data.at(time).filter(({ step }) => step) : [];
    const reach = plot.posToVal(gapReach, "x") - plot.posToVal(0, "x");
    const gaps = data && left >= 0 ? gapsAt(data.gaps, time, reach) : [];
    this.element.hidden = steps.length + gaps.length === 0;
    if (!data || this.element.hidden) return;
    const begin = data.from + Math.floor((time - data.from) / data.step) * data.step;
    const shown = JSON.stringify([begin, steps, gaps]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      const head = h("p", { class: "number" }, when(begin, data.step));
      replace(this.element, head, ...steps.map(describe), ...gaps.map(describeGap));
    }
    const right = left > plot.over.clientWidth / 2;
    this.element.style.transform = `translate(${left + (right ? -12 : 12)}px, 8px) translateX(${right ? "-100%" : "0"})`;
  }
}

/**
 * @param {number} time
 * @param {number} step
 */
function when(time, step) {
  return step < 60_000 ? `${format.date(time)}, ${format.timeOfDay(time)}` : format.dateAndTime(time);
}

/** @param {import("../gaps.js").LostSpan} gap */
function describeGap({ rows, cause }) {
  const words = rows === 1 ? "1 measurement was lost here" : `${format.count(rows)} measurements were lost here`;
  return h("div", { class: "lost-here" }, h("strong", {}, words), h("span", {}, cause));
}

/** @param {{origin: string, endpoint: string, step?: import("../timeline-data.js").Step}} line */
function describe({ origin, endpoint, step }) {
  if (!step) return null;
  const lost = step.sent - step.received;
  const range = step.count > 1 && step.low !== null && `${format.latency(step.low)} – ${format.latency(step.high)}`;
  return h(
    "dl",
    {},
    h("dt", {}, vantageOf({ origin, endpoint })),
    h("dd", { class: "number" }, format.latency(step.mean)),
    range && h("dt", {}, "from – to"),
    range && h("dd", { class: "number" }, range),
    step.failures > 0 && h("dt", { class: "bad" }, "failed"),
    step.failures > 0 && h("dd", { class: "number bad" }, `${step.failures} of ${step.count}`),
    lost > 0 && step.sent > step.count && h("dt", { class: "bad" }, "lost"),
    lost > 0 && step.sent > step.count && h("dd", { class: "number bad" }, `${lost} of ${step.sent}`),
  );
}
