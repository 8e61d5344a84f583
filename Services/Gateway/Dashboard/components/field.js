import { h } from "../dom.js";

/**
 * A control under its label.
 *
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [hint]
 */
export function field(label, control, hint) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), control, hint && h("span", { class: "hint" }, hint));
}

/**
 * @param {string} name As the API names it, which is how errors find it.
 * @param {import("../dom.js").Attributes} [attributes]
 */
export function input(name, attributes = {}) {
  return h("input", { class: "input", name, "data-field": name, autocomplete: "off", spellcheck: "false", ...attributes });
}

/**
 * @param {string} name
 * @param {[value: string, label: string][]} choices
 * @param {string} [chosen]
 */
export function choice(name, choices, chosen) {
  const options = choices.map(([value, label]) => h("option", { value, selected: value === chosen }, label));
  return h("select", { class: "input", name, "data-field": name }, ...options);
}

/**
 * Asks for a moment, in the zone of whoever reads.
 *
 * @param {string} name
 * @param {number} time
 * @param {number} [step] In seconds.
 */
export function timeInput(name, time, step = 1) {
  const whole = Math.floor(time / 1_000 / step) * step * 1_000;
  const local = new Date(whole - new Date(whole).getTimezoneOffset() * 60_000);
  const value = local.toISOString().slice(0, step % 60 === 0 ? 16 : 19);
  return h("input", { class: "input", type: "datetime-local", step, value, "data-field": name });
}

/**
 * What a control holds when somebody has changed it since it was made.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} control
 */
export function changedValue(control) {
  return control.value.trim() === control.defaultValue ? undefined : control.value.trim();
}
