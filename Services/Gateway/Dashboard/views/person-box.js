import { messageOf } from "../api.js";
import { h, replace, setText } from "../dom.js";
import { icon } from "../components/icons.js";
import { openingMenu } from "../components/menu.js";
import { toast } from "../components/toast.js";
import { signOut, switchTenant } from "../session.js";
import { state } from "../store.js";
import { beginAnew } from "../sync.js";
import { isDark, toggleTheme } from "../theme.js";

/** Who is signed in and in which team, and what they do with the page itself. */
export function personBox() {
  const email = h("p", { class: "ellipsis" });
  const role = h("p", { class: "faint ellipsis" });
  const theme = iconButton("moon", "Use the dark theme", toggleTheme);
  theme.dataset.action = "theme";
  const teams = openingMenu(iconButton("switch", "Switch team"), "Switch team", otherTeams);
  const exit = iconButton("exit", "Sign out", () => void signOut());
  return {
    element: h("div", { class: "person" }, h("div", { class: "who" }, email, role), teams, theme, exit),
    update() {
      setText(email, state.person?.email ?? "");
      const own = state.memberships.find(({ tenant }) => tenant === state.person?.tenant);
      setText(role, state.person ? `${state.person.role} · ${own?.name ?? state.person.tenant}` : "");
      teams.hidden = state.memberships.length < 2;
      const label = isDark() ? "Use the light theme" : "Use the dark theme";
      theme.setAttribute("aria-label", label);
      theme.title = label;
      replace(theme, icon(isDark() ? "sun" : "moon"));
    },
  };
}

/**
 * @param {import("../components/icons.js").IconName} symbol
 * @param {string} label
 * @param {() => void} [onclick]
 */
function iconButton(symbol, label, onclick) {
  const names = { "aria-label": label, title: label };
  return h("button", { class: "button icon-only", type: "button", ...names, onclick }, icon(symbol));
}

/** @returns {import("../components/menu.js").MenuItem[]} */
function otherTeams() {
  return state.memberships
    .filter(({ tenant }) => tenant !== state.person?.tenant)
    .map(({ tenant, name }) => ({ label: name, symbol: "team", run: () => void go(tenant) }));
}

/** @param {string} tenant */
async function go(tenant) {
  try {
    await switchTenant(tenant);
    beginAnew();
  } catch (error) {
    toast(messageOf(error), "failed");
  }
}
