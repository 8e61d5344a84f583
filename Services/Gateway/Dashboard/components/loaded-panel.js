import { messageOf } from "../api.js";
import { h, replace } from "../dom.js";
import { errorState, loadingRows } from "./notices.js";

/**
 * A panel of something that is asked for once it is shown, and again when somebody has changed it.
 *
 * @template T
 */
export class LoadedPanel {
  /** @type {{value: T} | null} */
  #loaded = null;
  #loading = new AbortController();
  #body = h("div");

  /**
   * @param {object} options
   * @param {string} options.label
   * @param {import("../dom.js").Child} [options.head]
   * @param {(signal: AbortSignal) => Promise<T>} options.load
   * @param {(value: T) => import("../dom.js").Child[]} options.show
   */
  constructor({ label, head, load, show }) {
    this.label = label;
    this.ask = load;
    this.show = show;
    this.element = h("section", { class: "panel", "aria-label": label }, head, this.#body);
  }

  /** Undefined until it has come. */
  get value() {
    return this.#loaded?.value;
  }

  load = async () => {
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    if (!this.#loaded) replace(this.#body, loadingRows(3));
    try {
      const value = await this.ask(signal);
      if (signal.aborted) return;
      this.#loaded = { value };
      this.draw();
    } catch (error) {
      if (signal.aborted) return;
      this.#loaded = null;
      replace(this.#body, errorState(`${this.label} could not be loaded`, messageOf(error), () => void this.load()));
    }
  };

  /** Shows again what has come; who was at a button that is not there any more goes on at the top of the view. */
  draw() {
    if (!this.#loaded) return;
    const active = this.#body.contains(document.activeElement) && document.activeElement;
    replace(this.#body, ...this.show(this.#loaded.value));
    if (!active) return;
    const buttons = [...this.#body.querySelectorAll("button")];
    const label = active.getAttribute("aria-label");
    const same = label && buttons.find((button) => button.getAttribute("aria-label") === label);
    (same || document.getElementById("main"))?.focus({ preventScroll: true });
  }

  dispose() {
    this.#loading.abort();
  }
}
