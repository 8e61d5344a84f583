import { h } from "../dom.js";
import { state } from "../store.js";

const mostShown = 4;

/**
 * Links to the first few of some targets, and how many of them are removed.
 *
 * @param {string[]} ids
 * @param {() => void} [followed]
 */
export function targetLinks(ids, followed) {
  if (!state.targets) return [];
  const known = ids.flatMap((id) => state.targets?.get(id) ?? []);
  const links = known.slice(0, mostShown).map((target) =>
    h("a", { class: "tag", href: `#/targets/${target.id}`, onclick: followed }, target.name),
  );
  const rest = known.length - links.length;
  const removed = ids.length - known.length;
  return [
    ...links,
    rest > 0 && h("span", { class: "faint" }, `and ${rest} more`),
    removed > 0 && h("span", { class: "faint" }, removed === 1 ? "a removed target" : `${removed} removed targets`),
  ];
}
