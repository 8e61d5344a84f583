import { h, replace } from "../dom.js";
import { icon } from "../components/icons.js";
import { emptyState, errorState, loadingRows } from "../components/notices.js";
import { state, subscribe } from "../store.js";
import { loadPerson } from "../sync.js";

/**
 * A view of panels that not everyone may see, or change. It follows the role of whoever is signed in.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {import("../dom.js").Child[]} options.text
 * @param {import("../components/icons.js").IconName} options.symbol
 * @param {() => boolean} [options.may] Who sees it; everyone, when left out.
 * @param {string} [options.instead] What others are told.
 * @param {() => import("../dom.js").Child[]} options.actions Asked again whenever the role changes.
 * @param {import("../components/loaded-panel.js").LoadedPanel<any>[]} options.panels
 * @param {() => void} [options.tick] Called each second.
 * @returns {import("../main.js").View}
 */
export function panelView({ title, text, symbol, may = () => true, instead = "", actions, panels, tick }) {
  const buttons = h("div", { class: "actions" });
  const body = h("div");
  let shown = "";

  function update() {
    const next = JSON.stringify([state.person?.role, state.person?.operator, !state.person && state.errors.person]);
    if (next === shown) return;
    shown = next;
    if (!state.person) return replace(body, waiting());
    replace(buttons, ...(may() ? actions() : []));
    if (!may()) {
      replace(body, h("section", { class: "panel" }, emptyState(symbol, "Not for your role", instead)));
      return;
    }
    replace(body, ...panels.map((panel) => panel.element));
    for (const panel of panels) void panel.load();
  }

  /** What stands here until it is known who is signed in. */
  function waiting() {
    const error = state.errors.person;
    const retry = () => {
      delete state.errors.person;
      update();
      void loadPerson();
    };
    return error ? errorState("Your role could not be loaded", error, retry) : loadingRows(3);
  }

  const ends = [subscribe(["person"], update)];
  if (tick) ends.push(subscribe(["clock"], tick));
  const head = h(
    "header",
    { class: "page-head" },
    h("div", {}, h("h1", {}, title), h("p", { class: "faint" }, ...text)),
    buttons,
  );
  return {
    title,
    element: h("div", {}, head, body),
    shown: update,
    dispose: () => {
      ends.forEach((end) => end());
      panels.forEach((panel) => panel.dispose());
    },
  };
}

/**
 * @param {string} text
 * @param {() => void} onclick
 */
export function addButton(text, onclick) {
  return h("button", { class: "button primary", type: "button", onclick }, icon("plus"), text);
}
