import { messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { field, input } from "../components/field.js";
import { forgetProblems, FieldProblem, placeProblem } from "../components/field-problem.js";
import { icon } from "../components/icons.js";
import { acceptInvitation, signUp } from "../session.js";
import { state, subscribe } from "../store.js";

/**
 * For who comes with an invitation and is not signed in.
 *
 * @param {string} token
 * @param {() => void} entered
 */
export function joinView(token, entered) {
  const email = input("email", { type: "email", autocomplete: "username" });
  const password = input("password", { type: "password", autocomplete: "new-password" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { class: "button primary", type: "submit" }, "Join");
  const form = h(
    "form",
    { class: "sign-in", novalidate: true },
    h("img", { src: "/favicon.svg", alt: "", width: 44, height: 44 }),
    h("h1", {}, "Join a team on Sonde"),
    field("Email", email),
    field("Password", password, "A new one of 8 characters or more; or the one that you have here already."),
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
      if (!email.value.trim()) throw new FieldProblem("email", "is missing");
      if (!password.value) throw new FieldProblem("password", "is missing");
      await signUp(email.value.trim(), password.value, token);
      history.replaceState(null, "", "#/");
      entered();
    } catch (error) {
      if (placeProblem(form, error)) return;
      setText(problem, messageOf(error));
      problem.hidden = false;
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  });
  requestAnimationFrame(() => email.focus());
  return h("main", { class: "alone" }, form);
}

/**
 * For who is signed in, and joins another team.
 *
 * @param {string} token
 * @returns {import("../main.js").View}
 */
export function acceptView(token) {
  const text = h("p", { class: "faint" });
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { class: "button primary", type: "button" }, icon("check"), "Join the team");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      // With the token of another team the page begins anew.
      await acceptInvitation(token);
      history.replaceState(null, "", "#/");
    } catch (error) {
      button.disabled = false;
      setText(problem, messageOf(error));
      problem.hidden = false;
    }
  });
  const say = () => setText(text, `You are signed in as ${state.person?.email ?? "…"}, and go on in the new team.`);
  return {
    title: "Join a team",
    element: h(
      "section",
      { class: "panel empty" },
      h("h1", {}, "Join another team"),
      text,
      problem,
      h("div", { class: "empty-actions" }, button),
    ),
    shown: say,
    dispose: subscribe(["person"], say),
  };
}
