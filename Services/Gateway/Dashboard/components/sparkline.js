import { h } from "../dom.js";
import { now } from "../store.js";
import { color } from "../theme.js";

const margin = 3;

/** A line of the last samples that ends at now; failures are red marks on the ground line. */
export class Sparkline {
  element = h("canvas", { class: "sparkline", "aria-hidden": "true" });
  #context = this.element.getContext("2d");
  #width = 0;
  #height = 0;

  /**
   * @param {import("../store.js").Point[]} points Oldest first.
   * @param {number} span Milliseconds from the left edge to the right.
   * @param {number} gap Milliseconds of silence that break the line.
   */
  draw(points, span, gap) {
    const context = this.#context;
    if (!context || !this.#fit(context)) return;
    context.clearRect(0, 0, this.#width, this.#height);
    const end = now();
    const visible = points.filter((point) => point.time > end - span);
    const x = (/** @type {number} */ time) => this.#width - margin - ((end - time) / span) * (this.#width - 2 * margin);
    const y = this.#scale(visible);
    this.#line(context, visible, x, y, gap);
    context.fillStyle = color("--bad-mark");
    for (const point of visible) if (point.failed) context.fillRect(x(point.time) - 1, this.#height - 7, 2, 6);
    const last = visible.at(-1);
    if (!last || last.latency === null || end - last.time > gap) return;
    context.fillStyle = color("--chart");
    context.beginPath();
    context.arc(x(last.time), y(last.latency), 2, 0, 2 * Math.PI);
    context.fill();
  }

  /** @param {CanvasRenderingContext2D} context */
  #fit(context) {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0) return false;
    const ratio = devicePixelRatio;
    if (this.element.width !== Math.round(clientWidth * ratio)) {
      this.element.width = Math.round(clientWidth * ratio);
      this.element.height = Math.round(clientHeight * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.#width = clientWidth;
    this.#height = clientHeight;
    return true;
  }

  /** @param {import("../store.js").Point[]} points */
  #scale(points) {
    let low = Infinity;
    let high = 0;
    for (const { latency } of points) {
      if (latency === null) continue;
      low = Math.min(low, latency);
      high = Math.max(high, latency);
    }
    // A nearly flat line stays flat: its noise is not blown up to the full height.
    const range = Math.max(high - low, high * 0.25) || 1;
    const middle = (high + low) / 2;
    const room = this.#height - 2 * margin;
    return (/** @type {number} */ value) => this.#height / 2 - ((value - middle) / range) * room;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("../store.js").Point[]} points
   * @param {(time: number) => number} x
   * @param {(latency: number) => number} y
   * @param {number} gap
   */
  #line(context, points, x, y, gap) {
    context.beginPath();
    let previous = -Infinity;
    for (const { time, latency } of points) {
      if (latency === null) {
        previous = -Infinity;
        continue;
      }
      if (time - previous > gap) context.moveTo(x(time), y(latency));
      else context.lineTo(x(time), y(latency));
      previous = time;
    }
    context.strokeStyle = color("--chart");
    context.lineWidth = 1.4;
    context.lineJoin = "round";
    context.stroke();
  }
}
