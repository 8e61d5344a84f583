import { messageOf } from "../api.js";
import { h, setText } from "../dom.js";
import { field, input } from "../components/field.js";
import { FieldProblem } from "../components/field-problem.js";
import { icon } from "../components/icons.js";
import { acceptInvitation, signUp } from "../session.js";
import { state, subscribe } from "../store.js";
import { beginAnew } from "../sync.js";
import { entryForm } from "./entry-form.js";

/**
 * For who comes with an invitation and is not signed in.
 *
 * @param {string} token
 * @param {() => void} entered
 */
export function joinForm(token, entered) {
  const email = input("email", { type: "email", autocomplete: "username" });
  const password = input("password", { type: "password", autocomplete: "new-password" });
  const hint = "A new one of 8 characters or more; or the one that you have here already.";
  const fields = [field("Email", email), field("Password", password, hint)];
  return entryForm("Join a team on Sonde", fields, "Join", async () => {
    if (!email.value.trim()) throw new FieldProblem("email", "is missing");
    if (!password.value) throw new FieldProblem("password", "is missing");
    await signUp(email.value.trim(), password.value, token);
    history.replaceState(null, "", "#/");
    entered();
  });
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
      await acceptInvitation(token);
      beginAnew();
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
