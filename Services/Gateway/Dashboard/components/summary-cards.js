import { h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { countByHealth, healthText } from "../health.js";
import { state } from "../store.js";

/** @typedef {import("../health.js").Health} Health */

const order = /** @type {const} */ (["failing", "unknown", "up", "paused"]);

/** What all targets amount to, over the last hour. */
export class SummaryCards {
  #values = new Map(
    ["targets", "success", "p50", "p95", "p99", "throughput", "incidents"].map((name) => [name, h("span", {}, "–")]),
  );
  #notes = new Map(["targets", "success", "throughput", "incidents"].map((name) => [name, h("p", { class: "note" })]));
  #bar = h("div", { class: "bar", "aria-hidden": "true" });
  element = h(
    "section",
    { class: "cards", "aria-label": "The last hour" },
    this.#card("Targets up", "targets", this.#bar),
    this.#card("Success rate", "success"),
    this.#latencyCard(),
    this.#card("Throughput", "throughput"),
    this.#card("Open incidents", "incidents"),
  );

  /**
   * @param {string} label
   * @param {string} name
   * @param {...HTMLElement} more
   */
  #card(label, name, ...more) {
    const value = h("p", { class: "value number", "data-card": name }, this.#value(name));
    return h("div", { class: "card" }, h("h2", { class: "label" }, label), value, ...more, this.#note(name));
  }

  #latencyCard() {
    const parts = ["p50", "p95", "p99"].map((name) =>
      h("div", {}, h("dt", {}, name), h("dd", { class: "number", "data-card": name }, this.#value(name))),
    );
    return h("div", { class: "card wide" }, h("h2", { class: "label" }, "Latency"), h("dl", {}, ...parts));
  }

  /** @param {string} name */
  #value(name) {
    return /** @type {HTMLElement} */ (this.#values.get(name));
  }

  /** @param {string} name */
  #note(name) {
    return /** @type {HTMLElement} */ (this.#notes.get(name));
  }

  update() {
    this.#updateTargets();
    const all = state.overall;
    for (const name of ["success", "p50", "p95", "p99", "throughput"]) {
      this.#value(name).classList.toggle("skeleton", all === null && !state.errors.summary);
    }
    if (!all && state.errors.summary) setText(this.#note("success"), "could not be loaded");
    if (all) {
      setText(this.#value("success"), all.count ? format.percent(1 - all.error_rate) : "–");
      setText(this.#note("success"), `${format.count(all.failures)} of ${format.count(all.count)} failed`);
      setText(this.#value("p50"), format.latency(all.p50_ms));
      setText(this.#value("p95"), format.latency(all.p95_ms));
      setText(this.#value("p99"), format.latency(all.p99_ms));
      replace(this.#value("throughput"), format.rate(all.throughput), h("span", { class: "unit" }, "/s"));
      setText(this.#note("throughput"), "measurements stored");
    }
    this.#updateIncidents();
  }

  #updateTargets() {
    const value = this.#value("targets");
    value.classList.toggle("skeleton", state.targets === null && !state.errors.targets);
    if (!state.targets) return;
    const total = state.targets.size;
    const counts = countByHealth();
    const watched = total - counts.paused;
    replace(value, counts.up, h("span", { class: "unit" }, ` / ${watched}`));
    const rest = order.filter((health) => health !== "up" && counts[health] > 0);
    const text = rest.map((health) => `${counts[health]} ${healthText[health].toLowerCase()}`).join(", ");
    setText(this.#note("targets"), text || (total > 0 ? "all answer" : "none yet"));
    const parts = order.filter((health) => counts[health] > 0).map((health) => {
      const part = h("span", { "data-health": health });
      part.style.flexGrow = String(counts[health]);
      return part;
    });
    this.#bar.replaceChildren(...parts);
  }

  #updateIncidents() {
    const firing = state.firing;
    const value = this.#value("incidents");
    value.classList.toggle("skeleton", firing === null && !state.errors.incidents);
    if (!firing) return;
    setText(value, String(firing.length));
    value.classList.toggle("bad", firing.length > 0);
    const critical = firing.filter((incident) => incident.severity === "critical").length;
    setText(this.#note("incidents"), critical ? `${critical} critical` : firing.length ? "none critical" : "all quiet");
  }
}
