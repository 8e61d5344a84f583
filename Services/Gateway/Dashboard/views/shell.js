import { h, replace, setText } from "../dom.js";
import { icon } from "../components/icons.js";
import { wordmark } from "../components/wordmark.js";
import { signOut } from "../session.js";
import { state, subscribe } from "../store.js";
import { isDark, onTheme, toggleTheme } from "../theme.js";

/** @type {Record<import("../stream.js").StreamState, string>} */
const streamText = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…", stopped: "Not connected" };

/** What stands around every view: navigation, connection, theme and person. */
export function shell() {
  const main = h("main", { class: "main", id: "main", tabindex: -1 });
  const firing = h("span", { class: "count number", hidden: true });
  const links = [
    link("#/", "overview", "Overview"),
    link("#/incidents", "incidents", "Incidents", firing),
    link("#/sessions", "sessions", "Sessions"),
    link("#/agents", "agents", "Agents"),
  ];
  const connection = connectionState();
  const person = personBox();
  const skip = h("button", { class: "button skip", type: "button", onclick: () => main.focus() }, "Skip to content");
  const element = h(
    "div",
    { class: "shell" },
    skip,
    h(
      "div",
      { class: "sidebar" },
      wordmark(),
      h("nav", { class: "nav", "aria-label": "Main" }, ...links),
      h("div", { class: "sidebar-foot" }, connection.element, person.element),
    ),
    main,
  );

  function update() {
    const count = state.firing?.length ?? 0;
    firing.hidden = count === 0;
    replace(firing, count, h("span", { class: "visually-hidden" }, " open"));
    connection.update();
    person.update();
  }
  const unsubscribe = subscribe(["incidents", "stream", "person"], update);
  const forgetTheme = onTheme(person.update);
  update();

  return {
    element,
    /**
     * @param {HTMLElement} view
     * @param {string} path
     */
    show(view, path) {
      replace(main, view);
      for (const item of links) {
        const own = item.hash.slice(1);
        const here = own === "/" ? path === "/" || path.startsWith("/targets/") : path.startsWith(own);
        if (here) item.setAttribute("aria-current", "page");
        else item.removeAttribute("aria-current");
      }
      scrollTo(0, 0);
      if (document.activeElement === document.body) main.focus({ preventScroll: true });
    },
    dispose() {
      unsubscribe();
      forgetTheme();
    },
  };
}

/**
 * @param {string} href
 * @param {import("../components/icons.js").IconName} symbol
 * @param {string} text
 * @param {HTMLElement} [more]
 */
function link(href, symbol, text, more) {
  return h("a", { href }, icon(symbol), text, more);
}

function connectionState() {
  const text = h("span");
  const element = h(
    "p",
    { class: "connection", role: "status" },
    h("span", { class: "dot", "aria-hidden": "true" }),
    text,
  );
  return {
    element,
    update() {
      element.dataset.stream = state.stream;
      setText(text, streamText[state.stream]);
    },
  };
}

function personBox() {
  const email = h("p", { class: "ellipsis" });
  const role = h("p", { class: "faint ellipsis" });
  const theme = h("button", { class: "button icon-only", type: "button", onclick: toggleTheme, "data-action": "theme" });
  const exit = h(
    "button",
    { class: "button icon-only", type: "button", "aria-label": "Sign out", title: "Sign out", onclick: () => void signOut() },
    icon("exit"),
  );
  return {
    element: h("div", { class: "person" }, h("div", { class: "who" }, email, role), theme, exit),
    update() {
      setText(email, state.person?.email ?? "");
      setText(role, state.person ? `${state.person.role} · ${state.person.tenant}` : "");
      const label = isDark() ? "Use the light theme" : "Use the dark theme";
      theme.setAttribute("aria-label", label);
      theme.title = label;
      replace(theme, icon(isDark() ? "sun" : "moon"));
    },
  };
}
