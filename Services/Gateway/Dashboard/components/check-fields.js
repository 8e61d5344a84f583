import { checkTypes } from "../check-types.js";
import { h } from "../dom.js";

/**
 * @typedef {import("../types.js").CheckType} CheckType
 * @typedef {import("../types.js").NewCheck & {options: import("../types.js").CheckOptions}} NewCheck
 * @typedef {import("../check-types.js").OptionField} OptionField
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

  /** @returns {NewCheck[]} */
  get checks() {
    return this.#parts.filter((part) => part.isChosen).map((part) => part.check);
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
  /** @type {Map<OptionField, HTMLInputElement | HTMLSelectElement>} */
  #inputs = new Map();
  #details = h("div", { class: "check-details" });

  /** @param {CheckType} type */
  constructor(type) {
    this.type = type;
    const { title, text, options } = checkTypes[type];
    this.#box = h("input", { type: "checkbox", name: type, onchange: () => this.choose(this.#box.checked) });
    this.#details.append(labelled("Every", this.#interval));
    for (const option of options) {
      const input = option.choices
        ? h("select", { class: "input" }, ...option.choices.map((choice) => h("option", {}, choice)))
        : h("input", {
            class: "input",
            placeholder: option.placeholder,
            inputmode: option.numeric && "numeric",
            autocomplete: "off",
            spellcheck: "false",
          });
      this.#inputs.set(option, input);
      this.#details.append(labelled(option.label, input));
    }
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

  /** @returns {NewCheck} */
  get check() {
    /** @type {import("../types.js").CheckOptions} */
    const options = {};
    for (const [{ name, label, numeric }, input] of this.#inputs) {
      const value = input.value.trim();
      if (value === "") continue;
      if (numeric && !/^\d+$/.test(value)) throw new Error(`${label} is a number.`);
      options[name] = numeric ? Number(value) : value;
    }
    return { type: this.type, interval_ms: Number(this.#interval.value), options };
  }
}

/**
 * @param {string} label
 * @param {HTMLElement} input
 */
function labelled(label, input) {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), input);
}
