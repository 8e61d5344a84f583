import { mayEdit } from "../actions.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { labelTexts } from "../components/labels-input.js";
import { openMaintenanceDialog } from "../components/maintenance-dialog.js";
import { SpansPanel } from "../components/spans-panel.js";
import { targetLinks } from "../components/target-links.js";
import { endings, listMaintenance, maintenanceKind } from "../spans.js";
import { addButton, panelView } from "./panel-view.js";

/** @typedef {import("../spans.js").Maintenance} Maintenance */

/** @returns {import("../main.js").View} */
export function maintenanceView() {
  const button = () => addButton("Plan maintenance", () => openMaintenanceDialog(reload));
  const hint = "While planned work is under way, its targets are measured as always, and no incident of them begins.";

  /** @param {Maintenance} maintenance @returns {import("../components/menu.js").MenuItem[]} */
  function items(maintenance) {
    if (!mayEdit()) return [];
    const change = () => openMaintenanceDialog(reload, maintenance);
    return [{ label: "Change…", symbol: "edit", run: change }, ...endings(maintenanceKind, maintenance, reload)];
  }

  /** @type {SpansPanel<Maintenance>} */
  const panel = new SpansPanel({
    label: "Maintenance",
    symbol: "maintenance",
    hint: () => (mayEdit() ? `${hint} Plan some before you begin.` : hint),
    load: listMaintenance,
    about: ({ target_ids, labels }) => [
      ...targetLinks(target_ids),
      ...labelTexts(labels).map((text) => h("span", { class: "tag mono" }, text)),
    ],
    items,
    actions: () => (mayEdit() ? [button()] : []),
  });
  const reload = () => void panel.load();
  return panelView({
    title: "Maintenance",
    text: ["Planned work, in which no incident begins. ", `Times are in ${format.timeZone()}.`],
    symbol: "maintenance",
    actions: () => (mayEdit() ? [button()] : []),
    panels: [panel],
    tick: () => panel.tick(),
  });
}
