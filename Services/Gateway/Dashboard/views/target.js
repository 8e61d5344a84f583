import { call, messageOf } from "../api.js";
import { mayChange, removeTarget, toggleTarget } from "../actions.js";
import { h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { healthOfTarget } from "../health.js";
import { ChecksTable } from "../components/checks-table.js";
import { HealthBadge } from "../components/health-badge.js";
import { HostPanel } from "../components/host-panel.js";
import { icon } from "../components/icons.js";
import { emptyState, errorState, loadingRows } from "../components/notices.js";
import { PathPanel } from "../components/path-panel.js";
import { RowsTable } from "../components/rows-table.js";
import { TimelinePanel } from "../components/timeline.js";
import { state, subscribe } from "../store.js";
import { loadTargets } from "../sync.js";

/** Who keeps a target that nobody else may change. */
const keepers = { mesh: "kept by the node mesh", kubernetes: "kept by Kubernetes" };

/**
 * @param {string} id
 * @returns {import("../main.js").View}
 */
export function targetView(id) {
  const element = h("div");
  /** @type {ReturnType<typeof targetPage> | null} */
  let page = null;

  function update() {
    const target = state.targets?.get(id);
    if (target && !page) {
      page = targetPage(id);
      replace(element, page.element);
      page.load();
    }
    if (target) page?.update(target);
    else if (!page) showAbsence();
  }

  function showAbsence() {
    if (state.targets) {
      const home = h("a", { class: "button small", href: "#/" }, "Go to the overview");
      replace(element, emptyState("search", "There is no such target", "It may have been removed.", home));
    } else if (state.errors.targets) {
      replace(element, errorState("The target could not be loaded", state.errors.targets, () => void loadTargets()));
    } else replace(element, loadingRows(6));
  }

  const end = subscribe(["targets", "measurements", "clock", "person"], update);
  return {
    title: state.targets?.get(id)?.name ?? "Target",
    element,
    shown: update,
    dispose: () => {
      end();
      page?.dispose();
    },
  };
}

/** @param {string} id */
function targetPage(id) {
  const badge = new HealthBadge();
  const name = h("h1", { class: "ellipsis" });
  const about = h("p", { class: "about faint" });
  const actions = h("div", { class: "actions" });
  const figures = new Figures(id);
  const timeline = new TimelinePanel(id, (range) => void figures.load(range));
  const path = new PathPanel(id);
  const host = new HostPanel(id);
  const checks = new ChecksTable(id);
  const rows = new RowsTable(id);
  let shown = "";

  /** @param {import("../types.js").Target} target */
  function describe(target) {
    const next = JSON.stringify([target, mayChange(id)]);
    if (next === shown) return;
    shown = next;
    document.title = `${target.name} · Sonde`;
    setText(name, target.name);
    const labels = Object.entries(target.labels).map(([key, value]) => h("span", { class: "tag mono" }, `${key}=${value}`));
    replace(
      about,
      h("span", { class: "mono" }, target.address),
      target.category && h("span", { class: "tag" }, target.category),
      ...labels,
      target.managed_by && h("span", { class: "tag" }, keepers[target.managed_by]),
      target.description && h("span", {}, target.description),
    );
    if (!mayChange(id)) return replace(actions);
    const pause = target.enabled ? [icon("pause"), "Pause"] : [icon("play"), "Resume"];
    const leave = () => (location.hash = "#/");
    replace(
      actions,
      h("button", { class: "button", type: "button", onclick: () => void toggleTarget(target) }, ...pause),
      h("button", { class: "button danger", type: "button", onclick: () => removeTarget(target, leave) }, icon("trash"), "Remove"),
    );
  }

  const head = h(
    "header",
    { class: "page-head" },
    h(
      "div",
      { class: "target-head" },
      h("a", { class: "back faint", href: "#/" }, icon("left"), "Overview"),
      h("div", { class: "group" }, name, badge.element),
      about,
    ),
    actions,
  );
  return {
    element: h(
      "div",
      {},
      head,
      figures.element,
      timeline.element,
      path.element,
      host.element,
      h("div", { class: "columns" }, checks.element, rows.element),
    ),
    /** @param {import("../types.js").Target} target */
    update(target) {
      describe(target);
      badge.update(healthOfTarget(id));
      checks.update();
      timeline.update();
      path.update();
      host.update();
    },
    load() {
      void rows.load();
      void path.load();
    },
    dispose() {
      timeline.dispose();
      path.dispose();
      rows.dispose();
    },
  };
}

const figureNames = /** @type {const} */ (["Success rate", "p50", "p95", "p99", "Fastest", "Slowest", "Measurements"]);

/** What a target's rows amount to over the range that is in view. */
class Figures {
  #values = figureNames.map(() => h("dd", { class: "number" }, "–"));
  element = h(
    "dl",
    { class: "figures", "aria-label": "In view" },
    ...figureNames.map((name, index) => h("div", {}, h("dt", {}, name), this.#values[index])),
  );

  /** @param {string} targetID */
  constructor(targetID) {
    this.targetID = targetID;
  }

  /** @param {{from: number, to: number}} range */
  async load({ from, to }) {
    const query = { target_id: this.targetID, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    try {
      /** @type {import("../types.js").SummaryReport} */
      const { overall: all } = await call("GET", "/summary", { query });
      const texts = [
        all.count ? format.percent(1 - all.error_rate) : "–",
        ...[all.p50_ms, all.p95_ms, all.p99_ms, all.min_ms, all.max_ms].map(format.latency),
        format.count(all.count),
      ];
      texts.forEach((text, index) => setText(this.#values[index], text));
      this.element.removeAttribute("title");
    } catch (error) {
      this.element.title = messageOf(error);
    }
  }
}
