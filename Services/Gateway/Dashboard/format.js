/** Numbers and times as people read them. */

const dash = "–";

/** @param {number | null | undefined} milliseconds */
export function latency(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return dash;
  const [value, unit] = latencyParts(milliseconds);
  return `${value}\u202f${unit}`;
}

/**
 * @param {number} milliseconds
 * @returns {[string, string]}
 */
export function latencyParts(milliseconds) {
  if (milliseconds < 0.1) return [(milliseconds * 1000).toFixed(0), "µs"];
  if (milliseconds < 10) return [milliseconds.toFixed(2), "ms"];
  if (milliseconds < 100) return [milliseconds.toFixed(1), "ms"];
  if (milliseconds < 10_000) return [milliseconds.toFixed(0), "ms"];
  return [(milliseconds / 1000).toFixed(1), "s"];
}

/**
 * A share from 0 to 1; never rounded to a whole that it is not.
 *
 * @param {number | null | undefined} share
 */
export function percent(share) {
  if (share === null || share === undefined) return dash;
  if (share === 0 || share === 1) return `${share * 100}\u202f%`;
  const value = share * 100;
  if (value < 0.01) return "<\u202f0.01\u202f%";
  if (value > 99.99) return ">\u202f99.99\u202f%";
  return `${value < 10 || value > 99 ? value.toFixed(2) : value.toFixed(1)}\u202f%`;
}

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** @param {number} value */
export function count(value) {
  return value < 100_000 ? counts.format(value) : compact.format(value);
}

/**
 * An amount of memory or of data, in powers of 1,024.
 *
 * @param {number} value
 */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log2(value) / 10));
  const scaled = value / 1_024 ** power;
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)}\u202f${units[power]}`;
}

/** @param {number} perSecond */
export function rate(perSecond) {
  if (perSecond === 0) return "0";
  if (perSecond < 10) return perSecond.toFixed(perSecond < 0.1 ? 2 : 1);
  return count(perSecond);
}

/**
 * An interval as it was chosen, such as `2.5 s` or `5 min`.
 *
 * @param {number} milliseconds
 */
export function interval(milliseconds) {
  if (milliseconds < 1_000) return `${milliseconds}\u202fms`;
  if (milliseconds < 60_000) return `${milliseconds / 1_000}\u202fs`;
  if (milliseconds < 3_600_000) return `${+(milliseconds / 60_000).toFixed(1)}\u202fmin`;
  return `${+(milliseconds / 3_600_000).toFixed(1)}\u202fh`;
}

/**
 * How long something lasted: its two largest units.
 *
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = /** @type {[number, string][]} */ ([
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ]);
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0s";
  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${value}${unit}`).join(" ");
}

/** @param {number} milliseconds How long ago. */
export function ago(milliseconds) {
  if (milliseconds < 1_500) return "now";
  const text = duration(milliseconds);
  return `${milliseconds < 600_000 ? text : text.split(" ")[0]} ago`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** @param {number} time */
export function timeOfDay(time) {
  return clock.format(time);
}

/**
 * With milliseconds.
 *
 * @param {number} time
 */
export function preciseTime(time) {
  return `${clock.format(time)}.${String(Math.floor(time) % 1000).padStart(3, "0")}`;
}

/** @param {number} time */
export function date(time) {
  return day.format(time);
}

/** @param {number} time */
export function dateAndYear(time) {
  return dayOfYear.format(time);
}

/** @param {number} time */
export function hourAndMinute(time) {
  return minute.format(time);
}

/** @param {number} time */
export function dateAndTime(time) {
  return `${day.format(time)}, ${minute.format(time)}`;
}

/** The zone that all times are shown in, and asked for: the browser's. */
export function timeZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}
