import { mayAdministrate } from "../actions.js";
import { call } from "../api.js";
import { h, setText } from "../dom.js";
import * as format from "../format.js";
import { openForm } from "../components/dialog.js";
import { changedValue, field, input } from "../components/field.js";
import { icon } from "../components/icons.js";
import { openInvitationDialog } from "../components/invitation-dialog.js";
import { LoadedPanel } from "../components/loaded-panel.js";
import { menuButton } from "../components/menu.js";
import { emptyState } from "../components/notices.js";
import { nameCell, numberCell, table } from "../components/table.js";
import { toast } from "../components/toast.js";
import * as team from "../team.js";
import { addButton, panelView } from "./panel-view.js";

/** @returns {import("../main.js").View} */
export function teamView() {
  const name = h("span", {}, "your team");
  let tenant = "";

  /** @param {AbortSignal} signal */
  async function load(signal) {
    const [members, own] = await Promise.all([team.listMembers(signal), call("GET", "/tenant", { signal })]);
    tenant = own.name;
    setText(name, tenant);
    return members;
  }

  const members = new LoadedPanel({
    label: "Members",
    head: heading("Members"),
    load,
    show: (all) => {
      const rows = all.map((member) => memberRow(member, reload));
      return [table("list members", "Members", ["Member", "Role", "#Joined", ""], rows)];
    },
  });
  const invitations = new LoadedPanel({
    label: "Open invitations",
    head: heading("Open invitations"),
    load: team.listInvitations,
    show: (all) => {
      const heads = ["Who", "Role", "#Made", "#Ends", ""];
      const rows = all.map((invitation) => invitationRow(invitation, reload));
      const hint = "Invite somebody with a role, and send them the link that you get.";
      if (rows.length === 0) return [emptyState("team", "None is open", hint)];
      return [table("list invitations", "Open invitations", heads, rows)];
    },
  });
  const reload = () => void Promise.all([members.load(), invitations.load()]);
  const rename = () => openNameDialog(tenant, reload);

  return panelView({
    title: "Team",
    text: ["Who belongs to ", name, ` and as what. Times are in ${format.timeZone()}.`],
    symbol: "team",
    may: mayAdministrate,
    instead: "Administrators say who is in the team. Ask one of them.",
    actions: () => [
      h("button", { class: "button", type: "button", onclick: rename }, icon("edit"), "Rename"),
      addButton("Invite somebody", () => openInvitationDialog(reload)),
    ],
    panels: [members, invitations],
  });
}

/** @param {string} text */
function heading(text) {
  return h("header", { class: "panel-head" }, h("h2", {}, text));
}

/**
 * @param {team.Member} member
 * @param {() => void} done
 */
function memberRow(member, done) {
  /** @type {import("../components/menu.js").MenuItem[]} */
  const items = [
    { label: "Change role…", symbol: "edit", run: () => team.changeRole(member, done) },
  ];
  if (member.resettable) {
    items.push({ label: "Reset password…", symbol: "key", run: () => team.resetPassword(member) });
  }
  items.push({ label: "Remove…", symbol: "trash", dangerous: true, run: () => team.removeMember(member, done) });
  return h(
    "tr",
    { "data-member-id": member.id },
    nameCell(member.email, team.isSelf(member) ? "You" : undefined),
    h("td", { class: "role", "data-label": "Role" }, h("span", { class: "tag" }, member.role)),
    numberCell("Joined", day(member.joined_at)),
    h("td", { class: "more" }, menuButton(`What to do with ${member.email}`, () => items)),
  );
}

/**
 * @param {team.Invitation} invitation
 * @param {() => void} done
 */
function invitationRow(invitation, done) {
  const who = invitation.email ?? "Whoever has the link";
  const revoke = () => team.revokeInvitation(invitation, done);
  return h(
    "tr",
    { "data-invitation-id": invitation.id },
    nameCell(who),
    h("td", { class: "role", "data-label": "Role" }, h("span", { class: "tag" }, invitation.role)),
    numberCell("Made", day(invitation.created_at)),
    numberCell("Ends", day(invitation.expires_at, format.dateAndTime)),
    h(
      "td",
      { class: "more" },
      menuButton(`What to do with the invitation of ${who}`, () => [
        { label: "Take back…", symbol: "trash", dangerous: true, run: revoke },
      ]),
    ),
  );
}

/** @param {string} text */
function day(text, words = format.dateAndYear) {
  return h("time", { datetime: text }, words(Date.parse(text)));
}

/**
 * @param {string} name
 * @param {() => void} done
 */
function openNameDialog(name, done) {
  const control = input("name", { value: name, maxlength: 100 });
  openForm({
    title: "Rename the team",
    action: "Rename",
    children: [field("Name", control, "Everyone in it sees the name, and so do operators.")],
    submit: async () => {
      if (changedValue(control) === undefined) return;
      await call("PATCH", "/tenant", { body: { name: control.value.trim() } });
      toast(`The team is called ${control.value.trim()} now`);
      done();
    },
  });
  control.focus();
}
