import { h, setText } from "../dom.js";
import { healthText } from "../health.js";

/** @typedef {import("../health.js").Health} Health */

/** A mark whose shape says as much as its colour, and the word. */
export class HealthBadge {
  #text = h("span");
  element = h("span", { class: "health" }, h("span", { class: "mark", "aria-hidden": "true" }), this.#text);

  /**
   * @param {Health} health
   * @param {string} [text]
   */
  update(health, text = healthText[health]) {
    if (this.element.dataset.health !== health) this.element.dataset.health = health;
    setText(this.#text, text);
  }
}

/**
 * @param {Health} health
 * @param {string} [text]
 */
export function healthBadge(health, text) {
  const badge = new HealthBadge();
  badge.update(health, text);
  return badge.element;
}
