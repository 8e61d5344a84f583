import { call, messageOf } from "../api.js";
import { h, replace, setText } from "../dom.js";
import * as format from "../format.js";
import { emptyState, errorState, loadingRows } from "../components/notices.js";
import { table } from "../components/table.js";
import { now, state, subscribe } from "../store.js";

/**
 * @typedef {import("../types.js").Incident} Incident
 * @typedef {"firing" | "resolved"} Tab
 */

const pageLength = 50;
const tabs = /** @type {const} */ ({ firing: "Open", resolved: "Resolved" });

/** @returns {import("../main.js").View} */
export function incidentsView() {
  /** @type {Tab} */
  let tab = "firing";
  /** @type {Incident[]} */
  let resolved = [];
  /** @type {string | undefined} */
  let next;
  let loading = new AbortController();
  const body = h("div");
  const more = h("button", { class: "button", type: "button", onclick: () => void load(true) }, "Show older");
  const openCount = h("span", { class: "number" });
  const buttons = /** @type {Tab[]} */ (["firing", "resolved"]).map((name) =>
    h("button", { type: "button", "data-tab": name, onclick: () => choose(name) }, tabs[name], name === "firing" && openCount),
  );
  const segments = h("div", { class: "segments", role: "group", "aria-label": "Which incidents" }, ...buttons);

  /** @param {Tab} name */
  function choose(name) {
    tab = name;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tab === name));
    if (tab === "resolved") void load(false);
    else showFiring();
  }

  function showFiring() {
    setText(openCount, state.firing ? String(state.firing.length) : "");
    if (tab !== "firing") return;
    const error = state.errors.incidents;
    if (state.firing?.length) replace(body, incidentList(state.firing));
    else if (state.firing) replace(body, emptyState("check", "Nothing is open", "No rule holds for any check right now."));
    else if (error) replace(body, errorState("Incidents could not be loaded", error, () => location.reload()));
    else replace(body, loadingRows(4));
  }

  /** @param {boolean} older */
  async function load(older) {
    loading.abort();
    const { signal } = (loading = new AbortController());
    if (!older) replace(body, loadingRows(6));
    try {
      const query = { state: "resolved", limit: pageLength, cursor: older ? next : undefined };
      /** @type {import("../types.js").IncidentPage} */
      const page = await call("GET", "/incidents", { query, signal });
      resolved = older ? [...resolved, ...page.incidents] : page.incidents;
      next = page.next_cursor;
    } catch (error) {
      if (!signal.aborted) replace(body, errorState("Incidents could not be loaded", messageOf(error), () => void load(false)));
      return;
    }
    if (signal.aborted || tab !== "resolved") return;
    if (resolved.length === 0) replace(body, emptyState("incidents", "None yet", "What was open and is over stands here."));
    else replace(body, incidentList(resolved), next && h("div", { class: "table-more" }, more));
  }

  function tick() {
    for (const cell of body.querySelectorAll("[data-since]")) {
      setText(cell, format.duration(now() - Number(/** @type {HTMLElement} */ (cell).dataset.since)));
    }
  }

  const ends = [subscribe(["incidents"], showFiring), subscribe(["clock"], tick)];
  const head = h(
    "header",
    { class: "page-head" },
    h("div", {}, h("h1", {}, "Incidents"), h("p", { class: "faint" }, "When a rule held, and for how long")),
    segments,
  );
  return {
    title: "Incidents",
    element: h("div", {}, head, h("section", { class: "panel", "aria-label": "Incidents" }, body)),
    shown: () => choose("firing"),
    dispose: () => {
      loading.abort();
      ends.forEach((end) => end());
    },
  };
}

/** @param {Incident[]} incidents */
function incidentList(incidents) {
  const heads = ["Severity", "Incident", "Check", "#Began", "#Lasted"];
  return table("incidents", "Incidents", heads, incidents.map(incidentRow));
}

/** @param {Incident} incident */
function incidentRow(incident) {
  const began = Date.parse(incident.started_at);
  const firing = incident.state === "firing";
  const lasted = format.duration(firing ? now() - began : incident.duration_ms);
  return h(
    "tr",
    { "data-incident-id": incident.id, "data-state": incident.state },
    h("td", {}, h("span", { class: "severity", "data-severity": firing ? incident.severity : "over" }, incident.severity)),
    h(
      "th",
      { scope: "row", class: "target" },
      h("a", { class: "target-name", href: `#/targets/${incident.target_id}` }, incident.target_name),
      h("span", { class: "faint" }, `${incident.rule_name}: ${incident.cause}`),
      incident.silenced_until &&
        h("div", {}, h("span", { class: "tag" }, `silent until ${format.dateAndTime(Date.parse(incident.silenced_until))}`)),
    ),
    h("td", {}, h("span", { class: "tag" }, incident.check_type.toUpperCase())),
    h("td", { class: "number", "data-label": "Began" }, h("time", { datetime: incident.started_at }, format.dateAndTime(began))),
    h("td", { class: "number", "data-label": "Lasted", "data-since": firing ? began : undefined }, lasted),
  );
}
