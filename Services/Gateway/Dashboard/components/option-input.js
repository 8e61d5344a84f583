import { h } from "../dom.js";
import { FieldProblem } from "./field-problem.js";

/** @typedef {import("../check-options.js").OptionField} OptionField */

const wide = ["long", "pairs"];

/** One option of a check: its control, and what that holds. */
export class OptionInput {
  /** @type {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} */
  #control;

  /** @param {OptionField} field */
  constructor(field) {
    this.field = field;
    this.#control = controlOf(field);
    const label = h("span", { class: "label" }, field.label);
    this.element =
      field.kind === "boolean"
        ? h("label", { class: "field check-choice inline" }, this.#control, label)
        : h("label", { class: wide.includes(field.kind) ? "field across" : "field" }, label, this.#control);
  }

  /**
   * By which an error names it.
   *
   * @param {string} path
   */
  set path(path) {
    this.#control.dataset.field = path;
  }

  /**
   * What is to be sent; undefined when it is what holds anyway. Throws a `FieldProblem` when it cannot be read.
   *
   * @returns {import("../types.js").CheckOptions[string] | undefined}
   */
  get value() {
    const { kind, holds, choices } = this.field;
    if (this.#control instanceof HTMLInputElement && kind === "boolean") {
      return this.#control.checked === holds ? undefined : this.#control.checked;
    }
    const text = kind === "long" ? this.#control.value : this.#control.value.trim();
    if (text === "" || (choices && text === choices[0])) return undefined;
    switch (kind) {
      case "number": return this.#number(text);
      case "list": return parts(text);
      case "numbers": return parts(text).map((part) => this.#number(part));
      case "pairs": return Object.fromEntries(lines(text).map((line) => this.#pair(line)));
      default: return text;
    }
  }

  /** @param {string} text */
  #number(text) {
    if (/^\d{1,12}$/.test(text)) return Number(text);
    throw this.#problem(this.field.kind === "number" ? "must be a number" : "must be numbers, with commas between them");
  }

  /**
   * @param {string} line
   * @returns {[string, string]}
   */
  #pair(line) {
    const colon = line.indexOf(":");
    if (colon < 1) throw this.#problem("must have a name, a colon and a value on each line");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  }

  /** @param {string} rule */
  #problem(rule) {
    return new FieldProblem(this.#control.dataset.field ?? this.field.name, rule);
  }
}

/** @param {OptionField} field */
function controlOf({ name, kind, placeholder, choices, holds }) {
  const common = { class: "input", name, placeholder, autocomplete: "off", spellcheck: "false" };
  if (kind === "boolean") return h("input", { type: "checkbox", name, checked: holds });
  if (choices) return h("select", { class: "input", name }, ...choices.map((choice) => h("option", {}, choice)));
  if (wide.includes(kind)) return h("textarea", { ...common, rows: 3 });
  return h("input", { ...common, inputmode: kind === "number" ? "numeric" : undefined });
}

/** @param {string} text */
function lines(text) {
  return text.split("\n").filter((line) => line.trim());
}

/** @param {string} text */
function parts(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}
