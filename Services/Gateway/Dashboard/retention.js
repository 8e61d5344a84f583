/** For how many days things are kept: what people do with it. */

import { APIError, call } from "./api.js";
import { h } from "./dom.js";
import { openForm } from "./components/dialog.js";
import { FieldProblem, ruleOf } from "./components/field-problem.js";
import { changedValue, field, input } from "./components/field.js";
import { toast } from "./components/toast.js";

/**
 * @typedef {"row_days" | "minute_days" | "hour_days" | "day_days"} Resolution
 * @typedef {Record<Resolution, number>} Days
 *
 * @typedef {object} Retention
 * @property {Days} kept
 * @property {Days} limit The longest that it may be.
 */

/** @type {Record<Resolution, string>} From the finest to the coarsest. */
export const resolutions = {
  row_days: "Measurements",
  minute_days: "Sums by minute",
  hour_days: "Sums by hour",
  day_days: "Sums by day, and routes",
};
const names = /** @type {Resolution[]} */ (Object.keys(resolutions));
const loss = "Shorter: what is older is removed at once, and no later change brings it back.";

/**
 * Asks for other numbers of days.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.path Of what is changed.
 * @param {Days} options.days As they are.
 * @param {Days} [options.limit]
 * @param {string} options.text
 * @param {() => void} options.done
 */
export function openRetentionDialog({ title, path, days, limit, text, done }) {
  const controls = names.map((name) => input(name, { value: days[name], inputmode: "numeric" }));
  const sure = h("input", { type: "checkbox", "data-field": "sure" });
  const warning = h("label", { class: "check-choice inline warned", hidden: true }, sure, h("span", {}, loss));
  const isShorter = () => controls.some((control) => Number(control.value) < Number(control.defaultValue));
  for (const control of controls) control.addEventListener("input", () => (warning.hidden = !isShorter()));
  openForm({
    title,
    action: "Change retention",
    children: [
      h("p", { class: "soft" }, text),
      ...names.map((name, index) => {
        const hint = limit && `At most ${limit[name]} days.`;
        return field(`${resolutions[name]}, days`, controls[index], hint);
      }),
      warning,
    ],
    submit: async () => {
      const body = Object.fromEntries(names.map((name, index) => [name, daysOf(name, controls[index])]));
      if (Object.values(body).some((value) => value !== undefined)) {
        if (isShorter() && !sure.checked) throw new FieldProblem("sure", "must be ticked: say that it may go");
        await call("PATCH", path, { body }).catch((error) => Promise.reject(inWords(error)));
        toast("The retention was changed");
      }
      done();
    },
  });
  controls[0].select();
}

/**
 * The server calls one number by another's name in the API.
 *
 * @param {unknown} error
 */
function inWords(error) {
  if (!(error instanceof APIError) || !error.field) return error;
  const rule = ruleOf(error, error.field);
  const word = /** @param {string} name */ (name) => resolutions[/** @type {Resolution} */ (name)] ?? name;
  return new FieldProblem(error.field, rule.replace(/\w+_days/g, word));
}

/**
 * @param {Resolution} name
 * @param {HTMLInputElement} control
 */
function daysOf(name, control) {
  const text = changedValue(control);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new FieldProblem(name, "must be a whole number of days");
  return Number(text);
}
