import { mayAdministrate } from "../actions.js";
import { call } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../components/icons.js";
import { LoadedPanel } from "../components/loaded-panel.js";
import { numberCell, nameCell, table } from "../components/table.js";
import { openRetentionDialog, resolutions } from "../retention.js";
import { panelView } from "./panel-view.js";

/** @typedef {import("../retention.js").Resolution} Resolution */

/** @returns {import("../main.js").View} */
export function retentionView() {
  /** @type {LoadedPanel<import("../retention.js").Retention>} */
  const panel = new LoadedPanel({
    label: "Retention",
    load: (signal) => call("GET", "/retention", { signal }),
    show: ({ kept, limit }) => [
      table(
        "list retention",
        "Retention",
        ["What", "#Kept", "#At most"],
        Object.entries(resolutions).map(([name, text]) => {
          const part = /** @type {Resolution} */ (name);
          return h(
            "tr",
            { "data-resolution": part },
            nameCell(text),
            numberCell("Kept", dayCount(kept[part])),
            numberCell("At most", dayCount(limit[part])),
          );
        }),
      ),
    ],
  });
  const change = () =>
    panel.value &&
    openRetentionDialog({
      title: "Change retention",
      path: "/retention",
      days: panel.value.kept,
      limit: panel.value.limit,
      text: "Each is kept at least as long as the one above it. Days begin and end in UTC.",
      done: () => void panel.load(),
    });
  const button = () =>
    h("button", { class: "button primary", type: "button", onclick: change }, icon("edit"), "Change");
  return panelView({
    title: "Retention",
    text: ["How long is kept what your team measures. Days begin and end in UTC."],
    symbol: "retention",
    actions: () => [mayAdministrate() && button()],
    panels: [panel],
  });
}

/** @param {number} count */
function dayCount(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "day" : "days"}`;
}
