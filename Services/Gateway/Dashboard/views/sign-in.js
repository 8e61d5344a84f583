import { APIError, messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { goToProvider, signIn, signInProviders } from "../session.js";

/**
 * @param {() => void} entered
 * @param {string} [reason] Why somebody has to sign in again.
 */
export function signInView(entered, reason) {
  const email = h("input", {
    class: "input", id: "email", name: "email", type: "email", autocomplete: "username", required: true,
  });
  const password = h("input", {
    class: "input", id: "password", name: "password", type: "password", autocomplete: "current-password", required: true,
  });
  const problem = h("p", { class: "problem", role: "alert", hidden: !reason }, reason);
  const button = h("button", { class: "button primary", type: "submit" }, "Sign in");
  const others = h("div", { class: "providers", hidden: true });
  const form = h(
    "form",
    { class: "sign-in", novalidate: true },
    h("img", { src: "/favicon.svg", alt: "", width: 44, height: 44 }),
    h("h1", {}, "Sign in to Sonde"),
    h("label", { class: "field" }, h("span", { class: "label" }, "Email"), email),
    h("label", { class: "field" }, h("span", { class: "label" }, "Password"), password),
    problem,
    button,
    others,
    h("p", { class: "faint hint" }, "The first password was printed where Sonde was first started."),
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

  /** @param {string} name */
  function providerButton(name) {
    const other = h("button", { class: "button", type: "button" }, `Sign in with ${name}`);
    other.addEventListener("click", async () => {
      problem.hidden = true;
      other.disabled = true;
      try {
        await goToProvider();
      } catch (error) {
        other.disabled = false;
        refuse(messageOf(error), email);
      }
    });
    return other;
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
  // Passwords work without an answer.
  signInProviders().then((names) => {
    others.append(...names.map(providerButton));
    others.hidden = names.length === 0;
  }, () => undefined);
  requestAnimationFrame(() => email.focus());
  return h("main", { class: "alone" }, form);
}
