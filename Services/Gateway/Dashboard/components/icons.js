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
  edit: "M10.8 2.7l2.5 2.5-7.6 7.6-3.2.7.7-3.2Z",
  key: "M9.8 2.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4M7.2 8.8l-4.7 4.7M4.5 11.5 6 13",
  maintenance: "M13.3 5.2a3.6 3.6 0 0 1-4.7 4.3l-3.9 3.9-2.1-2.1 3.9-3.9a3.6 3.6 0 0 1 4.3-4.7L8.7 4.8l2.5 2.5Z",
  silences: "M5 3.6A4 4 0 0 1 12 6.3c0 1.1.2 2 .4 2.7M10.7 10.5H2.7S4 9.3 4 6.3M6.6 13.2a1.6 1.6 0 0 0 2.800 0M2.5 2.5l11 11",
  switch: "M2.5 5.5h10M10 3l2.5 2.5L10 8M13.5 10.5h-10M6 8l-2.5 2.5L6 13",
  retention: "M2.5 3h11v3h-11ZM3.5 6v7.2h9V6M6.5 8.7h3",
  team: "M6 2.800a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6M1.800 13.3c0-2.400 1.900-4 4.2-4s4.2 1.6 4.2 4M10.6 3a2.2 2.2 0 0 1 0 4.2M12 9.6c1.400.6 2.2 1.900 2.2 3.7",
  tenants: "M3 13.5v-11h6.5v11M9.5 6.5H13v7M1.800 13.5h12.400M5.3 5.5h1.900M5.3 8h1.900M5.3 10.5h1.900",
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
