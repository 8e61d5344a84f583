import { mayAdministrate, mayOperate } from "../actions.js";
import { h, replace } from "../dom.js";
import { icon } from "../components/icons.js";
import { openingMenu } from "../components/menu.js";
import { state } from "../store.js";

/**
 * @typedef {object} Place
 * @property {string} path
 * @property {import("../components/icons.js").IconName} symbol
 * @property {string} text
 * @property {() => boolean} [may] Who goes there; everyone, when left out.
 */

/** @type {Place[]} */
const places = [
  { path: "/", symbol: "overview", text: "Overview" },
  { path: "/incidents", symbol: "incidents", text: "Incidents" },
  { path: "/sessions", symbol: "sessions", text: "Sessions" },
  { path: "/agents", symbol: "agents", text: "Agents" },
  { path: "/maintenance", symbol: "maintenance", text: "Maintenance" },
  { path: "/silences", symbol: "silences", text: "Silences" },
  { path: "/retention", symbol: "retention", text: "Retention" },
  { path: "/team", symbol: "team", text: "Team", may: mayAdministrate },
  { path: "/tenants", symbol: "tenants", text: "Tenants", may: mayOperate },
];
/** What has room on a narrow screen; the others are in a menu there. */
const alwaysShown = 4;

/** The ways to all views that whoever is signed in may use. */
export function navigation() {
  const firing = h("span", { class: "count number", hidden: true });
  const links = places.map(({ path, symbol, text }, index) => {
    const link = h("a", { href: `#${path}`, class: index < alwaysShown ? "" : "later" }, icon(symbol), text);
    if (path === "/incidents") link.append(firing);
    return link;
  });
  const more = h("button", { class: "more-places", type: "button" }, icon("more"), "More");
  openingMenu(more, "More", () =>
    places.slice(alwaysShown).filter(isOpen).map(({ path, symbol, text }) => ({
      label: text,
      symbol,
      run: () => (location.hash = path),
    })),
  );
  return {
    element: h("nav", { class: "nav", "aria-label": "Main" }, ...links, more),
    update() {
      const count = state.firing?.length ?? 0;
      firing.hidden = count === 0;
      replace(firing, count, h("span", { class: "visually-hidden" }, " open"));
      links.forEach((link, index) => (link.hidden = !isOpen(places[index])));
    },
    /** @param {string} path Of the view that is shown. */
    show(path) {
      const isTarget = path.startsWith("/targets/");
      const index = places.findIndex((place) => place.path === path || (isTarget && place.path === "/"));
      links.forEach((link, own) => mark(link, own === index));
      mark(more, index >= alwaysShown);
    },
  };
}

/** @param {Place} place */
function isOpen({ may }) {
  return may === undefined || may();
}

/**
 * @param {HTMLElement} element
 * @param {boolean} here
 */
function mark(element, here) {
  if (here) element.setAttribute("aria-current", "page");
  else element.removeAttribute("aria-current");
}
