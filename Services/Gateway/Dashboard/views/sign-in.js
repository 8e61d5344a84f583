import { APIError, messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { providerButtons } from "../components/provider-buttons.js";
import { signIn } from "../session.js";

/**
 * @param {() => void} entered
 * @param {object} options
 * @param {string} [options.title]
 * @param {string} [options.reason] Why somebody has to sign in again.
 * @param {string} [options.invitation] The token of one that is to be used.
 */
export function signInForm(entered, { title = "Sign in to Sonde", reason, invitation }) {
  const email = h("input", {
    class: "input", id: "email", name: "email", type: "email", autocomplete: "username", required: true,
  });
  const password = h("input", {
    class: "input", id: "password", name: "password", type: "password", autocomplete: "current-password", required: true,
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: !reason }, reason);
  const button = h("button", { class: "button primary", type: "submit" }, "Sign in");
  const others = providerButtons("Sign in", (text) => refuse(text, email), invitation);
  const form = h(
    "form",
    { class: "sign-in", novalidate: true },
    h("img", { src: "/favicon.svg", alt: "", width: 44, height: 44 }),
    h("h1", {}, title),
    h("label", { class: "field" }, h("span", { class: "label" }, "Email"), email),
    h("label", { class: "field" }, h("span", { class: "label" }, "Password"), password),
    problem,
    button,
    others,
    !invitation && h("p", { class: "faint hint" }, "The first password was printed where Sonde was first started."),
  );

  /**
   * @param {string} text
   * @param {HTMLInputElement} field
   */
  function refuse(text, field) {
    setText(problem, text);
    problem.hidden = false;
    field.focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    if (!email.value.trim()) return refuse("Enter your email.", email);
    if (!password.value) return refuse("Enter your password.", password);
    problem.hidden = true;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await signIn(email.value.trim(), password.value);
    } catch (error) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
      const wrong = error instanceof APIError && error.status === 401;
      refuse(wrong ? "That email and password do not match." : messageOf(error), password);
      return;
    }
    entered();
  });
  requestAnimationFrame(() => email.focus());
  return form;
}
