import { h, setText } from "../dom.js";
import { openDialog } from "./dialog.js";
import { field } from "./field.js";
import { icon } from "./icons.js";

/**
 * Shows what is shown once, to be handed over.
 *
 * @param {string} title
 * @param {string} label
 * @param {string} secret
 * @param {string} text Whom to give it to.
 */
export function openSecretDialog(title, label, secret, text) {
  const control = h("input", { class: "input mono", readonly: true, value: secret });
  const result = h("p", { class: "hint faint", role: "status" });
  const copy = h("button", { class: "button primary", type: "button" }, icon("copy"), "Copy");
  copy.addEventListener("click", async () => {
    control.select();
    try {
      // Browsers have it for pages that came over TLS, or from this machine, and may ask whoever sits there.
      await navigator.clipboard.writeText(secret);
      setText(result, "Copied.");
    } catch {
      setText(result, "Selected: copy it with the keyboard.");
    }
  });
  const close = h("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Done");
  const dialog = openDialog(
    title,
    h(
      "div",
      { class: "dialog-form" },
      h("p", { class: "soft" }, text),
      field(label, control, "It is shown this once."),
      result,
      h("footer", { class: "dialog-foot" }, close, copy),
    ),
  );
  // What cannot be had again is not to go by a click beside it.
  dialog.dataset.stays = "";
  copy.focus();
}
