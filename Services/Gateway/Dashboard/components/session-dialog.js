import { h } from "../dom.js";
import * as format from "../format.js";
import { addSession } from "../sessions.js";
import { openForm } from "./dialog.js";
import { FieldProblem } from "./field-problem.js";
import { field, timeInput } from "./field.js";

/**
 * Asks for a name of a span of time.
 *
 * @param {object} span
 * @param {number} span.from
 * @param {number} span.to
 * @param {string} [span.targetID] All targets, when left out.
 * @param {() => void} [added]
 */
export function openSessionDialog({ from, to, targetID }, added) {
  const name = h("input", { class: "input", "data-field": "name", maxlength: 100, autocomplete: "off" });
  const [start, end] = [timeInput("from", from), timeInput("to", to)];
  const note = h("textarea", { class: "input", "data-field": "note", rows: 3 });
  openForm({
    title: "Keep as a session",
    action: "Keep session",
    children: [
      field("Name", name, "Everyone in the team finds it by this name."),
      field("From", start),
      field("To", end, `Empty while it goes on. Times are in ${format.timeZone()}.`),
      field("Note", note),
    ],
    submit: async () => {
      if (name.value.trim() === "") throw new FieldProblem("name", "a name is needed");
      if (start.value === "") throw new FieldProblem("from", "say when it began");
      await addSession({
        name: name.value.trim(),
        from: new Date(start.value).toISOString(),
        to: end.value ? new Date(end.value).toISOString() : undefined,
        note: note.value.trim(),
        target_ids: targetID ? [targetID] : [],
      });
      added?.();
    },
  });
  name.focus();
}
