import { messageOf } from "../api.js";
import { setText } from "../dom.js";
import { forgetProblems, placeProblem } from "./field-problem.js";

/**
 * Has a form's button wait for `submit`. What that throws is shown at the field that it names if that is there
 * (`data-field`), and else as the form's problem.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} problem
 * @param {() => Promise<void>} submit
 */
export function submitting(form, button, problem, submit) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    problem.hidden = true;
    forgetProblems(form);
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
}
