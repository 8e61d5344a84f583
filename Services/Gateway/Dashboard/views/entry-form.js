import { h } from "../dom.js";
import { submitting } from "../components/submitting.js";

/**
 * A form on a page of its own, for who comes by a link: errors stand at their fields, or below them.
 *
 * @param {string} title
 * @param {HTMLElement[]} fields
 * @param {string} action
 * @param {() => Promise<void>} submit
 */
export function entryForm(title, fields, action, submit) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { class: "button primary", type: "submit" }, action);
  const form = h(
    "form",
    { class: "sign-in", novalidate: true },
    h("img", { src: "/favicon.svg", alt: "", width: 44, height: 44 }),
    h("h1", {}, title),
    ...fields,
    problem,
    button,
  );
  submitting(form, button, problem, submit);
  requestAnimationFrame(() => form.querySelector("input")?.focus());
  return form;
}
