import { h } from "../dom.js";
import { state } from "../store.js";

const mostShown = 4;

/**
 * Links to the first few of some targets; what is removed has none.
 *
 * @param {string[]} ids
 * @param {() => void} [followed]
 */
export function targetLinks(ids, followed) {
  const known = ids.flatMap((id) => state.targets?.get(id) ?? []);
  const links = known.slice(0, mostShown).map((target) =>
    h("a", { class: "tag", href: `#/targets/${target.id}`, onclick: followed }, target.name),
  );
  const rest = known.length - links.length;
  return rest > 0 ? [...links, h("span", { class: "faint" }, `and ${rest} more`)] : links;
}
