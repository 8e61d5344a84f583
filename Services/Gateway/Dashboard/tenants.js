/** All teams of the installation: what operators do with them. */

import { call, messageOf } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./components/dialog.js";
import { FieldProblem } from "./components/field-problem.js";
import { field, input } from "./components/field.js";
import { openSecretDialog } from "./components/secret-dialog.js";
import { toast } from "./components/toast.js";
import { linkTo } from "./links.js";
import { openRetentionDialog } from "./retention.js";

/**
 * @typedef {object} Tenant
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {string} [suspended_at]
 *
 * @typedef {object} TenantPage
 * @property {Tenant[]} tenants
 * @property {string} [next_cursor]
 */

const pageLength = 100;
/** The one that every installation begins with. */
const first = "default";

/** @param {string | undefined} cursor @param {AbortSignal} signal @returns {Promise<TenantPage>} */
export function listTenants(cursor, signal) {
  return call("GET", "/tenants", { query: { limit: pageLength, cursor }, signal });
}

/**
 * Whether it can be suspended or deleted: the first one and one's own cannot.
 *
 * @param {Tenant} tenant
 * @param {string | undefined} own
 */
export function mayGo({ id }, own) {
  return id !== first && id !== own;
}

/** @param {() => void} done */
export function openTenantDialog(done) {
  const name = input("name", { maxlength: 100 });
  openForm({
    title: "Make a tenant",
    action: "Make tenant",
    children: [field("Name", name, "A team of its own: it sees nothing of the others, and they see nothing of it.")],
    submit: async () => {
      if (name.value.trim() === "") throw new FieldProblem("name", "is missing");
      /** @type {{tenant: Tenant, invitation: import("./team.js").NewInvitation}} */
      const { tenant, invitation } = await call("POST", "/tenants", { body: { name: name.value.trim() } });
      done();
      const text = "Send this link to who is to administrate it. It works once, and for a week.";
      openSecretDialog(`Invitation to ${tenant.name}`, "Link", linkTo("join", invitation.token), text);
    },
  });
  name.focus();
}

/**
 * Asks first.
 *
 * @param {Tenant} tenant
 * @param {() => void} done
 */
export function suspendTenant(tenant, done) {
  openForm({
    title: `Suspend ${tenant.name}?`,
    action: "Suspend tenant",
    dangerous: true,
    children: [
      h("p", { class: "soft" }, "Its members cannot sign in to it, and none of its tokens is taken. Probing goes on."),
    ],
    submit: async () => {
      await call("POST", `/tenants/${tenant.id}/suspend`);
      toast(`${tenant.name} is suspended`);
      done();
    },
  });
}

/**
 * @param {Tenant} tenant
 * @param {() => void} done
 */
export async function resumeTenant(tenant, done) {
  try {
    await call("POST", `/tenants/${tenant.id}/resume`);
    toast(`${tenant.name} is in use again`);
    done();
  } catch (error) {
    toast(messageOf(error), "failed");
  }
}

/**
 * @param {Tenant} tenant
 * @param {() => void} done
 */
export async function limitRetention(tenant, done) {
  const path = `/tenants/${tenant.id}/retention`;
  try {
    /** @type {import("./retention.js").Retention} */
    const { limit } = await call("GET", path);
    const text = "The longest that its administrators may choose. Each is at least as long as the one above it.";
    openRetentionDialog({ title: `Retention of ${tenant.name}`, path, days: limit, text, done });
  } catch (error) {
    toast(messageOf(error), "failed");
  }
}

/**
 * Asks for its name first: nothing brings it back.
 *
 * @param {Tenant} tenant
 * @param {() => void} done
 */
export function deleteTenant(tenant, done) {
  const name = input("name");
  const text =
    "Its members, invitations and tokens go now, and within minutes its targets and all that was measured of them. " +
    "Nothing brings them back.";
  openForm({
    title: `Delete ${tenant.name}?`,
    action: "Delete tenant",
    dangerous: true,
    children: [h("p", { class: "soft" }, text), field(`Type ${tenant.name} to go on`, name)],
    submit: async () => {
      if (name.value.trim() !== tenant.name) throw new FieldProblem("name", "must be the tenant's name");
      await call("DELETE", `/tenants/${tenant.id}`);
      toast(`${tenant.name} was deleted`);
      done();
    },
  });
  name.focus();
}
