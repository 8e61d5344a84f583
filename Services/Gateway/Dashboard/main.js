import { messageOf } from "./api.js";
import { h, replace } from "./dom.js";
import { takeToken, tokenFor } from "./links.js";
import { onToken, restore, returnFromProvider } from "./session.js";
import { start, stop } from "./sync.js";
import { emptyState, errorState } from "./components/notices.js";
import { agentsView } from "./views/agents.js";
import { incidentsView } from "./views/incidents.js";
import { acceptView, joinForm } from "./views/join.js";
import { maintenanceView } from "./views/maintenance.js";
import { overviewView } from "./views/overview.js";
import { resetForm, resetView } from "./views/reset.js";
import { retentionView } from "./views/retention.js";
import { sessionsView } from "./views/sessions.js";
import { shell } from "./views/shell.js";
import { signInForm } from "./views/sign-in.js";
import { silencesView } from "./views/silences.js";
import { targetView } from "./views/target.js";
import { teamView } from "./views/team.js";
import { tenantsView } from "./views/tenants.js";

/**
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} element
 * @property {() => void} [shown] Called when the element is in the page.
 * @property {() => void} [dispose] Called when it has left.
 */

const spent = "What the link held was used, or was forgotten when the page was loaded again. Open the link once more.";

/** @type {[pattern: RegExp, open: (...groups: string[]) => View][]} */
const routes = [
  [/^\/$/, overviewView],
  [/^\/targets\/([0-9a-f-]{36})$/, targetView],
  [/^\/incidents$/, incidentsView],
  [/^\/sessions$/, sessionsView],
  [/^\/agents$/, agentsView],
  [/^\/maintenance$/, maintenanceView],
  [/^\/silences$/, silencesView],
  [/^\/retention$/, retentionView],
  [/^\/team$/, teamView],
  [/^\/tenants$/, tenantsView],
  [/^\/join$/, () => linked("join", acceptView)],
  [/^\/reset$/, () => linked("reset", resetView)],
];

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {ReturnType<typeof shell> | null} */
let frame = null;
/** @type {View | null} */
let view = null;
/** Whether somebody is asked to sign in. */
let isOut = false;

/**
 * The view of a link that somebody was handed.
 *
 * @param {import("./links.js").Purpose} purpose
 * @param {(token: string) => View} make
 * @returns {View}
 */
function linked(purpose, make) {
  const token = tokenFor(purpose);
  return token ? make(token) : { title: "Not found", element: emptyState("search", "The link is spent", spent) };
}

/**
 * @param {string} path
 * @returns {View}
 */
function open(path) {
  for (const [pattern, make] of routes) {
    const match = pattern.exec(path);
    if (match) return make(...match.slice(1));
  }
  const home = h("a", { class: "button small", href: "#/" }, "Go to the overview");
  return { title: "Not found", element: emptyState("search", "There is no such page", path, home) };
}

function route() {
  if (!frame) return;
  const path = location.hash.slice(1) || "/";
  view?.dispose?.();
  view = open(path);
  document.title = `${view.title} · Sonde`;
  frame.show(view.element, path);
  view.shown?.();
}

function enter() {
  isOut = false;
  frame = shell();
  replace(app, frame.element);
  start();
  route();
}

/** @param {string} [reason] */
function leave(reason) {
  view?.dispose?.();
  frame?.dispose();
  view = frame = null;
  isOut = true;
  stop();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  const form = linkedForm();
  const isSpent = !form && ["#/join", "#/reset"].includes(location.hash);
  document.title = `${form ? "Welcome" : "Sign in"} · Sonde`;
  replace(app, h("main", { class: "alone" }, form ?? signInForm(enter, { reason: isSpent ? spent : reason })));
}

/** What the link asks for that somebody came by: they are new, have an account, or forgot their password. */
function linkedForm() {
  const [joining, resetting] = [tokenFor("join"), tokenFor("reset")];
  if (location.hash === "#/join" && joining) return joinForm(joining, enter);
  if (location.hash !== "#/reset" || !resetting) return null;
  const form = resetForm(resetting);
  form.append(h("a", { class: "faint underlined", href: "#/" }, "Sign in instead"));
  return form;
}

async function begin() {
  try {
    if (await returnFromProvider()) return enter();
  } catch (error) {
    return leave(messageOf(error));
  }
  try {
    if (await restore()) enter();
    else leave();
  } catch (error) {
    const notice = errorState("Sonde does not answer", messageOf(error), () => void begin());
    replace(app, h("main", { class: "alone" }, notice));
  }
}

addEventListener("hashchange", () => {
  takeToken();
  if (frame) route();
  else if (isOut) leave();
});
onToken((token, reason) => {
  if (token === null && frame) leave(reason);
});
takeToken();
void begin();
