import { h } from "../dom.js";
import { now } from "../store.js";
import { color } from "../theme.js";

const margin = 3;

/** @type {WeakMap<Element, Sparkline>} */
const sparklines = new WeakMap();

/** Sizes come from here, because asking an element for its own would lay the page out for each line that is drawn. */
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) sparklines.get(target)?.resize(contentRect.width, contentRect.height);
});

/** What is scrolled away is not drawn. */
const views = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) sparklines.get(target)?.show(isIntersecting);
});

/** A line of the last samples that ends at now; failures are red marks on the ground line. */
export class Sparkline {
  element = h("canvas", { class: "sparkline", "aria-hidden": "true" });
  #context = this.element.getContext("2d");
  #width = 0;
  #height = 0;
  #seen = false;
  #redraw = () => {};

  constructor() {
    sparklines.set(this.element, this);
    sizes.observe(this.element);
    views.observe(this.element);
  }

  /**
   * @param {import("../store.js").Point[]} points Oldest first.
   * @param {number} span Milliseconds from the left edge to the right.
   * @param {number} gap Milliseconds of silence that break the line.
   */
  draw(points, span, gap) {
    this.#redraw = () => this.draw(points, span, gap);
    const context = this.#context;
    if (!context || !this.#seen || this.#width === 0) return;
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

  /**
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const ratio = devicePixelRatio;
    this.#width = width;
    this.#height = height;
    this.element.width = Math.round(width * ratio);
    this.element.height = Math.round(height * ratio);
    this.#context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#redraw();
  }

  /** @param {boolean} seen */
  show(seen) {
    this.#seen = seen;
    this.#redraw();
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
