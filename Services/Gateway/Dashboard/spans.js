/** Maintenance and silences: what people do with them. Both are spans of time, and end in the same ways. */

import { call } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./components/dialog.js";
import { stateOf } from "./components/spans-panel.js";
import { toast } from "./components/toast.js";
import { now } from "./store.js";

/**
 * @typedef {import("./types.js").CheckType} CheckType
 * @typedef {import("./types.js").Incident["severity"]} Severity
 * @typedef {import("./components/spans-panel.js").Span} Span
 *
 * @typedef {Span & {target_ids: string[], labels: Record<string, string>}} Maintenance
 *
 * @typedef {object} Aspects What incidents must fit that a silence is about.
 * @property {string} [rule_id]
 * @property {string} [target_id]
 * @property {CheckType} [check_type]
 * @property {string} [agent_id]
 * @property {Severity} [severity]
 *
 * @typedef {Span & Aspects} Silence
 *
 * @typedef {object} Kind
 * @property {string} path
 * @property {string} noun
 * @property {string} ending What comes of it when one ends.
 */

/** @type {Kind} */
export const maintenanceKind = {
  path: "/maintenance",
  noun: "maintenance",
  ending: "Incidents begin again as always.",
};
/** @type {Kind} */
export const silenceKind = {
  path: "/silences",
  noun: "silence",
  ending: "Incidents that began meanwhile and are still open are told then.",
};

/** @param {AbortSignal} signal @returns {Promise<Maintenance[]>} */
export async function listMaintenance(signal) {
  return (await call("GET", maintenanceKind.path, { signal })).maintenance;
}

/** @param {AbortSignal} signal @returns {Promise<Silence[]>} */
export async function listSilences(signal) {
  return (await call("GET", silenceKind.path, { signal })).silences;
}

/**
 * Makes one, or changes what differs in one that is there.
 *
 * @param {Kind} kind
 * @param {Record<string, unknown>} body
 * @param {Span} [span]
 */
export async function keepSpan({ path, noun }, body, span) {
  if (!span) {
    await call("POST", path, { body });
    toast(`The ${noun} is kept`);
  } else if (Object.values(body).some((value) => value !== undefined)) {
    await call("PATCH", `${path}/${span.id}`, { body });
    toast(`The ${noun} was changed`);
  }
}

/**
 * The ways to have done with one, by what it is now; each asks first.
 *
 * @param {Kind} kind
 * @param {Span} span
 * @param {() => void} done
 * @returns {import("./components/menu.js").MenuItem[]}
 */
export function endings({ path, noun, ending }, span, done) {
  const own = `${path}/${span.id}`;
  const end = () =>
    ask(`End ${span.reason}?`, `End ${noun}`, `It ends now and stays in the list. ${ending}`, async () => {
      await call("PATCH", own, { body: { to: new Date(now()).toISOString() } });
      toast(`${span.reason} has ended`);
      done();
    });
  const remove = () => {
    const text = stateOf(span) === "over" ? "It goes from the list, for everyone." : "It does not begin, for anyone.";
    ask(`Remove ${span.reason}?`, `Remove ${noun}`, text, async () => {
      await call("DELETE", own);
      toast(`${span.reason} was removed`);
      done();
    });
  };
  return stateOf(span) === "now"
    ? [{ label: "End now…", symbol: "check", run: end }]
    : [{ label: "Remove…", symbol: "trash", dangerous: true, run: remove }];
}

/**
 * @param {string} title
 * @param {string} action
 * @param {string} text
 * @param {() => Promise<void>} submit
 */
function ask(title, action, text, submit) {
  openForm({ title, action, dangerous: true, children: [h("p", { class: "soft" }, text)], submit });
}
