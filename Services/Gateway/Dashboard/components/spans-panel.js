import { h } from "../dom.js";
import * as format from "../format.js";
import { now, state } from "../store.js";
import { LoadedPanel } from "./loaded-panel.js";
import { menuButton } from "./menu.js";
import { emptyState } from "./notices.js";
import { nameCell, numberCell, table } from "./table.js";

/**
 * A span of time with a reason, which maintenance and silences are.
 *
 * @typedef {object} Span
 * @property {string} id
 * @property {string} reason
 * @property {string} from
 * @property {string} to
 * @property {string} created_by
 *
 * @typedef {"now" | "planned" | "over"} SpanState
 */

const marks = { now: "up", planned: "planned", over: "paused" };
const words = { now: "Now", planned: "Planned", over: "Over" };

/** @param {Span} span @returns {SpanState} */
export function stateOf(span) {
  const time = now();
  return time < Date.parse(span.from) ? "planned" : time < Date.parse(span.to) ? "now" : "over";
}

/**
 * Those that are now or to come, the next one first; and behind a button those that are over.
 *
 * @template {Span} S
 * @extends {LoadedPanel<S[]>}
 */
export class SpansPanel extends LoadedPanel {
  #showsOver = false;
  #drawn = "";

  /**
   * @param {object} options
   * @param {string} options.label
   * @param {import("./icons.js").IconName} options.symbol
   * @param {() => string} options.hint What to do where there is nothing.
   * @param {(signal: AbortSignal) => Promise<S[]>} options.load
   * @param {(span: S) => import("../dom.js").Child[]} options.about
   * @param {(span: S) => import("./menu.js").MenuItem[]} options.items What whoever is signed in can do with it.
   * @param {() => HTMLElement[]} options.actions Beside the hint.
   */
  constructor({ label, symbol, hint, load, about, items, actions }) {
    super({ label, load, show: (spans) => this.#rows(spans) });
    this.empty = () => emptyState(symbol, `No ${label.toLowerCase()} now or planned`, hint(), ...actions());
    this.about = about;
    this.items = items;
  }

  /** Draws it again when something has begun or ended, and when the names of what they are about are there. */
  tick() {
    if (this.value && this.#drawn !== signature(this.value)) this.draw();
  }

  /** @param {S[]} spans @returns {import("../dom.js").Child[]} */
  #rows(spans) {
    this.#drawn = signature(spans);
    const over = spans.filter((span) => stateOf(span) === "over");
    const current = spans.filter((span) => stateOf(span) !== "over").reverse();
    const shown = this.#showsOver ? [...current, ...over] : current;
    const heads = ["State", "Reason", "About", "#From", "#To", ""];
    return [
      shown.length > 0 ? table("list spans", this.label, heads, shown.map((span) => this.#row(span))) : this.empty(),
      over.length > 0 && h("div", { class: "table-more" }, this.#toggle(over.length)),
    ];
  }

  /** @param {number} count */
  #toggle(count) {
    const text = this.#showsOver ? "Hide what is over" : `Show ${count} that ${count === 1 ? "is" : "are"} over`;
    const button = h("button", { class: "button", type: "button", "aria-expanded": String(this.#showsOver) }, text);
    button.addEventListener("click", () => {
      this.#showsOver = !this.#showsOver;
      this.draw();
      /** @type {HTMLElement | null} */ (this.element.querySelector(".table-more .button"))?.focus();
    });
    return button;
  }

  /** @param {S} span */
  #row(span) {
    const word = stateOf(span);
    const canChange = this.items(span).length > 0;
    const health = h("span", { class: "health", "data-health": marks[word] });
    health.append(h("span", { class: "mark", "aria-hidden": "true" }), words[word]);
    return h(
      "tr",
      { "data-span-id": span.id, "data-state": word },
      h("td", { class: "state" }, health),
      nameCell(span.reason, span.created_by),
      h("td", { class: "labels" }, ...this.about(span)),
      numberCell("From", moment(span.from)),
      numberCell("To", moment(span.to)),
      h("td", { class: "more" }, canChange && menuButton(`What to do with ${span.reason}`, () => this.items(span))),
    );
  }
}

/** @param {Span[]} spans */
function signature(spans) {
  return [...spans.map(stateOf), state.targets === null, state.agents === null].join();
}

/** @param {string} text */
function moment(text) {
  return h("time", { datetime: text }, format.dateAndTime(Date.parse(text)));
}
