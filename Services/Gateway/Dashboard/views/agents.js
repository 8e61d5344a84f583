import { arrange, h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { emptyState, errorState, loadingRows } from "../components/notices.js";
import { now, state, subscribe } from "../store.js";
import { loadAgents } from "../sync.js";

/** @returns {import("../main.js").View} */
export function agentsView() {
  /** @type {Map<string, ReturnType<typeof agentRow>>} */
  const rows = new Map();
  const rowGroup = h("tbody");
  const heads = ["State", "Agent", "Labels", "Version", "Known since", "Last heard"].map((text, column) =>
    h("th", { scope: "col", class: column > 2 ? "number" : "" }, text),
  );
  const table = h(
    "table",
    { class: "table agents" },
    h("caption", { class: "visually-hidden" }, "Agents"),
    h("thead", {}, h("tr", {}, ...heads)),
    rowGroup,
  );
  const body = h("div");

  function update() {
    const { agents, errors } = state;
    if (!agents && errors.agents) {
      replace(body, errorState("Agents could not be loaded", errors.agents, () => void loadAgents()));
    } else if (!agents) {
      replace(body, loadingRows(3));
    } else if (agents.length === 0) {
      replace(body, emptyState("agents", "No agent has registered", "Start a probe-agent, and it appears here by itself."));
    } else {
      if (!table.isConnected) replace(body, table);
      const order = [...agents].sort((a, b) => (a.name < b.name ? -1 : 1));
      const elements = order.map((agent) => {
        const row = rows.get(agent.id) ?? agentRow();
        rows.set(agent.id, row);
        row.update(agent);
        return row.element;
      });
      arrange(rowGroup, elements);
    }
  }

  const end = subscribe(["agents", "clock"], update);
  return {
    title: "Agents",
    element: h(
      "div",
      {},
      h(
        "header",
        { class: "page-head" },
        h("div", {}, h("h1", {}, "Agents"), h("p", { class: "faint" }, "The vantage points that probe")),
      ),
      h("section", { class: "panel", "aria-label": "Agents" }, body),
    ),
    shown: update,
    dispose: end,
  };
}

function agentRow() {
  const mark = h("span", { class: "mark", "aria-hidden": "true" });
  const word = h("span");
  const health = h("span", { class: "health" }, mark, word);
  const name = h("span", { class: "target-name" });
  const labels = h("td", { class: "labels" });
  const version = h("td", { class: "number", "data-label": "Version" });
  const since = h("td", { class: "number", "data-label": "Known since" });
  const heard = h("td", { class: "number", "data-label": "Last heard" });
  const cells = [h("td", { class: "state" }, health), h("th", { scope: "row", class: "target" }, name)];
  let shownLabels = "";
  return {
    element: h("tr", {}, ...cells, labels, version, since, heard),
    /** @param {import("../types.js").Agent} agent */
    update(agent) {
      health.dataset.health = agent.state === "online" ? "up" : "failing";
      setText(word, agent.state === "online" ? "Online" : "Offline");
      setText(name, agent.name);
      setText(version, agent.version);
      setText(since, format.date(Date.parse(agent.registered_at)));
      setText(heard, format.ago(now() - Date.parse(agent.last_seen_at)));
      const pairs = Object.entries(agent.labels).map(([key, value]) => `${key}=${value}`);
      if (pairs.join() === shownLabels) return;
      shownLabels = pairs.join();
      replace(labels, ...pairs.map((pair) => h("span", { class: "tag mono" }, pair)));
    },
  };
}
