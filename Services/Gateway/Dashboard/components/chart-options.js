import * as format from "../format.js";
import { color } from "../theme.js";

const lineColors = ["--chart", "--chart-2", "--chart-3", "--chart-4"];
const font = '12px Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * The colour of the line of agent number `index`.
 *
 * @param {number} index
 */
export function lineColor(index) {
  return color(lineColors[index % lineColors.length]);
}

/**
 * How a chart of so many agents looks: three series each (mean, low, high), and a band between low and high.
 *
 * @param {number} count
 * @param {{from: number, to: number}} range
 */
export function chartOptions(count, range) {
  const agents = Array.from({ length: count }, (_, index) => index);
  return {
    ms: 1,
    padding: [12, 30, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false, setScale: false } },
    scales: { x: { min: range.from, max: range.to, range: limits }, y: { range: latencyRange } },
    axes: [axis({ values: timeLabels, space: 90, size: 32 }), axis({ values: latencyLabels, size: 66, space: 44 })],
    series: [{}, ...agents.flatMap(lineOf)],
    bands: agents.map((index) => ({
      series: [index * 3 + 3, index * 3 + 2],
      fill: () => withAlpha(lineColor(index), 0.16),
    })),
  };
}

/**
 * Mean, low and high of one agent.
 *
 * @param {number} index
 */
function lineOf(index) {
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  const stroke = () => lineColor(index);
  return [{ stroke, width: 1.5, points: { show: lonely, size: 4, fill: stroke } }, edge, edge];
}

/**
 * Points are drawn while they stand far apart.
 *
 * @param {uPlot} plot
 * @param {number} _
 * @param {number} from
 * @param {number} to
 */
function lonely(plot, _, from, to) {
  return plot.over.clientWidth / Math.max(1, to - from) > 14;
}

/** @param {object} more */
function axis(more) {
  return {
    font,
    stroke: () => color("--text-faint"),
    grid: { stroke: () => color("--grid"), width: 1 },
    ticks: { show: false },
    ...more,
  };
}

/**
 * @param {uPlot} _
 * @param {number} min
 * @param {number} max
 */
function limits(_, min, max) {
  return [min, max];
}

/**
 * From zero, unless all is far above it; rounded, so that it stays while little changes.
 *
 * @param {uPlot} _
 * @param {number | null} min
 * @param {number | null} max
 */
function latencyRange(_, min, max) {
  if (min === null || max === null) return [0, 10];
  const low = min > max / 2 ? min : 0;
  const grain = 10 ** Math.floor(Math.log10(Math.max(max - low, max * 0.05, 0.001))) / 2;
  return [Math.max(0, Math.floor(low / grain - 0.5) * grain), Math.ceil(max / grain + 0.5) * grain];
}

/**
 * @param {uPlot} _
 * @param {number[]} splits
 */
function latencyLabels(_, splits) {
  return splits.map((value) => {
    if (value === 0) return "0";
    return value < 0.1 ? `${+(value * 1000).toPrecision(3)} µs` : `${+value.toPrecision(4)} ms`;
  });
}

/**
 * @param {uPlot} _
 * @param {number[]} splits
 * @param {number} __
 * @param {number} ___
 * @param {number} step
 */
function timeLabels(_, splits, __, ___, step) {
  return splits.map((time) => {
    if (step < 60_000) return format.timeOfDay(time);
    const date = new Date(time);
    return date.getHours() === 0 && date.getMinutes() === 0 ? format.date(time) : format.hourAndMinute(time);
  });
}

/**
 * @param {string} hex Six digits.
 * @param {number} alpha
 */
export function withAlpha(hex, alpha) {
  return hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
}
