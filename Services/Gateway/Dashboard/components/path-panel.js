import { isCancellation, messageOf } from "../api.js";
import { h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { pathOf } from "../path.js";
import { now, onRows, state } from "../store.js";
import { recentTraces } from "../traces.js";
import { hopTable } from "./hop-table.js";
import { failureOf, inOrder, lengthOf, placeOf, placeText, traceText } from "./trace-words.js";

/** @typedef {import("../types.js").Row} Row */

const keptTraces = 30;
const newest = "newest";

/** The way to a target as its newest trace saw it, or an older one; hidden while there are none. */
export class PathPanel {
  /** @type {Row[]} Newest first. */
  #traces = [];
  #loading = new AbortController();
  #vantages = h("select", { class: "input", "aria-label": "Seen from", onchange: () => this.#choose() });
  #times = h("select", { class: "input", "aria-label": "Trace", onchange: () => this.#draw() });
  #summary = h("p", { class: "path-summary faint" });
  #body = h("div", { class: "path-body" });
  #shown = "";
  #isPlaceChosen = false;
  element = h(
    "section",
    { class: "panel path-panel", "aria-label": "Path", hidden: true },
    h(
      "header",
      { class: "panel-head" },
      h("div", { class: "group" }, h("h2", {}, "Path"), this.#summary),
      h("div", { class: "group" }, this.#vantages, this.#times),
    ),
    this.#body,
  );

  /** @param {string} targetID */
  constructor(targetID) {
    this.targetID = targetID;
    this.end = onRows((rows) => this.#take(rows));
  }

  dispose() {
    this.end();
    this.#loading.abort();
  }

  async load() {
    const latest = state.latest.get(this.targetID)?.values() ?? [];
    this.#take([...latest]);
    try {
      this.#take(await recentTraces(this.targetID, this.#loading.signal));
    } catch (error) {
      if (!isCancellation(error)) this.element.title = `Older traces could not be loaded. ${messageOf(error)}`;
    }
  }

  /** How long ago the way changed moves on with the clock. */
  update() {
    this.#summarize();
  }

  /** @param {Row[]} rows */
  #take(rows) {
    const known = new Set(this.#traces.map((row) => row.id));
    const traces = rows.filter((row) => row.targetID === this.targetID && row.type === "trace" && !known.has(row.id));
    if (traces.length === 0) return;
    this.#keep([...traces, ...this.#traces].sort((a, b) => b.time - a.time));
    this.element.hidden = false;
    this.#draw();
  }

  /**
   * The newest of each place, and the one that somebody looks at.
   *
   * @param {Row[]} traces Newest first.
   */
  #keep(traces) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    this.#traces = traces.filter((row) => {
      const count = (counts.get(placeOf(row)) ?? 0) + 1;
      counts.set(placeOf(row), count);
      return count <= keptTraces || row.id === this.#times.value;
    });
  }

  /** Traces of one check's endpoint as one agent sees it: others may well take another way. */
  get #chosen() {
    return this.#traces.filter((row) => placeOf(row) === this.#vantages.value);
  }

  get #trace() {
    return this.#chosen.find((row) => row.id === this.#times.value) ?? this.#chosen[0];
  }

  #choose() {
    this.#isPlaceChosen = true;
    this.#draw();
  }

  #draw() {
    /** @type {Map<string, string>} */
    const places = new Map();
    for (const row of this.#traces) places.set(placeOf(row), placeText(row));
    offer(this.#vantages, [...places].sort(([, a], [, b]) => inOrder(a, b)), this.#isPlaceChosen);
    this.#vantages.hidden = places.size < 2;
    const times = this.#chosen.map((row) => /** @type {const} */ ([row.id, traceText(row)]));
    offer(this.#times, [[newest, "Newest"], ...times], true);
    this.#times.hidden = this.#chosen.length < 2;
    this.#summarize();
    const trace = this.#trace;
    if (!trace || this.#shown === trace.id) return;
    this.#shown = trace.id;
    this.element.dataset.trace = trace.id;
    const path = pathOf(trace.metadata);
    replace(this.#body, path ? hopTable(path) : h("p", { class: "note bad" }, failureOf(trace)));
  }

  #summarize() {
    const trace = this.#trace;
    if (!trace) return;
    const path = pathOf(trace.metadata);
    const change = this.#chosen.find((row) => pathOf(row.metadata)?.changedHop);
    const hop = change && pathOf(change.metadata)?.changedHop;
    const changed = change ? `changed at hop ${hop}, ${format.ago(now() - change.time)}` : "no change seen";
    const length = path ? `${lengthOf(path)}, ` : "";
    setText(this.#summary, `${length}${changed}, traced ${format.ago(now() - trace.time)}`);
  }
}

/**
 * Offers these choices; not while somebody is choosing.
 *
 * @param {HTMLSelectElement} select
 * @param {(readonly [value: string, text: string])[]} choices
 * @param {boolean} keeps Whether what is chosen stays so, or the first one is chosen.
 */
function offer(select, choices, keeps) {
  const before = [...select.options].map((option) => option.value + option.text).join();
  const after = choices.map((choice) => choice.join("")).join();
  if (document.activeElement === select || before === after) return;
  const chosen = select.value;
  replace(select, ...choices.map(([value, text]) => h("option", { value }, text)));
  if (keeps && choices.some(([value]) => value === chosen)) select.value = chosen;
}
