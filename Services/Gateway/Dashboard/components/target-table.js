import { announce, arrange, h, setText } from "../dom.js";
import { gravity, healthOfTarget, leadingRow, lossOf } from "../health.js";
import { state } from "../store.js";
import { icon } from "./icons.js";
import { TargetRow } from "./target-row.js";

/**
 * @typedef {import("../health.js").Health} Health
 * @typedef {"state" | "name" | "last" | "loss" | "p95"} Column
 */

/** Rows in the page at once; more on demand. */
const pageRows = 200;
/** Rows keep their places so long after a pointer has moved over them. */
const holdMilliseconds = 4_000;

/**
 * By what each column sorts; the name decides between equals.
 *
 * @type {Record<Column, (id: string) => number | string>}
 */
const keys = {
  state: (id) => gravity[healthOfTarget(id)],
  name: (id) => (state.targets?.get(id)?.name ?? "").toLowerCase(),
  last: (id) => leadingRow(id)?.latency ?? -1,
  loss: (id) => lossOf(state.summaries.get(id)),
  p95: (id) => state.summaries.get(id)?.p95_ms ?? -1,
};

/** All targets; what is worst comes first, until somebody sorts otherwise. */
export class TargetTable {
  /** @type {Map<string, TargetRow>} */
  #rows = new Map();
  /** @type {Column} */
  #column = "state";
  #ascending = true;
  #limit = pageRows;
  #pointed = -Infinity;
  #search = "";
  /** @type {Health | null} */
  #health = null;
  /** @type {Map<Column, HTMLElement>} */
  #heads = new Map();
  #body = h("tbody", { onpointermove: () => (this.#pointed = performance.now()) });
  #more = h("button", { class: "button", type: "button", hidden: true, onclick: () => this.#showMore() }, "Show more");
  element = h(
    "div",
    { class: "table-wrap" },
    h(
      "table",
      { class: "table targets" },
      h("caption", { class: "visually-hidden" }, "Targets"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          this.#head("state", "State"),
          this.#head("name", "Target"),
          h("th", { scope: "col" }, "Checks"),
          this.#head("last", "Last", "number"),
          this.#head("loss", "Loss, 1 h", "number"),
          this.#head("p95", "p95, 1 h", "number"),
          h("th", { scope: "col" }, "Live"),
          h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions")),
        ),
      ),
      this.#body,
    ),
    this.#more,
  );

  /**
   * @param {Column} column
   * @param {string} label
   * @param {string} [kind]
   */
  #head(column, label, kind = "") {
    const arrow = h("span", { class: "arrow" }, icon("down"));
    const button = h("button", { type: "button", onclick: () => this.#sortBy(column) }, label, arrow);
    const head = h("th", { scope: "col", class: kind }, button);
    this.#heads.set(column, head);
    return head;
  }

  /** @param {Column} column */
  #sortBy(column) {
    const textual = column === "state" || column === "name";
    this.#ascending = this.#column === column ? !this.#ascending : textual;
    this.#column = column;
    this.order();
    announce(`Sorted by ${column}, ${this.#ascending ? "ascending" : "descending"}`);
  }

  #showMore() {
    this.#limit += pageRows;
    this.order();
  }

  /**
   * @param {string} search
   * @param {Health | null} health
   * @returns {number} Rows that match.
   */
  filter(search, health) {
    this.#search = search.trim().toLowerCase();
    this.#health = health;
    this.#limit = pageRows;
    return this.order();
  }

  /**
   * Sorts and shows what matches.
   *
   * @returns {number} Rows that match.
   */
  order() {
    for (const [column, head] of this.#heads) {
      if (column === this.#column) head.setAttribute("aria-sort", this.#ascending ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
    const ids = [...(state.targets?.keys() ?? [])].filter((id) => this.#matches(id)).sort(this.#comparison());
    const rows = ids.slice(0, this.#limit).map((id) => this.#row(id));
    arrange(this.#body, rows.map((row) => row.element));
    for (const row of rows) row.update();
    this.#more.hidden = ids.length <= this.#limit;
    setText(this.#more, `Show more of ${ids.length}`);
    return ids.length;
  }

  #comparison() {
    const key = keys[this.#column];
    const sign = this.#ascending ? 1 : -1;
    const sortKeys = new Map([...(state.targets?.keys() ?? [])].map((id) => [id, { by: key(id), name: keys.name(id) }]));
    return (/** @type {string} */ left, /** @type {string} */ right) => {
      const [a, b] = [sortKeys.get(left), sortKeys.get(right)];
      if (!a || !b) return 0;
      if (a.by !== b.by) return a.by < b.by ? -sign : sign;
      return a.name < b.name ? -1 : 1;
    };
  }

  /** @param {string} id */
  #matches(id) {
    const target = state.targets?.get(id);
    if (!target || (this.#health && healthOfTarget(id) !== this.#health)) return false;
    const text = `${target.name} ${target.address} ${target.category} ${Object.values(target.labels).join(" ")}`;
    return text.toLowerCase().includes(this.#search);
  }

  /** @param {string} id */
  #row(id) {
    const row = this.#rows.get(id) ?? new TargetRow(id);
    this.#rows.set(id, row);
    return row;
  }

  /** Rows are not moved away from under a pointer that is at work, or a focus. */
  get isHeld() {
    return performance.now() - this.#pointed < holdMilliseconds || this.#body.contains(document.activeElement);
  }

  /** New numbers in the rows that are shown; rows of what is gone go. */
  update() {
    for (const [id, row] of this.#rows) {
      if (row.element.isConnected) row.update();
      if (state.targets?.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
  }
}
