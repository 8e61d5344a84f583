import { h } from "../dom.js";
import { drawMarks } from "./chart-marks.js";
import { chartOptions } from "./chart-options.js";
import { ChartTooltip } from "./chart-tooltip.js";

/** @typedef {import("../timeline-data.js").TimelineData} TimelineData */

/** Mean and band of each agent over time; failed steps stand in red, and what was lost is hatched. */
export class LatencyChart {
  element = h("div", { class: "chart" });
  /** @type {uPlot | null} */
  #plot = null;
  #lineCount = -1;
  /** @type {TimelineData | null} */
  #data = null;
  #tooltip = new ChartTooltip();
  #sizes = new ResizeObserver(() => this.#resize());

  constructor() {
    this.#sizes.observe(this.element);
  }

  get width() {
    return this.#plot?.over.clientWidth || this.element.clientWidth || 800;
  }

  /** How many steps are worth drawing. */
  get points() {
    return Math.min(700, Math.max(80, this.width / 2));
  }

  /** Where pointers work; null until there are data. */
  get surface() {
    return this.#plot?.over ?? null;
  }

  /**
   * @param {TimelineData} data
   * @param {number} gap Milliseconds of silence that break a line.
   * @param {{from: number, to: number}} range
   */
  show(data, gap, range) {
    this.#data = data;
    const columns = data.columns(gap);
    if (!this.#plot || this.#lineCount !== data.lines.length) this.#create(data.lines.length, columns, range);
    else this.#plot.setData(columns, false);
    this.move(range);
  }

  /** @param {{from: number, to: number}} range */
  move({ from, to }) {
    this.#plot?.setScale("x", { min: from, max: to });
  }

  recolor() {
    this.#plot?.redraw();
  }

  dispose() {
    this.#sizes.disconnect();
    this.#plot?.destroy();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width > 0 && height > 0) this.#plot?.setSize({ width, height });
  }

  /**
   * @param {number} count
   * @param {uPlot.Data} columns
   * @param {{from: number, to: number}} range
   */
  #create(count, columns, range) {
    this.#plot?.destroy();
    this.#lineCount = count;
    const { clientWidth: width, clientHeight: height } = this.element;
    const size = { width: width || 800, height: height || 300 };
    const hooks = {
      drawClear: [(/** @type {uPlot} */ plot) => this.#data && drawMarks(plot, this.#data)],
      setCursor: [(/** @type {uPlot} */ plot) => this.#tooltip.update(plot, this.#data)],
    };
    const options = { ...chartOptions(count, range), ...size, hooks };
    this.#plot = new uPlot(options, columns, this.element);
    this.#plot.over.append(this.#tooltip.element);
  }
}
