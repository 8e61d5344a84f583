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

  /** Shows again what has come, as others may do other things with it. */
  draw() {
    if (this.#loaded) replace(this.#body, ...this.show(this.#loaded.value));
  }

  dispose() {
    this.#loading.abort();
  }
}
