import { h } from "../dom.js";

/** The name with its mark; a link to the overview. */
export function wordmark() {
  return h(
    "a",
    { class: "wordmark", href: "#/" },
    h("img", { src: "/favicon.svg", alt: "", width: 24, height: 24 }),
    "Sonde",
  );
}
