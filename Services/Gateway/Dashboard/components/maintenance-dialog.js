import { keepSpan, maintenanceKind } from "../spans.js";
import { openForm } from "./dialog.js";
import { field, changedValue } from "./field.js";
import { labelsInput, labelsOf } from "./labels-input.js";
import { SpanFields } from "./span-fields.js";
import { TargetPicker } from "./target-picker.js";

/**
 * Asks for work that is planned, or for what is to be another in it.
 *
 * @param {() => void} done
 * @param {import("../spans.js").Maintenance} [maintenance]
 */
export function openMaintenanceDialog(done, maintenance) {
  const span = new SpanFields(maintenance);
  const targets = new TargetPicker(maintenance?.target_ids);
  const labels = labelsInput(maintenance?.labels);
  const dialog = openForm({
    title: maintenance ? "Change maintenance" : "Plan maintenance",
    action: maintenance ? "Change maintenance" : "Plan maintenance",
    children: [
      ...span.elements,
      targets.element,
      field("And targets that have all these labels", labels, "One a line. Those that get them later are meant too."),
    ],
    submit: async () => {
      const body = {
        ...span.body,
        target_ids: !maintenance || targets.isChanged ? targets.ids : undefined,
        labels: !maintenance || changedValue(labels) !== undefined ? labelsOf(labels) : undefined,
      };
      await keepSpan(maintenanceKind, body, maintenance);
      done();
    },
  });
  dialog.addEventListener("close", () => targets.dispose());
  span.focus();
}
