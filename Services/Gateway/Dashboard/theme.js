/** Light and dark: what the system prefers, until somebody chooses. */

const storageKey = "sonde.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();

export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

export function toggleTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(storageKey, theme);
  listeners.forEach((listener) => listener());
}

/**
 * @param {() => void} listener
 * @returns {() => void}
 */
export function onTheme(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

system.addEventListener("change", () => listeners.forEach((listener) => listener()));

/** @type {Map<string, string>} */
const colors = new Map();
onTheme(() => colors.clear());

/**
 * A colour of the theme, for canvases.
 *
 * @param {string} name Such as `--accent`.
 */
export function color(name) {
  let value = colors.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    colors.set(name, value);
  }
  return value;
}
