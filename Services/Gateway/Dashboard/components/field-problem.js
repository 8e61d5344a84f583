import { APIError } from "../api.js";
import { h } from "../dom.js";

let lastID = 0;

/** What is wrong with one field of a form. */
export class FieldProblem extends Error {
  /**
   * @param {string} field As the API names it, such as `checks[0].options.packets`.
   * @param {string} rule What it breaks: `must be a number`.
   */
  constructor(field, rule) {
    super(`${field} ${rule}`);
    this.name = "FieldProblem";
    this.field = field;
  }
}

/**
 * An error about a field of something that is a part of what a form asks for.
 *
 * @param {unknown} error
 * @param {string} prefix Of the part, with its point.
 */
export function withinPart(error, prefix) {
  const field = fieldOf(error);
  if (!field || !(error instanceof Error)) return error;
  return new FieldProblem(prefix + field, ruleOf(error, field));
}

/**
 * What an error says of its field: `size must be a number` and `size: expected a number` begin with its name.
 *
 * @param {Error} error
 * @param {string} field
 */
export function ruleOf(error, field) {
  return error.message.startsWith(field) ? error.message.slice(field.length).replace(/^:?\s+/, "") : error.message;
}

/**
 * Shows an error at the field that it names, and goes there.
 *
 * @param {HTMLElement} form
 * @param {unknown} error
 * @returns {boolean} Whether the form has that field.
 */
export function placeProblem(form, error) {
  const field = fieldOf(error);
  if (!field || !(error instanceof Error)) return false;
  const control = controlOf(form, field) ?? controlOf(form, field.replace(/[.[].*/s, ""));
  if (!control) return false;
  const rule = ruleOf(error, field);
  const id = `problem-${++lastID}`;
  const text = h("span", { class: "field-problem", id, role: "alert" }, rule.charAt(0).toUpperCase() + rule.slice(1));
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", id);
  control.closest("label")?.after(text);
  const fold = control.closest("details");
  if (fold) fold.open = true;
  control.focus();
  control.scrollIntoView({ block: "center" });
  control.addEventListener("input", () => forget(control), { once: true });
  return true;
}

/** @param {HTMLElement} form */
export function forgetProblems(form) {
  form.querySelectorAll("[data-field][aria-invalid]").forEach((control) => forget(control));
}

/** @param {Element} control */
function forget(control) {
  document.getElementById(control.getAttribute("aria-describedby") ?? "")?.remove();
  control.removeAttribute("aria-invalid");
  control.removeAttribute("aria-describedby");
}

/**
 * @param {HTMLElement} form
 * @param {string} field A part of one, such as `labels.site`, may have no control of its own.
 */
function controlOf(form, field) {
  return /** @type {HTMLElement | null} */ (form.querySelector(`[data-field="${CSS.escape(field)}"]`));
}

/** @param {unknown} error */
function fieldOf(error) {
  return error instanceof FieldProblem || error instanceof APIError ? error.field : undefined;
}
