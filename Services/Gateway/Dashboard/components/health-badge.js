import { h, setText } from "../dom.js";
import { healthText } from "../health.js";

/** @typedef {import("../health.js").Health} Health */

/** A mark whose shape says as much as its colour, and the word. */
export class HealthBadge {
  #text = h("span");
  element = h("span", { class: "health" }, h("span", { class: "mark", "aria-hidden": "true" }), this.#text);

  /** @param {Health} health */
  update(health) {
    if (this.element.dataset.health === health) return;
    this.element.dataset.health = health;
    setText(this.#text, healthText[health]);
  }
}

/** @param {Health} health */
export function healthBadge(health) {
  const badge = new HealthBadge();
  badge.update(health);
  return badge.element;
}
