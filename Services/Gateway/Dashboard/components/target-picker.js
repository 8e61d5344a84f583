import { h, replace, setText } from "../dom.js";
import { state, subscribe } from "../store.js";
import { field, input } from "./field.js";

/** More than these are found by searching. */
const mostShown = 50;

/** Chooses any number of targets by their names. */
export class TargetPicker {
  #chosen;
  #before;
  #known = "";
  #search = input("target_ids", { type: "search", placeholder: "Search by name, address or category" });
  #list = h("div", { class: "picker-list", role: "group", "aria-label": "Targets to choose" });
  #count = h("p", { class: "hint faint", role: "status" });

  /** @param {string[]} [ids] Chosen at the start; what was removed meanwhile is passed over. */
  constructor(ids = []) {
    this.#chosen = new Set(ids);
    this.#before = this.ids.join();
    this.element = h("div", { class: "picker" }, field("Targets", this.#search), this.#list, this.#count);
    this.#search.addEventListener("input", () => this.#draw());
    // The key that looks for a target is not to send the form.
    this.#search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    if (state.targets) this.#follow();
    else this.#draw();
    this.dispose = subscribe(["targets"], () => this.#follow());
  }

  get ids() {
    return [...this.#chosen].sort();
  }

  get isChanged() {
    return this.ids.join() !== this.#before;
  }

  /** Draws targets when they have come, and others than before; what was removed is chosen no more. */
  #follow() {
    if (!state.targets) return;
    const known = JSON.stringify([...state.targets.values()].map(({ id, name, address }) => [id, name, address]));
    if (known === this.#known) return;
    for (const id of this.#chosen) if (!state.targets.has(id)) this.#chosen.delete(id);
    if (this.#known === "") this.#before = this.ids.join();
    this.#known = known;
    const focused = /** @type {HTMLInputElement | null} */ (this.#list.querySelector(":focus"))?.value;
    this.#draw();
    if (focused) /** @type {HTMLElement | null} */ (this.#list.querySelector(`[value="${focused}"]`))?.focus();
  }

  #draw() {
    const words = this.#search.value.trim().toLowerCase();
    const all = [...(state.targets?.values() ?? [])].sort((a, b) => a.name.localeCompare(b.name));
    const found = all.filter((target) => textOf(target).includes(words));
    found.sort((a, b) => Number(this.#chosen.has(b.id)) - Number(this.#chosen.has(a.id)));
    const rest = found.length - mostShown;
    replace(
      this.#list,
      ...found.slice(0, mostShown).map((target) => this.#item(target)),
      rest > 0 && h("p", { class: "faint" }, `and ${rest} more; search for them`),
      found.length === 0 && h("p", { class: "faint" }, state.targets ? "No target matches." : "Loading…"),
    );
    this.#say();
  }

  /** @param {import("../types.js").Target} target */
  #item(target) {
    const box = h("input", { type: "checkbox", value: target.id });
    box.checked = this.#chosen.has(target.id);
    box.addEventListener("change", () => {
      if (box.checked) this.#chosen.add(target.id);
      else this.#chosen.delete(target.id);
      this.#say();
    });
    const address = target.address === target.name ? "" : target.address;
    const texts = [h("span", {}, target.name), h("span", { class: "faint ellipsis" }, address)];
    return h("label", { class: "picker-item" }, box, ...texts);
  }

  #say() {
    setText(this.#count, this.#chosen.size === 0 ? "None chosen" : `${this.#chosen.size} chosen`);
  }
}

/** @param {import("../types.js").Target} target */
function textOf({ name, address, category }) {
  return `${name} ${address} ${category}`.toLowerCase();
}
