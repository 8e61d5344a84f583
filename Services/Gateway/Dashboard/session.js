/** Who is signed in. The access token lives in memory only; the refresh token in `sessionStorage`. */

import { APIError, authorizeWith, call, callAnonymously, fetchAnonymously } from "./api.js";

/** @typedef {import("./types.js").TokenPair} TokenPair */

const storageKey = "sonde.refresh_token";
/** A sign-in by a provider that is under way in this tab: its secret, and the invitation that is to be used then. */
const flowKey = "sonde.sign_in_flow";
/** Where a provider sends browsers back to. */
const callbackPath = "/auth/callback";
/** A token is renewed when this share of its life is over. */
const renewalShare = 0.8;
const retryMilliseconds = 5_000;

/** @type {string | null} */
let accessToken = null;
/** @type {Promise<string> | null} */
let renewal = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let renewalTimer;

/** @typedef {(token: string | null, reason?: string) => void} TokenListener A null token ends the session. */

/** @type {Set<TokenListener>} */
const listeners = new Set();

/**
 * Called with every new access token, and with null when the session has ended.
 *
 * @param {TokenListener} listener
 */
export function onToken(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

authorizeWith({
  current: async () => accessToken ?? renew(),
  renew: async (refused) => (accessToken && accessToken !== refused ? accessToken : renew()),
});

/**
 * @param {string} email
 * @param {string} password
 */
export async function signIn(email, password) {
  adopt(await callAnonymously("/auth/login", { email, password }));
}

/**
 * Joins the team of an invitation.
 *
 * @param {string} email
 * @param {string} password A new one, or the one that the address has already.
 * @param {string} invitation
 */
export async function signUp(email, password, invitation) {
  adopt(await callAnonymously("/auth/signup", { email, password, invitation }));
}

/**
 * What an invitation is to.
 *
 * @typedef {object} Offer
 * @property {string} tenant_name
 * @property {import("./types.js").Role} role
 * @property {string} [email] The only address that may use it.
 *
 * @param {string} token
 * @returns {Promise<Offer>}
 */
export function readInvitation(token) {
  return callAnonymously("/invitations/get", { token });
}

/**
 * Joins another team, and goes on there.
 *
 * @param {string} token Of the invitation.
 */
export async function acceptInvitation(token) {
  adopt(await call("POST", "/invitations/accept", { body: { token } }));
}

/**
 * Goes on in another team that one belongs to.
 *
 * @param {string} id
 */
export async function switchTenant(id) {
  adopt(await call("POST", "/auth/switch", { body: { id } }));
}

/**
 * Who else signs people in.
 *
 * @returns {Promise<string[]>}
 */
export async function signInProviders() {
  /** @type {{ providers: { name: string }[] }} */
  const list = await fetchAnonymously("/auth/providers");
  return list.providers.map((provider) => provider.name);
}

/**
 * Leaves the page for the provider's.
 *
 * @param {string} [invitation] The token of one that is to be used.
 */
export async function goToProvider(invitation) {
  /** @type {{ url: string, flow: string }} */
  const { url, flow } = await callAnonymously("/auth/provider", {});
  sessionStorage.setItem(flowKey, JSON.stringify({ flow, invitation }));
  location.assign(url);
}

/** Ends a sign-in by a provider that has sent the browser back here. Returns whether it has. */
export async function returnFromProvider() {
  if (location.pathname !== callbackPath) return false;
  const answer = new URLSearchParams(location.search);
  const kept = sessionStorage.getItem(flowKey);
  sessionStorage.removeItem(flowKey);
  // A code is nobody else's business, and good for nothing a second time.
  history.replaceState(null, "", "/");
  const { flow, invitation } = readFlow(kept);
  const [code, state] = [answer.get("code"), answer.get("state")];
  if (!flow || !code || !state) {
    // Anybody can make a link with any words in it; only who went to the provider is told what it says.
    const reason = flow && (answer.get("error_description") ?? answer.get("error"));
    throw new APIError(401, "Not signed in", `You were not signed in${reason ? `: ${reason}` : "; try again"}.`);
  }
  const iss = answer.get("iss") ?? undefined;
  adopt(await callAnonymously("/auth/provider/finish", { code, state, iss, flow, invitation }));
  return true;
}

/**
 * @param {string | null} kept
 * @returns {{ flow?: string, invitation?: string }}
 */
function readFlow(kept) {
  try {
    return JSON.parse(kept ?? "{}");
  } catch {
    // Of a page that was another version.
    return {};
  }
}

/** Takes up the session of an earlier page load. Returns whether there was one. */
export async function restore() {
  if (!sessionStorage.getItem(storageKey)) return false;
  try {
    await renew();
    return true;
  } catch (error) {
    if (error instanceof APIError && error.status === 401) return false;
    throw error;
  }
}

export async function signOut() {
  const refreshToken = sessionStorage.getItem(storageKey);
  end();
  if (refreshToken) await callAnonymously("/auth/logout", { refresh_token: refreshToken }).catch(() => undefined);
}

/** One renewal at a time, because a refresh token is good for one use. */
export function renew() {
  renewal ??= exchange().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function exchange() {
  const refreshToken = sessionStorage.getItem(storageKey);
  if (!refreshToken) throw new APIError(401, "Not signed in");
  try {
    return adopt(await callAnonymously("/auth/refresh", { refresh_token: refreshToken }));
  } catch (error) {
    if (error instanceof APIError && error.status >= 400 && error.status < 500 && error.status !== 429) {
      end("Your session has ended. Sign in again.");
      throw new APIError(401, "Session ended", "Your session has ended. Sign in again.");
    }
    scheduleRenewal(retryMilliseconds);
    throw error;
  }
}

/** @param {TokenPair} pair */
function adopt(pair) {
  accessToken = pair.access_token;
  sessionStorage.setItem(storageKey, pair.refresh_token);
  scheduleRenewal(pair.expires_in * 1000 * renewalShare);
  for (const listener of listeners) listener(pair.access_token);
  return pair.access_token;
}

/** @param {number} milliseconds */
function scheduleRenewal(milliseconds) {
  clearTimeout(renewalTimer);
  renewalTimer = setTimeout(() => void renew().catch(() => undefined), milliseconds);
}

/** @param {string} [reason] Left out when somebody signed out. */
function end(reason) {
  clearTimeout(renewalTimer);
  accessToken = null;
  sessionStorage.removeItem(storageKey);
  for (const listener of listeners) listener(null, reason);
}
