/** Who belongs to the team, and who is asked to. */

import { call } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./components/dialog.js";
import { choice, field } from "./components/field.js";
import { openSecretDialog } from "./components/secret-dialog.js";
import { toast } from "./components/toast.js";
import { linkTo } from "./links.js";
import { state } from "./store.js";

/**
 * @typedef {import("./types.js").Role} Role
 *
 * @typedef {object} Member
 * @property {string} id
 * @property {string} email
 * @property {Role} role
 * @property {string} joined_at
 * @property {boolean} resettable Whether whoever is signed in may have their password set anew.
 *
 * @typedef {object} Invitation
 * @property {string} id
 * @property {Role} role
 * @property {string} [email] The only address that may use it.
 * @property {string} created_at
 * @property {string} expires_at
 *
 * @typedef {object} NewInvitation
 * @property {Invitation} invitation
 * @property {string} token
 */

/** @type {[value: Role, label: string][]} */
export const roles = [
  ["viewer", "Viewer: reads"],
  ["editor", "Editor: changes what is watched"],
  ["admin", "Admin: changes who is in the team, too"],
];

/** @param {AbortSignal} signal @returns {Promise<Member[]>} */
export async function listMembers(signal) {
  return (await call("GET", "/members", { signal })).members;
}

/** @param {AbortSignal} signal @returns {Promise<Invitation[]>} */
export async function listInvitations(signal) {
  return (await call("GET", "/invitations", { signal })).invitations;
}

/** @param {Member} member */
export function isSelf({ id }) {
  return id === state.person?.id;
}

/**
 * @param {Member} member
 * @param {() => void} done
 */
export function changeRole(member, done) {
  const role = choice("role", roles, member.role);
  openForm({
    title: `Change the role of ${member.email}`,
    action: "Change role",
    children: [
      isSelf(member) && h("p", { class: "soft" }, "This is you: as what you may do less, you cannot take it back."),
      field("Role", role, "It holds at once."),
    ],
    submit: async () => {
      if (role.value !== member.role) {
        await call("PATCH", `/members/${member.id}`, { body: { role: role.value } });
        toast(`${member.email} is ${role.value} now`);
      }
      done();
    },
  });
  role.focus();
}

/**
 * Asks first, and shows the link to hand over.
 *
 * @param {Member} member
 */
export function resetPassword(member) {
  const text = `Makes a link by which ${member.email} can set a new one. Until then the old one is good.`;
  openForm({
    title: "Have a password set anew?",
    action: "Make link",
    children: [h("p", { class: "soft" }, text)],
    submit: async () => {
      const { token } = await call("POST", `/members/${member.id}/reset`);
      const whom = `Send this link to ${member.email}. It works once, within a day.`;
      openSecretDialog("New password", "Link", linkTo("reset", token), whom);
    },
  });
}

/**
 * Asks first.
 *
 * @param {Member} member
 * @param {() => void} done
 */
export function removeMember(member, done) {
  const text = "Their sign-ins and API tokens for this team end at once. What they have made stays.";
  openForm({
    title: `Remove ${member.email}?`,
    action: "Remove member",
    dangerous: true,
    children: [h("p", { class: "soft" }, isSelf(member) ? "This is you: you are signed out at once." : text)],
    submit: async () => {
      await call("DELETE", `/members/${member.id}`);
      toast(`${member.email} was removed`);
      done();
    },
  });
}

/**
 * Asks first.
 *
 * @param {Invitation} invitation
 * @param {() => void} done
 */
export function revokeInvitation(invitation, done) {
  openForm({
    title: "Take the invitation back?",
    action: "Take it back",
    dangerous: true,
    children: [h("p", { class: "soft" }, "The link that was handed over opens nothing any more.")],
    submit: async () => {
      await call("DELETE", `/invitations/${invitation.id}`);
      toast("The invitation was taken back");
      done();
    },
  });
}
