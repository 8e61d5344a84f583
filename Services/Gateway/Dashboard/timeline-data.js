import { vantageOf } from "./rows.js";

/**
 * @typedef {import("./types.js").Row} Row
 *
 * @typedef {object} Step What one agent saw in one step.
 * @property {number} count
 * @property {number} failures
 * @property {number} sent
 * @property {number} received
 * @property {number | null} low Milliseconds; null when nothing came back.
 * @property {number | null} mean
 * @property {number | null} high
 *
 * @typedef {object} AgentLine One endpoint as one agent sees it.
 * @property {string} agentID
 * @property {string} origin
 * @property {string} endpoint
 * @property {Map<number, Step>} steps By number of step since the beginning.
 */

const overgrownSteps = 3_000;

/** One check over time, in steps: what was fetched, and the live rows since. */
export class TimelineData {
  /** @type {AgentLine[]} */
  lines = [];
  /** @type {import("./gaps.js").LostSpan[]} */
  gaps = [];

  /**
   * @param {import("./types.js").Timeline} timeline
   * @param {import("./types.js").Check} check
   */
  constructor(timeline, check) {
    this.from = Date.parse(timeline.from);
    this.to = Date.parse(timeline.to);
    this.step = timeline.step_ms;
    this.interval = check.interval_ms;
    for (const series of timeline.series.filter(({ type }) => type === check.type)) {
      const line = this.#line(series.agent_id, series.origin, series.endpoint ?? "");
      series.count.forEach((count, index) => {
        if (count === 0) return;
        line.steps.set(index, {
          count,
          failures: series.failures[index],
          sent: series.sent[index],
          received: series.received[index],
          low: series.min_ms[index],
          mean: series.mean_ms[index],
          high: series.max_ms[index],
        });
      });
    }
  }

  /**
   * @param {string} agentID
   * @param {string} origin
   * @param {string} endpoint
   */
  #line(agentID, origin, endpoint) {
    const known = this.lines.find((line) => line.agentID === agentID && line.endpoint === endpoint);
    if (known) return known;
    const line = { agentID, origin, endpoint, steps: new Map() };
    this.lines.push(line);
    this.lines.sort((a, b) => (vantageOf(a) < vantageOf(b) ? -1 : 1));
    return line;
  }

  /**
   * Adds a live row. A step that already has all the samples of its length was fetched with this one in it.
   *
   * @param {Row} row
   */
  add(row) {
    const index = Math.floor((row.time - this.from) / this.step);
    if (index < 0) return;
    const { steps } = this.#line(row.agentID, row.origin, row.endpoint);
    const step = steps.get(index) ?? { count: 0, failures: 0, sent: 0, received: 0, low: null, mean: null, high: null };
    if (step.count >= Math.ceil(this.step / this.interval)) return;
    const answered = step.count - step.failures;
    step.count += 1;
    step.sent += row.sent;
    step.received += row.received;
    if (row.status !== "success") {
      step.failures += 1;
    } else if (row.latency !== null) {
      step.mean = ((step.mean ?? 0) * answered + row.latency) / (answered + 1);
      step.low = Math.min(step.low ?? Infinity, row.latency);
      step.high = Math.max(step.high ?? 0, row.latency);
    }
    steps.set(index, step);
    this.to = Math.max(this.to, this.from + (index + 1) * this.step);
  }

  /**
   * The middle of a step.
   *
   * @param {number} index
   */
  timeOf(index) {
    return this.from + (index + 0.5) * this.step;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  covers(from, to) {
    return this.from <= from && to <= this.to;
  }

  /**
   * Whether steps of this length would show about the same.
   *
   * @param {number} step
   */
  isAsFineAs(step) {
    return this.step < step * 1.9 && step < this.step * 1.9;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  holdsAnythingBetween(from, to) {
    const [first, last] = [from, to].map((time) => (time - this.from) / this.step - 0.5);
    return this.lines.some(({ steps }) => [...steps.keys()].some((index) => index >= first && index <= last));
  }

  /** Whether live rows have made it longer than it is worth. */
  get isOvergrown() {
    return this.lines.some(({ steps }) => steps.size > overgrownSteps);
  }

  /**
   * The step of each agent at a time.
   *
   * @param {number} time
   */
  at(time) {
    const index = Math.floor((time - this.from) / this.step);
    return this.lines.map((line) => ({ origin: line.origin, endpoint: line.endpoint, step: line.steps.get(index) }));
  }

  /** Steps with failures of any agent, by the time they begin. */
  failures() {
    /** @type {Map<number, number>} */
    const shares = new Map();
    for (const { steps } of this.lines) {
      for (const [index, { failures, count }] of steps) {
        if (failures > 0) shares.set(index, Math.max(shares.get(index) ?? 0, failures / count));
      }
    }
    return [...shares].map(([index, share]) => ({ time: this.from + index * this.step, share }));
  }

  /**
   * Columns for uPlot: times, then mean, low and high of each agent. Silence over `gap` breaks a line.
   *
   * @param {number} gap Milliseconds.
   * @returns {uPlot.Data}
   */
  columns(gap) {
    const indices = [...new Set(this.lines.flatMap((line) => [...line.steps.keys()]))].sort((a, b) => a - b);
    const breaks = new Set(this.lines.flatMap((line) => this.#breaks(line, gap)));
    const all = [...new Set([...indices, ...breaks])].sort((a, b) => a - b);
    const lines = this.lines.flatMap(({ steps }) =>
      /** @type {const} */ (["mean", "low", "high"]).map((key) =>
        all.map((index) => {
          const step = steps.get(index);
          if (step) return step[key];
          return breaks.has(index) ? null : undefined;
        }),
      ),
    );
    return [all.map((index) => this.timeOf(index)), ...lines];
  }

  /**
   * One index within each silence of a line.
   *
   * @param {AgentLine} line
   * @param {number} gap
   * @returns {number[]}
   */
  #breaks({ steps }, gap) {
    const known = [...steps.keys()].sort((a, b) => a - b);
    const allowed = Math.max(1, gap / this.step);
    return known.slice(1).flatMap((index, position) => (index - known[position] > allowed ? [index - 1] : []));
  }
}
