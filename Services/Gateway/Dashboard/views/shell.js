import { h, replace, setText } from "../dom.js";
import { wordmark } from "../components/wordmark.js";
import { state, subscribe } from "../store.js";
import { onTheme } from "../theme.js";
import { navigation } from "./navigation.js";
import { personBox } from "./person-box.js";

/** @type {Record<import("../stream.js").StreamState, string>} */
const streamText = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", stopped: "Not connected" };

/** What stands around every view: navigation, connection, theme and person. */
export function shell() {
  const main = h("main", { class: "main", id: "main", tabindex: -1 });
  const places = navigation();
  const connection = connectionState();
  const person = personBox();
  const skip = h("button", { class: "button skip", type: "button", onclick: () => main.focus() }, "Skip to content");
  const element = h(
    "div",
    { class: "shell" },
    skip,
    h(
      "header",
      { class: "sidebar" },
      wordmark(),
      places.element,
      h("div", { class: "sidebar-foot" }, connection.element, person.element),
    ),
    main,
  );

  function update() {
    places.update();
    connection.update();
    person.update();
  }
  const unsubscribe = subscribe(["incidents", "stream", "person"], update);
  const forgetTheme = onTheme(person.update);
  update();

  return {
    element,
    /**
     * @param {HTMLElement} view
     * @param {string} path
     */
    show(view, path) {
      replace(main, view);
      places.show(path);
      scrollTo(0, 0);
      if (document.activeElement === document.body) main.focus({ preventScroll: true });
    },
    dispose() {
      unsubscribe();
      forgetTheme();
    },
  };
}

function connectionState() {
  const text = h("span");
  const element = h(
    "p",
    { class: "connection", role: "status" },
    h("span", { class: "dot", "aria-hidden": "true" }),
    text,
  );
  return {
    element,
    update() {
      element.dataset.stream = state.stream;
      setText(text, streamText[state.stream]);
    },
  };
}
