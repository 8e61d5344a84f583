import { h } from "../dom.js";
import { icon } from "./icons.js";

const shownMilliseconds = 4_000;
const mostToasts = 2;
const stack = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

/**
 * Says shortly what has happened.
 *
 * @param {string} text
 * @param {"done" | "failed"} [kind]
 */
export function toast(text, kind = "done") {
  if (!stack.isConnected) document.body.append(stack);
  const element = h("div", { class: `toast ${kind}` }, icon(kind === "done" ? "check" : "alert"), text);
  stack.append(element);
  while (stack.children.length > mostToasts) stack.firstElementChild?.remove();
  setTimeout(() => element.remove(), shownMilliseconds);
}
