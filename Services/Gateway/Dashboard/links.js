/** Links to hand over. Their tokens leave the address and the history as they are read, and stay in memory alone. */

/** @typedef {"join" | "reset"} Purpose */

/** @type {Map<string, string>} By purpose. */
const tokens = new Map();

/**
 * An address of the page's own for who is handed a token; what stands behind the # is sent to nobody.
 *
 * @param {Purpose} purpose
 * @param {string} token
 */
export function linkTo(purpose, token) {
  return `${location.origin}/#/${purpose}/${token}`;
}

/** Takes the token of a link out of the address, when there is one in it. */
export function takeToken() {
  const [, purpose, token] = /^#\/(join|reset)\/(.+)$/.exec(location.hash) ?? [];
  if (!purpose) return;
  tokens.set(purpose, token);
  history.replaceState(null, "", `#/${purpose}`);
}

/** @param {Purpose} purpose */
export function tokenFor(purpose) {
  return tokens.get(purpose);
}

/** @param {Purpose} purpose */
export function forgetToken(purpose) {
  tokens.delete(purpose);
}
