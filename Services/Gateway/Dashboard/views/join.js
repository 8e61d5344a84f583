import { messageOf } from "../api.js";
import { h, replace, setText } from "../dom.js";
import { field, input } from "../components/field.js";
import { FieldProblem } from "../components/field-problem.js";
import { icon } from "../components/icons.js";
import { errorState, loadingRows } from "../components/notices.js";
import { providerButtons } from "../components/provider-buttons.js";
import { forgetToken } from "../links.js";
import { acceptInvitation, readInvitation, signUp } from "../session.js";
import { state, subscribe } from "../store.js";
import { beginAnew } from "../sync.js";
import { entryForm } from "./entry-form.js";
import { signInForm } from "./sign-in.js";

/** @typedef {import("../session.js").Offer} Offer */

/**
 * For who comes with an invitation and is not signed in: they make an account, or sign in and accept it then.
 *
 * @param {string} token
 * @param {() => void} entered
 */
export function joinForm(token, entered) {
  const element = h("div", { class: "joining" });
  /** @param {Offer} offer */
  const showSignUp = (offer) =>
    replace(element, signUpForm(token, offer, entered), other("Sign in instead", () => showSignIn(offer)));
  /** @param {Offer} offer */
  const showSignIn = (offer) => {
    const title = `Sign in to join ${offer.tenant_name}`;
    const back = other("Make an account instead", () => showSignUp(offer));
    replace(element, signInForm(entered, { title, invitation: token }), back);
  };
  const unusable = h("a", { class: "faint underlined", href: "#/" }, "Go to the sign-in");
  void showOffer(element, token, showSignUp, unusable);
  return element;
}

/**
 * @param {string} token
 * @param {Offer} offer
 * @param {() => void} entered
 */
function signUpForm(token, offer, entered) {
  const own = { value: offer.email, readonly: offer.email !== undefined };
  const email = input("email", { type: "email", autocomplete: "username", ...own });
  const password = input("password", { type: "password", autocomplete: "new-password" });
  const hint = "A new one of 8 characters or more; or the one that you have here already.";
  const fields = [
    h("p", { class: "soft" }, `You are invited as ${offer.role}.`),
    field("Email", email, offer.email && "The invitation is for this address alone."),
    field("Password", password, hint),
  ];
  const form = entryForm(`Join ${offer.tenant_name}`, fields, "Join", async () => {
    if (!email.value.trim()) throw new FieldProblem("email", "is missing");
    if (!password.value) throw new FieldProblem("password", "is missing");
    await signUp(email.value.trim(), password.value, token);
    forgetToken("join");
    history.replaceState(null, "", "#/");
    entered();
  });
  const problem = /** @type {HTMLElement} */ (form.querySelector(".problem"));
  form.append(providerButtons("Join", (text) => say(problem, text), token));
  return form;
}

/**
 * For who is signed in, and joins another team.
 *
 * @param {string} token
 * @returns {import("../main.js").View}
 */
export function acceptView(token) {
  const element = h("section", { class: "panel" });
  const person = h("p", { class: "faint" });
  const sayPerson = () =>
    setText(person, `You are signed in as ${state.person?.email ?? "…"}, and go on in the new team.`);
  sayPerson();
  void showOffer(element, token, ({ tenant_name, role, email }) => {
    const problem = h("p", { class: "problem", role: "alert", hidden: true });
    const button = h("button", { class: "button primary", type: "button" }, icon("check"), "Join the team");
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await acceptInvitation(token);
        beginAnew();
      } catch (error) {
        button.disabled = false;
        say(problem, messageOf(error));
      }
    });
    const offer = h(
      "div",
      { class: "empty" },
      h("h1", {}, `Join ${tenant_name}`),
      h("p", { class: "soft" }, `You are invited as ${role}.`),
      email && h("p", { class: "soft" }, `The invitation is for ${email} alone.`),
      person,
      problem,
      h("div", { class: "empty-actions" }, button),
    );
    replace(element, offer);
  });
  return { title: "Join a team", element, dispose: subscribe(["person"], sayPerson) };
}

/**
 * Asks what an invitation is to, and says why when it cannot be used.
 *
 * @param {HTMLElement} element
 * @param {string} token
 * @param {(offer: Offer) => void} show
 * @param {HTMLElement} [instead]
 */
async function showOffer(element, token, show, instead) {
  replace(element, loadingRows(3));
  try {
    show(await readInvitation(token));
  } catch (error) {
    const retry = () => void showOffer(element, token, show, instead);
    replace(element, errorState("The invitation cannot be used", messageOf(error), retry), instead);
  }
}

/**
 * @param {HTMLElement} problem
 * @param {string} text
 */
function say(problem, text) {
  setText(problem, text);
  problem.hidden = false;
}

/**
 * @param {string} text
 * @param {() => void} onclick
 */
function other(text, onclick) {
  return h("button", { class: "link faint underlined", type: "button", onclick }, text);
}
