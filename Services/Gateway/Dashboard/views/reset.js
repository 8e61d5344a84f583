import { callAnonymously } from "../api.js";
import { h } from "../dom.js";
import { field, input } from "../components/field.js";
import { FieldProblem } from "../components/field-problem.js";
import { toast } from "../components/toast.js";
import { forgetToken } from "../links.js";
import { renew } from "../session.js";
import { entryForm } from "./entry-form.js";

/**
 * For who forgot a password, and was given a link.
 *
 * @param {string} token
 */
export function resetForm(token) {
  const password = input("new_password", { type: "password", autocomplete: "new-password" });
  const again = input("again", { type: "password", autocomplete: "new-password" });
  const fields = [field("New password", password, "8 characters or more."), field("The same again", again)];
  return entryForm("Set a new password", fields, "Set password", async () => {
    if (password.value !== again.value) throw new FieldProblem("again", "is not the same");
    await callAnonymously("/auth/reset", { token, new_password: password.value });
    forgetToken("reset");
    toast("The password is set, and all sign-ins have ended");
    location.replace("#/");
    // Ends the one here too, unless it is somebody else's.
    await renew().catch(() => undefined);
  });
}

/**
 * The same, where somebody is signed in.
 *
 * @param {string} token
 * @returns {import("../main.js").View}
 */
export function resetView(token) {
  return { title: "New password", element: h("section", { class: "panel empty" }, resetForm(token)) };
}
