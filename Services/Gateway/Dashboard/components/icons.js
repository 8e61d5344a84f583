const namespace = "http://www.w3.org/2000/svg";

/** Strokes on a grid of 16 by 16. */
const paths = {
  overview: "M2 9h2.6l1.9-5.5 3 9L11.4 9H14",
  incidents: "M8 2.3 14.3 13.300H1.700ZM8 6.500v3M8 11.400v.1",
  agents: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
  sessions: "M4 2.500h8v11L8 10.500 4 13.500Z",
  download: "M8 2.500v7.500M4.5 7 8 10.500 11.5 7M3 13.500h10",
  sun: "M8 5.200a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.600M8 1.500v1M8 13.500v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M3.4 12.600l.7-.7M11.9 4.100l.7-.7",
  moon: "M13.5 9.600A5.9 5.9 0 0 1 6.4 2.500a5.9 5.9 0 1 0 7.1 7.100Z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  search: "M7 2.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.300l3.2 3.2",
  close: "M4 4l8 8M12 4l-8 8",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  trash: "M2.5 4.500h11M6 4.500V2.800h4v1.700M4 4.500l.6 8.700h6.800l.6-8.700M6.6 7v3.700M9.4 7v3.7",
  pause: "M5.5 3.500v9M10.5 3.500v9",
  play: "M5 3.200v9.600L12.5 8Z",
  left: "M10 3.5 5.5 8l4.5 4.5",
  right: "M6 3.5 10.5 8 6 12.5",
  up: "M4 9.5 8 5.500l4 4",
  down: "M4 6.500l4 4 4-4",
  exit: "M6.5 2.500h-4v11h4M10 5l3 3-3 3M13 8H6",
  alert: "M8 1.800a6.2 6.2 0 1 0 0 12.400A6.2 6.2 0 0 0 8 1.800M8 5v3.500M8 11v.1",
  check: "M3 8.500l3.2 3.200L13 4.8",
  copy: "M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3",
  target: "M8 2.500a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 6.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6",
};

/** @typedef {keyof typeof paths} IconName */

/**
 * Hidden from screen readers: what has an icon has a text too.
 *
 * @param {IconName} name
 */
export function icon(name) {
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", paths[name]);
  if (name === "more") path.setAttribute("stroke-width", "2.4");
  svg.append(path);
  return svg;
}
