import { h } from "../dom.js";
import { FieldProblem } from "./field-problem.js";

/**
 * As they are typed, in the order of their keys.
 *
 * @param {Record<string, string>} labels
 */
export function labelTexts(labels) {
  return Object.keys(labels).sort().map((key) => `${key}=${labels[key]}`);
}

/**
 * One on a line: a value may have any character but a line's end.
 *
 * @param {Record<string, string>} [labels]
 */
export function labelsInput(labels = {}) {
  const names = { class: "input", name: "labels", "data-field": "labels", placeholder: "site=vienna" };
  const text = labelTexts(labels).join("\n");
  return h("textarea", { ...names, rows: 2, autocomplete: "off", spellcheck: "false" }, text);
}

/**
 * Throws a `FieldProblem` for a line that is no `key=value`.
 *
 * @param {HTMLTextAreaElement} control
 */
export function labelsOf(control) {
  const lines = control.value.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const equals = line.indexOf("=");
      if (equals < 1) throw new FieldProblem("labels", "must be key=value, one on each line");
      return [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
    }),
  );
}
