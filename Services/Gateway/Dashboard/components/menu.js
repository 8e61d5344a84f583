import { h } from "../dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {import("./icons.js").IconName} symbol
 * @property {() => void} run
 * @property {boolean} [dangerous]
 */

/**
 * A button of three points that opens a menu.
 *
 * @param {string} label What the button is called.
 * @param {() => MenuItem[]} items Asked when the menu opens.
 */
export function menuButton(label, items) {
  const button = h("button", { class: "button icon-only small", type: "button", "aria-label": label }, icon("more"));
  return openingMenu(button, label, items);
}

/**
 * Has a button open a menu (the menu button pattern of WAI-ARIA).
 *
 * @param {HTMLButtonElement} button
 * @param {string} label
 * @param {() => MenuItem[]} items Asked when the menu opens.
 */
export function openingMenu(button, label, items) {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    open(button, label, items());
  });
  return button;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} label
 * @param {MenuItem[]} items
 */
function open(button, label, items) {
  /** @type {HTMLElement} */
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, popover: "auto" });
  const close = () => /** @type {any} */ (menu).hidePopover();
  const entries = items.map((item) =>
    h(
      "button",
      {
        class: item.dangerous ? "menu-item bad" : "menu-item",
        type: "button",
        role: "menuitem",
        tabindex: -1,
        onclick: () => (close(), item.run()),
      },
      icon(item.symbol),
      item.label,
    ),
  );
  menu.append(...entries);
  menu.addEventListener("toggle", (event) => {
    if (/** @type {any} */ (event).newState !== "closed") return;
    button.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement)) button.focus();
    menu.remove();
  });
  menu.addEventListener("keydown", (event) => move(event, entries, close));
  document.body.append(menu);
  /** @type {any} */ (menu).showPopover();
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  entries[0]?.focus();
}

/**
 * @param {HTMLElement} menu
 * @param {HTMLElement} button
 */
function place(menu, button) {
  const anchor = button.getBoundingClientRect();
  const below = anchor.bottom + 4;
  const fits = below + menu.offsetHeight < innerHeight;
  menu.style.top = `${fits ? below : anchor.top - 4 - menu.offsetHeight}px`;
  menu.style.left = `${Math.max(8, anchor.right - menu.offsetWidth)}px`;
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement[]} entries
 * @param {() => void} close
 */
function move(event, entries, close) {
  const index = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const steps = { ArrowDown: index + 1, ArrowUp: index - 1 + entries.length, Home: 0, End: entries.length - 1 };
  if (event.key in steps) {
    event.preventDefault();
    entries[steps[/** @type {keyof typeof steps} */ (event.key)] % entries.length].focus();
  } else if (event.key === "Tab") {
    close();
  }
}
