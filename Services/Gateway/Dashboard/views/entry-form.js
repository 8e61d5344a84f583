import { messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { forgetProblems, placeProblem } from "../components/field-problem.js";

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
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    forgetProblems(form);
    problem.hidden = true;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await submit();
    } catch (error) {
      if (placeProblem(form, error)) return;
      setText(problem, messageOf(error));
      problem.hidden = false;
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
  requestAnimationFrame(() => form.querySelector("input")?.focus());
  return form;
}
