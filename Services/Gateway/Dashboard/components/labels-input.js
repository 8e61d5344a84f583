import { FieldProblem } from "./field-problem.js";
import { input } from "./field.js";

/**
 * As they are typed, in the order of their keys.
 *
 * @param {Record<string, string>} labels
 */
export function labelTexts(labels) {
  return Object.keys(labels).sort().map((key) => `${key}=${labels[key]}`);
}

/** @param {Record<string, string>} [labels] */
export function labelsInput(labels = {}) {
  return input("labels", { value: labelTexts(labels).join(", "), placeholder: "site=vienna, floor=3" });
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
