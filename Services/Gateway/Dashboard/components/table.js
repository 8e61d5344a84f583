import { h } from "../dom.js";

/**
 * @param {string} kind Its classes, by which narrow screens arrange its cells.
 * @param {string} caption
 * @param {string[]} heads One that begins with `#` is of numbers; the last may be empty, over what can be done.
 * @param {HTMLElement[]} rows
 */
export function table(kind, caption, heads, rows) {
  const cells = heads.map((text) =>
    text === ""
      ? h("td")
      : h("th", { scope: "col", class: text.startsWith("#") ? "number" : "" }, text.replace("#", "")),
  );
  return h(
    "table",
    { class: `table ${kind}` },
    h("caption", { class: "visually-hidden" }, caption),
    h("thead", {}, h("tr", {}, ...cells)),
    h("tbody", {}, ...rows),
  );
}

/**
 * A cell of numbers or of a time, which says on narrow screens what it is.
 *
 * @param {string} label
 * @param {...import("../dom.js").Child} children
 */
export function numberCell(label, ...children) {
  return h("td", { class: "number", "data-label": label }, ...children);
}

/**
 * What a row is about, and a word more.
 *
 * @param {string} name
 * @param {import("../dom.js").Child} [more]
 */
export function nameCell(name, more) {
  const cell = h("th", { scope: "row", class: "target" }, h("span", { class: "target-name" }, name));
  if (more) cell.append(h("span", { class: "faint" }, more));
  return cell;
}
