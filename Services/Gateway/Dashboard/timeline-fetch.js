import { call } from "./api.js";
import { fetchGaps } from "./gaps.js";
import { now } from "./store.js";
import { TimelineData } from "./timeline-data.js";

/** Fetched on either side of what is seen, as a share of it. */
const margin = 0.5;
const mostPoints = 2_000;

/**
 * Fetches what is seen, and half as much on either side, so that panning shows something at once; with what the agents
 * lost that see the check, or all agents when none does.
 *
 * @param {import("./types.js").Check} check
 * @param {{from: number, to: number, span: number}} range
 * @param {number} step Milliseconds.
 * @param {AbortSignal} signal
 */
export async function fetchTimeline(check, range, step, signal) {
  const from = Math.floor((range.from - range.span * margin) / step) * step;
  const to = Math.ceil(Math.min(range.to + range.span * margin, now() + step) / step) * step;
  const points = Math.max(1, Math.min(mostPoints, Math.round((to - from) / step)));
  const query = { check_id: check.id, from: new Date(from).toISOString(), to: new Date(to).toISOString(), points };
  const [timeline, gaps] = await Promise.all([
    call("GET", `/targets/${check.target_id}/timeline`, { query, signal }),
    fetchGaps(from, to, signal),
  ]);
  const data = new TimelineData(timeline, check);
  const agents = new Set(data.lines.map((line) => line.agentID));
  data.gaps = gaps.filter((gap) => agents.size === 0 || agents.has(gap.agentID));
  return data;
}

/** Lengths of steps, in milliseconds. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400].map((s) => s * 1_000);

/**
 * The length of steps that cuts `span` into at most `points`; never shorter than a check's interval, so that no step
 * is empty between two samples.
 *
 * @param {number} span @param {number} points @param {number} interval All in milliseconds, but points.
 */
export function stepFor(span, points, interval) {
  const wanted = span / points;
  if (wanted <= interval) return interval;
  return steps.find((step) => step >= wanted && step >= interval) ?? 86_400_000;
}
