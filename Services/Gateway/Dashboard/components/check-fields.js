import { timeout } from "../check-options.js";
import { checkTypes } from "../check-types.js";
import { h } from "../dom.js";
import { OptionInput } from "./option-input.js";

/**
 * @typedef {import("../types.js").CheckType} CheckType
 * @typedef {import("../types.js").NewCheck & {options: import("../types.js").CheckOptions}} NewCheck
 */

const intervals = [
  [500, "0.5 s"], [1_000, "1 s"], [2_500, "2.5 s"], [5_000, "5 s"], [10_000, "10 s"],
  [30_000, "30 s"], [60_000, "1 min"], [300_000, "5 min"],
];
const defaultInterval = 2_500;

/** Chooses types of check, and for each how often and what it needs to know. */
export class CheckFields {
  #parts = /** @type {CheckType[]} */ (Object.keys(checkTypes)).map((type) => new CheckField(type));

  #isTouched = false;

  /** @param {CheckType} [first] Chosen at the start. */
  constructor(first = "icmp") {
    this.element = h(
      "fieldset",
      { class: "check-fields" },
      h("legend", { class: "label" }, "Checks"),
      ...this.#parts.map((part) => part.element),
    );
    this.element.addEventListener("change", () => (this.#isTouched = true));
    this.suggest(first);
  }

  /**
   * Chooses one type alone, as long as nobody has chosen.
   *
   * @param {CheckType} type
   */
  suggest(type) {
    if (this.#isTouched) return;
    for (const part of this.#parts) part.choose(part.type === type);
  }

  /**
   * The chosen ones. Throws a `FieldProblem` when one cannot be read.
   *
   * @returns {NewCheck[]}
   */
  get checks() {
    this.#name();
    return this.#chosen.map((part) => part.check);
  }

  get #chosen() {
    return this.#parts.filter((part) => part.isChosen);
  }

  /** Errors name checks by their place among those that are chosen. */
  #name() {
    this.#chosen.forEach((part, index) => part.name(`checks[${index}].`));
  }

  /** Takes the first of the chosen ones out, as when it has been added. */
  dropFirst() {
    this.#chosen[0]?.choose(false);
    this.#name();
  }
}

class CheckField {
  /** @type {HTMLInputElement} */
  #box;
  #interval = h(
    "select",
    { class: "input" },
    ...intervals.map(([value, text]) => h("option", { value, selected: value === defaultInterval }, text)),
  );
  #timeout = new OptionInput(timeout);
  /** @type {OptionInput[]} */
  #options;
  #details = h("div", { class: "check-details" });

  /** @param {CheckType} type */
  constructor(type) {
    this.type = type;
    const { title, text, options, more } = checkTypes[type];
    this.#box = h("input", { type: "checkbox", name: type, onchange: () => this.choose(this.#box.checked) });
    const [first, rest] = [options, inRows(more)].map((fields) => fields.map((field) => new OptionInput(field)));
    this.#options = [...first, ...rest];
    const every = h("label", { class: "field" }, h("span", { class: "label" }, "Every"), this.#interval);
    const summary = h("summary", {}, "More options", h("span", { class: "visually-hidden" }, ` of the ${title} check`));
    this.#details.append(
      every,
      ...first.map((input) => input.element),
      h(
        "details",
        { class: "more-options" },
        summary,
        h("div", { class: "check-details" }, this.#timeout.element, ...rest.map((input) => input.element)),
      ),
    );
    this.element = h(
      "div",
      { class: "check-field", "data-check": type },
      h("label", { class: "check-choice" }, this.#box, h("strong", {}, title), h("span", { class: "faint" }, text)),
      this.#details,
    );
  }

  get isChosen() {
    return this.#box.checked;
  }

  /** @param {boolean} chosen */
  choose(chosen) {
    this.#box.checked = chosen;
    this.#details.hidden = !chosen;
    this.element.classList.toggle("chosen", chosen);
  }

  /** @param {string} prefix Of its fields. */
  name(prefix) {
    this.#interval.dataset.field = `${prefix}interval_ms`;
    this.#timeout.path = `${prefix}timeout_ms`;
    for (const input of this.#options) input.path = `${prefix}options.${input.field.name}`;
  }

  /** @returns {NewCheck} */
  get check() {
    /** @type {import("../types.js").CheckOptions} */
    const options = {};
    for (const { field, value } of this.#options) if (value !== undefined) options[field.name] = value;
    const milliseconds = /** @type {number | undefined} */ (this.#timeout.value);
    return { type: this.type, interval_ms: Number(this.#interval.value), timeout_ms: milliseconds, options };
  }
}

/**
 * What stands beside each other first, then what has a row of its own.
 *
 * @param {import("../check-options.js").OptionField[]} fields
 */
function inRows(fields) {
  const rows = /** @type {string[]} */ (["boolean", "pairs", "long"]);
  return [...fields].sort((a, b) => rows.indexOf(a.kind) - rows.indexOf(b.kind));
}
