import { mayEdit } from "../actions.js";
import { h, replace, setText } from "../dom.js";
import { countByHealth, healthText } from "../health.js";
import { icon } from "../components/icons.js";
import { emptyState, errorState, loadingRows } from "../components/notices.js";
import { SummaryCards } from "../components/summary-cards.js";
import { openTargetDialog } from "../components/target-dialog.js";
import { TargetTable } from "../components/target-table.js";
import { state, subscribe } from "../store.js";
import { loadTargets } from "../sync.js";
import { onTheme } from "../theme.js";

/** @typedef {import("../health.js").Health} Health */

const filters = /** @type {const} */ (["failing", "unknown", "up", "paused"]);

/** @returns {import("../main.js").View} */
export function overviewView() {
  const cards = new SummaryCards();
  const table = new TargetTable();
  /** @type {Health | null} */
  let health = null;
  const search = h("input", {
    class: "input", type: "search", placeholder: "Search targets", "aria-label": "Search targets",
    autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/",
  });
  const segments = h("div", { class: "segments", role: "group", "aria-label": "Filter by state" });
  const notice = h("div");
  const link = h("a", { href: "#/agents", class: "underlined" }, "See the agents");
  const text = h("span", {}, "No agent is online, so nothing is probed. ", link);
  const banner = h("p", { class: "banner", role: "status", hidden: true }, icon("alert"), text);
  const toolbar = h("div", { class: "toolbar" }, h("div", { class: "search" }, icon("search"), search), segments);
  const panel = h("section", { class: "panel", "aria-label": "Targets" }, toolbar, table.element, notice);

  const add = () => openTargetDialog((target) => (location.hash = `#/targets/${target.id}`));
  const addButton = () =>
    h("button", { class: "button primary", type: "button", onclick: add }, icon("plus"), "Add target");

  const buttons = new Map(
    [null, ...filters].map((name) => {
      const count = h("span", { class: "number" });
      const button = h("button", { type: "button", onclick: () => choose(name) }, name ? healthText[name] : "All", count);
      segments.append(button);
      return [name, { button, count }];
    }),
  );

  /** @param {Health | null} name */
  function choose(name) {
    health = name;
    filter();
  }

  function filter() {
    const matches = table.filter(search.value, health);
    for (const [name, { button }] of buttons) button.setAttribute("aria-pressed", String(name === health));
    showNotice(matches);
  }

  /** @param {number} matches */
  function showNotice(matches) {
    const error = state.errors.targets;
    const loaded = state.targets !== null;
    table.element.hidden = matches === 0;
    toolbar.hidden = !loaded || state.targets?.size === 0;
    if (matches > 0) replace(notice);
    else if (!loaded && error) replace(notice, errorState("Targets could not be loaded", error, () => void loadTargets()));
    else if (!loaded) replace(notice, loadingRows(6));
    else if (state.targets?.size) replace(notice, emptyState("search", "No target matches", "Try another word or state."));
    else {
      const text = "Add a host, an address or a URL, and agents begin to probe it within a second.";
      replace(notice, emptyState("target", "Nothing is watched yet", text, ...(mayEdit() ? [addButton()] : [])));
    }
  }

  function count() {
    const counts = countByHealth();
    for (const [name, { button, count }] of buttons) {
      const value = name ? counts[name] : (state.targets?.size ?? 0);
      setText(count, String(value));
      button.hidden = name === "paused" && value === 0 && health !== name;
    }
  }

  function refresh() {
    count();
    cards.update();
    banner.hidden = state.agents === null || state.agents.some((agent) => agent.state === "online");
    if (table.isHeld) table.update();
    else showNotice(table.order());
  }

  /** @param {KeyboardEvent} event */
  function shortcut(event) {
    const typing = /** @type {Element} */ (event.target).closest("input, select, textarea, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    search.focus();
  }

  search.addEventListener("input", filter);
  document.addEventListener("keydown", shortcut);
  const ends = [
    subscribe(["targets", "summary", "incidents", "person", "agents", "clock"], refresh),
    subscribe(["measurements"], () => table.update()),
    onTheme(() => table.update()),
    () => document.removeEventListener("keydown", shortcut),
  ];

  const actions = h("div", { class: "actions" });
  const showActions = () => {
    if (actions.hasChildNodes() !== mayEdit()) replace(actions, mayEdit() && addButton());
  };
  ends.push(subscribe(["person"], showActions));
  showActions();
  const head = h(
    "header",
    { class: "page-head" },
    h("div", {}, h("h1", {}, "Overview"), h("p", { class: "faint" }, "The last hour")),
    actions,
  );
  return {
    title: "Overview",
    element: h("div", {}, head, banner, cards.element, panel),
    shown: () => {
      filter();
      refresh();
    },
    dispose: () => ends.forEach((end) => end()),
  };
}
