import { messageOf } from "./api.js";
import { h, replace } from "./dom.js";
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
import { signInView } from "./views/sign-in.js";
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

/** Links that were handed over: whoever opens one is somebody new, joins another team, or forgot a password. */
const invitation = /^\/join\/([\w-]+)$/;
const reset = /^\/reset\/([\w-]+)$/;

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
  [invitation, acceptView],
  [reset, resetView],
];

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
/** @type {ReturnType<typeof shell> | null} */
let frame = null;
/** @type {View | null} */
let view = null;

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
  stop();
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  const form = linkedForm();
  document.title = `${form ? "Welcome" : "Sign in"} · Sonde`;
  form?.append(h("a", { class: "faint underlined", href: "#/" }, "Sign in instead"));
  replace(app, form ? h("main", { class: "alone" }, form) : signInView(enter, reason));
}

/** What the link asks for that somebody came by. */
function linkedForm() {
  const [joining, resetting] = [invitation, reset].map((pattern) => pattern.exec(location.hash.slice(1))?.[1]);
  if (joining) return joinForm(joining, enter);
  return resetting ? resetForm(resetting, () => leave()) : null;
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
  if (frame) route();
  else if (app.querySelector("form")) leave();
});
onToken((token, reason) => {
  if (token === null && frame) leave(reason);
});
void begin();
