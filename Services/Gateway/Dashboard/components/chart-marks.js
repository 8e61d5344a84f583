import { color } from "../theme.js";
import { withAlpha } from "./chart-options.js";

/** @typedef {import("../timeline-data.js").TimelineData} TimelineData */

/** CSS pixels from one line of a hatching to the next. */
const hatchSpacing = 7;
/** CSS pixels that a gap is drawn wide at least. */
const narrowestGap = 4;

/**
 * What lies behind the lines of a chart: hatched gaps, and failed steps in red.
 *
 * @param {uPlot} plot
 * @param {TimelineData} data
 */
export function drawMarks(plot, data) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const gap of data.gaps) drawGap(plot, gap);
  drawFailures(plot, data);
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {import("../gaps.js").LostSpan} gap
 */
function drawGap(plot, { from, to }) {
  const { ctx, bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
  const end = Math.max(plot.valToPos(to, "x", true), left + narrowestGap * devicePixelRatio);
  const right = Math.min(bbox.left + bbox.width, end);
  if (right <= left) return;
  const ink = color("--text-faint");
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.fillStyle = withAlpha(ink, 0.07);
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.strokeStyle = withAlpha(ink, 0.5);
  ctx.lineWidth = devicePixelRatio;
  const spacing = hatchSpacing * devicePixelRatio;
  ctx.beginPath();
  for (let x = Math.floor((left - bbox.height) / spacing) * spacing; x < right; x += spacing) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {TimelineData} data
 */
function drawFailures(plot, data) {
  const { ctx, bbox } = plot;
  const mark = color("--bad-mark");
  for (const { time, share } of data.failures()) {
    const left = plot.valToPos(time, "x", true);
    const width = Math.max(2 * devicePixelRatio, plot.valToPos(time + data.step, "x", true) - left);
    if (left + width < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = withAlpha(mark, 0.08 + 0.2 * share);
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = mark;
    const height = (4 + 6 * share) * devicePixelRatio;
    ctx.fillRect(left, bbox.top + bbox.height - height, width, height);
  }
}
