import { call, isCancellation, messageOf } from "../api.js";
import { arrange, h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { rowOfMeasurement, vantageOf } from "../rows.js";
import { onRows } from "../store.js";
import { emptyState, errorState, loadingRows } from "./notices.js";
import { openRowDialog } from "./row-dialog.js";

/** @typedef {import("../types.js").Row} Row */

const shownRows = 50;
const heads = ["Time", "Check", "Agent", "Status", "Latency"];

/** The latest rows of a target, newest first, moving; they stand still under a pointer or with the focus. */
export class RowsTable {
  /** @type {Row[]} Newest first. */
  #rows = [];
  /** @type {Map<string, HTMLElement>} */
  #elements = new Map();
  #loaded = false;
  #loading = new AbortController();
  #drawing = 0;
  #failuresOnly = h("input", { type: "checkbox", onchange: () => void this.load() });
  #held = h("p", { class: "faint held", "aria-live": "off" });
  #group = h("tbody");
  #table = h(
    "table",
    { class: "table rows" },
    h("caption", { class: "visually-hidden" }, "Latest rows"),
    h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col", class: text === "Latency" ? "number" : "" }, text)))),
    this.#group,
  );
  #body = h("div");
  element = h(
    "section",
    { class: "panel", "aria-label": "Latest rows" },
    h(
      "header",
      { class: "panel-head" },
      h("h2", {}, "Latest rows"),
      h("div", { class: "group" }, this.#held, h("label", { class: "check-choice inline" }, this.#failuresOnly, "Failures only")),
    ),
    this.#body,
  );

  /** @param {string} targetID */
  constructor(targetID) {
    this.targetID = targetID;
    this.end = onRows((rows) => this.#take(rows));
    this.#table.addEventListener("mouseleave", () => this.#draw());
    this.#table.addEventListener("focusout", () => this.#schedule());
  }

  dispose() {
    this.end();
    this.#loading.abort();
    cancelAnimationFrame(this.#drawing);
  }

  async load() {
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#loaded = false;
    this.#rows = [];
    replace(this.#body, loadingRows(5));
    try {
      const statuses = this.#failuresOnly.checked ? ["timeout", "error"] : [undefined];
      const from = new Date(Date.now() - 86_400_000).toISOString();
      const pages = await Promise.all(
        statuses.map((status) => {
          const query = { target_id: this.targetID, status, limit: shownRows, from };
          return call("GET", "/measurements", { query, signal });
        }),
      );
      this.#loaded = true;
      this.#insert(pages.flatMap((page) => page.measurements.map(rowOfMeasurement)));
      this.#draw();
    } catch (error) {
      if (isCancellation(error)) return;
      replace(this.#body, errorState("Rows could not be loaded", messageOf(error), () => void this.load()));
    }
  }

  /** @param {Row[]} rows */
  #take(rows) {
    const own = rows.filter((row) => row.targetID === this.targetID);
    if (own.length === 0) return;
    this.#insert(own);
    this.#schedule();
  }

  /** @param {Row[]} rows */
  #insert(rows) {
    const known = new Set(this.#rows.map((row) => row.id));
    const wanted = rows.filter((row) => !known.has(row.id) && (!this.#failuresOnly.checked || row.status !== "success"));
    this.#rows = [...wanted, ...this.#rows].sort((a, b) => b.time - a.time).slice(0, shownRows);
  }

  get #isHeld() {
    const isRead = document.querySelector("dialog[open]") !== null;
    return isRead || this.#group.matches(":hover") || this.#group.contains(document.activeElement);
  }

  #schedule() {
    if (this.#drawing === 0) this.#drawing = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = 0;
    if (!this.#loaded) return;
    setText(this.#held, this.#isHeld ? "Held while you look" : "");
    if (this.#isHeld) return;
    if (this.#rows.length === 0) {
      const text = this.#failuresOnly.checked ? "Nothing has failed in the last day." : "Rows appear here as agents report.";
      replace(this.#body, emptyState("check", "No rows", text));
      return;
    }
    if (!this.#table.isConnected) replace(this.#body, this.#table);
    const elements = this.#rows.map((row) => this.#element(row));
    arrange(this.#group, elements);
    const kept = new Set(this.#rows.map((row) => row.id));
    for (const id of this.#elements.keys()) if (!kept.has(id)) this.#elements.delete(id);
  }

  /** @param {Row} row */
  #element(row) {
    const known = this.#elements.get(row.id);
    if (known) return known;
    const failed = row.status !== "success";
    const time = `${format.preciseTime(row.time)}`;
    const button = h(
      "button",
      { class: "row-open number", type: "button", "aria-label": `Details of ${time}` },
      time,
    );
    const words = failed ? [row.status, row.reason !== row.status && row.reason].filter(Boolean).join(": ") : "success";
    const element = h(
      "tr",
      { "data-row-id": row.id, "data-failed": failed, onclick: () => openRowDialog(row) },
      h("td", {}, button),
      h("td", {}, h("span", { class: "tag" }, row.type.toUpperCase())),
      h("td", { class: "soft ellipsis" }, vantageOf(row)),
      h("td", { class: failed ? "bad" : "soft" }, words.replaceAll("_", " ")),
      h("td", { class: "number" }, format.latency(row.latency)),
    );
    this.#elements.set(row.id, element);
    return element;
  }
}
