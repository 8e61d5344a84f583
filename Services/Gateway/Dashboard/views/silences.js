import { mayEdit } from "../actions.js";
import { call } from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { openSilenceChange, openSilenceDialog } from "../components/silence-dialog.js";
import { SpansPanel } from "../components/spans-panel.js";
import { targetLinks } from "../components/target-links.js";
import { endings, listSilences, silenceKind } from "../spans.js";
import { state } from "../store.js";
import { addButton, panelView } from "./panel-view.js";

/** @typedef {import("../spans.js").Silence} Silence */

/** @returns {import("../main.js").View} */
export function silencesView() {
  /** @type {{id: string, name: string}[]} */
  let rules = [];
  const button = () => addButton("Silence incidents", () => openSilenceDialog(rules, reload));
  const hint = "While something is broken and known, nobody has to be told of it. Incidents are shown as always.";

  /** @param {AbortSignal} signal */
  async function load(signal) {
    const [silences, list] = await Promise.all([listSilences(signal), call("GET", "/rules", { signal })]);
    rules = list.rules;
    return silences;
  }

  /** @param {Silence} silence @returns {import("../components/menu.js").MenuItem[]} */
  function items(silence) {
    if (!mayEdit()) return [];
    const change = () => openSilenceChange(silence, reload);
    return [{ label: "Change…", symbol: "edit", run: change }, ...endings(silenceKind, silence, reload)];
  }

  /** @param {Silence} silence */
  function about({ rule_id, target_id, check_type, agent_id, severity }) {
    const agent = state.agents?.find(({ id }) => id === agent_id)?.name ?? agent_id;
    return [
      ...(target_id ? targetLinks([target_id]) : []),
      rule_id && tag("rule", rules.find(({ id }) => id === rule_id)?.name ?? rule_id),
      check_type && h("span", { class: "tag" }, check_type.toUpperCase()),
      agent && tag("agent", agent),
      severity && h("span", { class: "tag" }, severity),
    ];
  }

  /** @type {SpansPanel<Silence>} */
  const panel = new SpansPanel({
    label: "Silences",
    symbol: "silences",
    hint: () => (mayEdit() ? `${hint} Say which incidents, and for how long.` : hint),
    load,
    about,
    items,
    actions: () => (mayEdit() ? [button()] : []),
  });
  const reload = () => void panel.load();
  return panelView({
    title: "Silences",
    text: ["Incidents that nobody is told of for a while. ", `Times are in ${format.timeZone()}.`],
    symbol: "silences",
    actions: () => (mayEdit() ? [button()] : []),
    panels: [panel],
    tick: () => panel.tick(),
  });
}

/**
 * @param {string} kind
 * @param {string} name
 */
function tag(kind, name) {
  return h("span", { class: "tag" }, `${kind}: ${name}`);
}
