/** What people can change; each leaves the store true. */

import { call, messageOf } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./components/dialog.js";
import { toast } from "./components/toast.js";
import { changed, state } from "./store.js";
import { loadTargets } from "./sync.js";

/** @typedef {import("./types.js").Target} Target */
/** @typedef {import("./types.js").Check} Check */

export function mayEdit() {
  return state.person !== null && state.person.role !== "viewer";
}

export function mayAdministrate() {
  return state.person?.role === "admin";
}

/** Whether whoever is signed in runs the installation. */
export function mayOperate() {
  return state.person?.operator === true;
}

/**
 * Whether a target and its checks may be changed: what the cluster keeps is changed there.
 *
 * @param {string} targetID
 */
export function mayChange(targetID) {
  return mayEdit() && !state.targets?.get(targetID)?.managed_by;
}

/**
 * @param {import("./types.js").NewTarget} target
 * @returns {Promise<Target>}
 */
export async function addTarget(target) {
  const added = await call("POST", "/targets", { body: target });
  state.targets?.set(added.id, added);
  await loadTargets();
  toast(`${added.name} is being watched`);
  return added;
}

/** @param {Target} target */
export async function toggleTarget(target) {
  await attempt(async () => {
    const body = { enabled: !target.enabled };
    const updated = await call("PATCH", `/targets/${target.id}`, { body });
    state.targets?.set(target.id, updated);
    changed("targets");
    toast(`${target.name} is ${updated.enabled ? "watched again" : "paused"}`);
  });
}

/**
 * Asks first.
 *
 * @param {Target} target
 * @param {() => void} [removed]
 */
export function removeTarget(target, removed) {
  openForm({
    title: `Remove ${target.name}?`,
    action: "Remove target",
    dangerous: true,
    children: [
      h("p", { class: "soft" }, "Agents stop probing it at once, and its checks are removed. Stored measurements stay."),
    ],
    submit: async () => {
      await call("DELETE", `/targets/${target.id}`);
      state.targets?.delete(target.id);
      state.checks.delete(target.id);
      state.latest.delete(target.id);
      changed("targets");
      toast(`${target.name} was removed`);
      removed?.();
      document.getElementById("main")?.focus();
    },
  });
}

/**
 * @param {string} targetID
 * @param {import("./types.js").NewCheck} check
 */
export async function addCheck(targetID, check) {
  await call("POST", "/checks", { body: { target_id: targetID, ...check } });
  await loadTargets();
  toast("The check was added");
}

/** @param {Check} check */
export async function toggleCheck(check) {
  await attempt(async () => {
    await call("PATCH", `/checks/${check.id}`, { body: { enabled: !check.enabled } });
    await loadTargets();
    toast(`The check is ${check.enabled ? "paused" : "running again"}`);
  });
}

/**
 * Asks first.
 *
 * @param {Check} check
 */
export function removeCheck(check) {
  openForm({
    title: `Remove the ${check.type.toUpperCase()} check?`,
    action: "Remove check",
    dangerous: true,
    children: [h("p", { class: "soft" }, "Agents stop running it at once. Stored measurements stay.")],
    submit: async () => {
      await call("DELETE", `/checks/${check.id}`);
      await loadTargets();
      toast("The check was removed");
    },
  });
}

/** @param {() => Promise<void>} change */
async function attempt(change) {
  try {
    await change();
  } catch (error) {
    toast(messageOf(error), "failed");
  }
}
