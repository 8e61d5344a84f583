import { FieldProblem } from "./field-problem.js";
import { input } from "./field.js";

/** @param {Record<string, string>} labels */
export function labelsText(labels) {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(", ");
}

/** @param {Record<string, string>} [labels] */
export function labelsInput(labels = {}) {
  return input("labels", { value: labelsText(labels), placeholder: "site=vienna, floor=3" });
}

/**
 * Throws a `FieldProblem` for what is no list of `key=value`.
 *
 * @param {HTMLInputElement} control
 */
export function labelsOf(control) {
  const parts = control.value.split(",").map((part) => part.trim()).filter(Boolean);
  return Object.fromEntries(
    parts.map((part) => {
      const equals = part.indexOf("=");
      if (equals < 1) throw new FieldProblem("labels", "must be key=value, with commas between several");
      return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    }),
  );
}
