import { now } from "./store.js";

const shortest = 30_000;
const longest = 31 * 86_400_000;

/** @type {{from: number, to: number} | null} */
let next = null;

/**
 * What the timeline that is opened next begins with.
 *
 * @param {number} from
 * @param {number} to
 */
export function showNext(from, to) {
  next = { from, to };
}

/** The span of time that is looked at: one that ends at now and moves with it, or a fixed one. */
export class TimeRange {
  isLive = true;
  span = 15 * 60_000;
  #to = 0;

  constructor() {
    if (next) this.#set(next.to, Math.min(longest, Math.max(shortest, next.to - next.from)));
    next = null;
  }

  get to() {
    return this.isLive ? now() : this.#to;
  }

  get from() {
    return this.to - this.span;
  }

  /** @param {number} span Milliseconds that end at now. */
  follow(span = this.span) {
    this.isLive = true;
    this.span = span;
  }

  /** @param {number} share Of the span; below zero is into the past. */
  pan(share) {
    this.#set(this.to + share * this.span, this.span);
  }

  /**
   * A live range stays live: only how far it reaches back changes.
   *
   * @param {number} factor Below 1 is nearer.
   * @param {number} at What stays where it is, as a share of the span.
   */
  zoom(factor, at) {
    const span = Math.min(longest, Math.max(shortest, this.span * factor));
    const fixed = this.from + at * this.span;
    if (this.isLive) this.span = span;
    else this.#set(fixed + (1 - at) * span, span);
  }

  /**
   * Whoever reaches the present follows it.
   *
   * @param {number} to
   * @param {number} span
   */
  #set(to, span) {
    this.span = span;
    this.isLive = to >= now();
    this.#to = to;
  }
}
