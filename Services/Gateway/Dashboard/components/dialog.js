import { h } from "../dom.js";
import { icon } from "./icons.js";
import { submitting } from "./submitting.js";

let lastID = 0;

/**
 * A modal dialog that is removed when it closes; focus goes back to where it was. A click beside it closes it, unless
 * it has `data-stays`.
 *
 * @param {string} title
 * @param {...import("../dom.js").Child} children
 */
export function openDialog(title, ...children) {
  const id = `dialog-${++lastID}`;
  const close = h("button", { class: "button icon-only small", type: "button", "aria-label": "Close" }, icon("close"));
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": id },
    h("header", { class: "dialog-head" }, h("h2", { id }, title), close),
    ...children,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog && !("stays" in dialog.dataset)) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * A form in a dialog, which closes when `submit` is through.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.action What the button says.
 * @param {boolean} [options.dangerous]
 * @param {import("../dom.js").Child[]} options.children
 * @param {() => Promise<void>} options.submit
 */
export function openForm({ title, action, dangerous, children, submit }) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const kind = dangerous ? "button danger solid" : "button primary";
  const button = h("button", { class: kind, type: "submit" }, action);
  const cancel = h("button", { class: "button", type: "button" }, "Cancel");
  const form = h(
    "form",
    { class: "dialog-form", novalidate: true },
    ...children,
    problem,
    h("footer", { class: "dialog-foot" }, cancel, button),
  );
  const dialog = openDialog(title, form);
  cancel.addEventListener("click", () => dialog.close());
  submitting(form, button, problem, async () => {
    await submit();
    dialog.close();
  });
  return dialog;
}
