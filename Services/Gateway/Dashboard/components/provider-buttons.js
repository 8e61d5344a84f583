import { messageOf } from "../api.js";
import { h } from "../dom.js";
import { goToProvider, signInProviders } from "../session.js";

/**
 * The ways to whoever else signs people in; hidden while nobody does.
 *
 * @param {string} verb
 * @param {(text: string) => void} refuse Told why there is no way.
 * @param {string} [invitation] The token of one that is to be used.
 */
export function providerButtons(verb, refuse, invitation) {
  const buttons = h("div", { class: "providers", hidden: true });

  /** @param {string} name */
  function add(name) {
    const button = h("button", { class: "button", type: "button" }, `${verb} with ${name}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await goToProvider(invitation);
      } catch (error) {
        button.disabled = false;
        refuse(messageOf(error));
      }
    });
    buttons.append(button);
    buttons.hidden = false;
  }

  // Passwords work without an answer.
  signInProviders().then((names) => names.forEach(add), () => undefined);
  return buttons;
}
