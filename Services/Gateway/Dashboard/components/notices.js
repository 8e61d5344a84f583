import { h } from "../dom.js";
import { icon } from "./icons.js";

/**
 * What stands where there is nothing to show.
 *
 * @param {import("./icons.js").IconName} symbol
 * @param {string} title
 * @param {string} text
 * @param {...HTMLElement} actions
 */
export function emptyState(symbol, title, text, ...actions) {
  return h(
    "div",
    { class: "empty" },
    h("span", { class: "empty-icon" }, icon(symbol)),
    h("p", { class: "empty-title" }, title),
    h("p", { class: "faint" }, text),
    actions.length > 0 && h("div", { class: "empty-actions" }, ...actions),
  );
}

/**
 * @param {string} title
 * @param {string} text
 * @param {() => void} retry
 */
export function errorState(title, text, retry) {
  const button = h("button", { class: "button small", type: "button", onclick: retry }, "Try again");
  const state = emptyState("alert", title, text, button);
  state.setAttribute("role", "alert");
  return state;
}

/** @param {number} rows */
export function loadingRows(rows) {
  return h(
    "div",
    { class: "loading-rows", role: "status", "aria-label": "Loading" },
    ...Array.from({ length: rows }, () => h("div", { class: "skeleton" })),
  );
}
