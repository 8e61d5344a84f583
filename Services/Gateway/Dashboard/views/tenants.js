import { mayOperate } from "../actions.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import { LoadedPanel } from "../components/loaded-panel.js";
import { menuButton } from "../components/menu.js";
import { emptyState } from "../components/notices.js";
import { nameCell, numberCell, table } from "../components/table.js";
import { state } from "../store.js";
import * as tenants from "../tenants.js";
import { addButton, panelView } from "./panel-view.js";

/** @typedef {tenants.Tenant} Tenant */

/** @returns {import("../main.js").View} */
export function tenantsView() {
  let pages = 1;
  /** @type {string | undefined} */
  let next;

  /** @param {AbortSignal} signal */
  async function load(signal) {
    /** @type {Tenant[]} */
    const all = [];
    next = undefined;
    for (let page = 0; page < pages && (page === 0 || next); page += 1) {
      /** @type {tenants.TenantPage} */
      const found = await tenants.listTenants(next, signal);
      all.push(...found.tenants);
      next = found.next_cursor;
    }
    return all;
  }

  function showMore() {
    pages += 1;
    void panel.load();
  }

  const panel = new LoadedPanel({
    label: "Tenants",
    load,
    show: (all) => {
      const heads = ["State", "Tenant", "Id", "#Made", ""];
      const more = h("button", { class: "button", type: "button", onclick: showMore }, "Show more");
      return [
        table("list tenants", "Tenants", heads, all.map((tenant) => tenantRow(tenant, reload))),
        all.length === 1 && emptyState("tenants", "There is one team", "Make a tenant for another one."),
        next && h("div", { class: "table-more" }, more),
      ];
    },
  });
  const reload = () => void panel.load();
  return panelView({
    title: "Tenants",
    text: [`The teams of this installation. Times are in ${format.timeZone()}.`],
    symbol: "tenants",
    may: mayOperate,
    instead: "Operators, who run the installation, make tenants.",
    actions: () => [addButton("Make a tenant", () => tenants.openTenantDialog(reload))],
    panels: [panel],
  });
}

/**
 * @param {Tenant} tenant
 * @param {() => void} done
 */
function tenantRow(tenant, done) {
  const own = state.person?.tenant;
  const health = h("span", { class: "health", "data-health": tenant.suspended_at ? "paused" : "up" });
  health.append(h("span", { class: "mark", "aria-hidden": "true" }), tenant.suspended_at ? "Suspended" : "In use");
  const since = tenant.suspended_at && `since ${format.dateAndTime(Date.parse(tenant.suspended_at))}`;
  return h(
    "tr",
    { "data-tenant-id": tenant.id },
    h("td", { class: "state" }, health),
    nameCell(tenant.name, tenant.id === own ? "The one you are in" : since),
    h("td", { class: "labels" }, h("code", { class: "faint" }, tenant.id)),
    numberCell("Made", h("time", { datetime: tenant.created_at }, format.dateAndYear(Date.parse(tenant.created_at)))),
    h("td", { class: "more" }, menuButton(`What to do with ${tenant.name}`, () => items(tenant, own, done))),
  );
}

/**
 * @param {Tenant} tenant
 * @param {string | undefined} own
 * @param {() => void} done
 * @returns {import("../components/menu.js").MenuItem[]}
 */
function items(tenant, own, done) {
  /** @type {import("../components/menu.js").MenuItem[]} */
  const all = [{ label: "Retention…", symbol: "retention", run: () => void tenants.limitRetention(tenant, done) }];
  if (!tenants.mayGo(tenant, own)) return all;
  if (tenant.suspended_at) {
    all.push({ label: "Resume", symbol: "play", run: () => void tenants.resumeTenant(tenant, done) });
  } else {
    all.push({ label: "Suspend…", symbol: "pause", run: () => tenants.suspendTenant(tenant, done) });
  }
  all.push({ label: "Delete…", symbol: "trash", dangerous: true, run: () => tenants.deleteTenant(tenant, done) });
  return all;
}
