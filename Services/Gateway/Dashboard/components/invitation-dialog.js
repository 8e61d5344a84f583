import { call } from "../api.js";
import { linkTo } from "../links.js";
import { roles } from "../team.js";
import { openForm } from "./dialog.js";
import { choice, field, input } from "./field.js";
import { openSecretDialog } from "./secret-dialog.js";

/**
 * Asks whom to invite, and shows the link to hand over.
 *
 * @param {() => void} done
 */
export function openInvitationDialog(done) {
  const email = input("email", { type: "email", placeholder: "Whoever has the link, when left empty" });
  const role = choice("role", roles, "viewer");
  openForm({
    title: "Invite somebody",
    action: "Make invitation",
    children: [
      field("Email", email, "Nobody with another address can use the invitation. Sonde sends no mail: you do."),
      field("Role", role),
    ],
    submit: async () => {
      const body = { role: role.value, email: email.value.trim() || undefined };
      /** @type {import("../team.js").NewInvitation} */
      const made = await call("POST", "/invitations", { body });
      done();
      const whom = made.invitation.email ?? "whoever is to join";
      const text = `Send this link to ${whom}. It works once, and for a week.`;
      openSecretDialog("Invitation", "Link", linkTo("join", made.token), text);
    },
  });
  email.focus();
}
