import { isCancellation, messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { patience } from "../health.js";
import { vantageOf } from "../rows.js";
import { now, onRows, state, subscribe } from "../store.js";
import { onTheme, reducedMotion } from "../theme.js";
import { TimeRange } from "../time-range.js";
import { fetchTimeline, stepFor } from "../timeline-fetch.js";
import { LatencyChart } from "./chart.js";
import { followKeys, followPointer } from "./chart-gestures.js";
import { openSessionDialog } from "./session-dialog.js";
import { TimelineControls } from "./timeline-controls.js";

/** @typedef {import("../types.js").Check} Check */

const settleMilliseconds = 140;
/** What is not streamed, such as gaps, is asked for again after so long. */
const reloadMilliseconds = 60_000;

/** One check of a target over time: moves live, and pans and zooms into history. */
export class TimelinePanel {
  #range = new TimeRange();
  #chart = new LatencyChart();
  /** @type {Check | null} */
  #check = null;
  /** @type {import("../timeline-data.js").TimelineData | null} */
  #data = null;
  #loading = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #ticking;
  /** @type {HTMLElement | null} */
  #surface = null;
  #stale = false;
  #note = h("p", { class: "chart-note", role: "status" });
  #frame = h(
    "div",
    {
      class: "chart-frame",
      tabindex: 0,
      role: "application",
      "aria-label": "Latency over time. Arrow keys pan, plus and minus zoom, L goes back to now.",
      "aria-busy": "true",
    },
    this.#chart.element,
    this.#note,
  );
  /** @type {import("./chart-gestures.js").Gestures} */
  #gestures = {
    pan: (share) => this.#change(() => this.#range.pan(share)),
    zoom: (factor, at) => this.#change(() => this.#range.zoom(factor, at)),
    goLive: () => this.#change(() => this.#range.follow()),
  };
  #controls = new TimelineControls({
    ...this.#gestures,
    follow: (span) => this.#change(() => this.#range.follow(span)),
    choose: (check) => this.#choose(check),
    keep: () => openSessionDialog({ from: this.#range.from, to: this.#range.to, targetID: this.targetID }),
  });
  element = h(
    "section",
    { class: "panel timeline", "aria-label": "Timeline" },
    this.#controls.element,
    this.#frame,
    this.#controls.foot,
  );

  /**
   * @param {string} targetID
   * @param {(range: {from: number, to: number}) => void} onRange Told when the range has come to rest.
   */
  constructor(targetID, onRange) {
    this.targetID = targetID;
    this.onRange = onRange;
    followKeys(this.#frame, this.#gestures);
    const reload = setInterval(() => this.#range.isLive && !document.hidden && void this.#load(), reloadMilliseconds);
    this.ends = [
      () => clearInterval(reload),
      onRows((rows) => this.#take(rows)),
      onTheme(() => this.#chart.recolor()),
      subscribe(["stream"], () => this.#streamChanged()),
    ];
  }

  /** The checks of the target, when they are known or have changed. */
  update() {
    const checks = (state.checks.get(this.targetID) ?? []).filter(({ type }) => type !== "host");
    const own = checks.find((check) => check.id === this.#check?.id) ?? checks.find((check) => check.enabled) ?? checks[0];
    if (own && own.id !== this.#check?.id) this.#choose(own);
    if (!own) this.#say("This target has no checks with a latency yet.");
    this.#controls.update(checks, this.#check, this.#range);
  }

  dispose() {
    this.ends.forEach((end) => end());
    this.#loading.abort();
    clearTimeout(this.#settling);
    clearTimeout(this.#ticking);
    this.#chart.dispose();
  }

  /** @param {Check} check */
  #choose(check) {
    this.#check = check;
    this.#data = null;
    this.update();
    void this.#load();
  }

  /** @param {() => void} change */
  #change(change) {
    change();
    this.update();
    this.#draw();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.onRange(this.#range);
      if (this.#needsLoad()) void this.#load();
    }, settleMilliseconds);
  }

  /** After a break in the stream, what was missed is in the store. */
  #streamChanged() {
    if (state.stream !== "live") this.#stale = true;
    else if (this.#stale) void this.#load();
  }

  get #step() {
    return stepFor(this.#range.span, this.#chart.points, this.#check?.interval_ms ?? 1_000);
  }

  #needsLoad() {
    const { from, to } = this.#range;
    return !this.#data || !this.#data.covers(from, Math.min(to, now())) || !this.#data.isAsFineAs(this.#step);
  }

  async #load() {
    const check = this.#check;
    if (!check) return;
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#frame.setAttribute("aria-busy", "true");
    /** @type {import("../types.js").Row[]} */
    const meanwhile = [];
    const end = onRows((rows) => meanwhile.push(...rows));
    try {
      this.#data = await fetchTimeline(check, this.#range, this.#step, signal);
      this.#stale = false;
      this.#take(meanwhile);
      this.#draw();
      this.onRange(this.#range);
    } catch (error) {
      if (!isCancellation(error)) this.#say(`The timeline could not be loaded. ${messageOf(error)}`);
    } finally {
      end();
      if (this.#loading.signal === signal) this.#frame.setAttribute("aria-busy", "false");
    }
    this.#tick();
  }

  /** @param {import("../types.js").Row[]} rows */
  #take(rows) {
    for (const row of rows) if (row.checkID === this.#check?.id && row.type === this.#check.type) this.#data?.add(row);
    if (!this.#range.isLive) return;
    if (this.#data?.isOvergrown && this.#frame.getAttribute("aria-busy") === "false") void this.#load();
    else this.#draw();
  }

  #draw() {
    if (!this.#data || !this.#check) return;
    this.#chart.show(this.#data, patience(this.#check), this.#range);
    if (this.#chart.surface && this.#chart.surface !== this.#surface) {
      this.#surface = this.#chart.surface;
      followPointer(this.#surface, this.#gestures);
    }
    this.#controls.legend(this.#data.lines.map(vantageOf), this.#data.gaps.length > 0);
    const { from, to } = this.#range;
    const seen = this.#data.holdsAnythingBetween(from, to);
    this.#say(seen ? "" : this.#range.isLive ? "Waiting for the first sample…" : "Nothing was measured in this time.");
    this.#frame.dataset.to = String(Math.round(to));
  }

  /** A live range moves by about a pixel at a time. */
  #tick() {
    clearTimeout(this.#ticking);
    const pixel = this.#range.span / this.#chart.width;
    const delay = reducedMotion.matches ? 2_000 : Math.min(1_000, Math.max(60, pixel));
    this.#ticking = setTimeout(() => {
      if (this.#range.isLive && !document.hidden && this.#data) this.#chart.move(this.#range);
      this.#tick();
    }, delay);
  }

  /** @param {string} text */
  #say(text) {
    if (text) this.#frame.setAttribute("aria-busy", "false");
    setText(this.#note, text);
    this.#note.hidden = text === "";
  }
}
