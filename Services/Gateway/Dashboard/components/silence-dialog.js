import { checkTypes } from "../check-types.js";
import { h } from "../dom.js";
import { keepSpan, silenceKind } from "../spans.js";
import { state } from "../store.js";
import { openForm } from "./dialog.js";
import { FieldProblem } from "./field-problem.js";
import { choice, field } from "./field.js";
import { SpanFields } from "./span-fields.js";

/** @typedef {import("../spans.js").Aspects} Aspects */

/**
 * Asks of which incidents nobody is to be told, and when.
 *
 * @param {{id: string, name: string}[]} rules
 * @param {() => void} done
 */
export function openSilenceDialog(rules, done) {
  const span = new SpanFields();
  const types = Object.entries(checkTypes).map(([type, { title }]) => ({ id: type, name: title }));
  const severities = ["info", "warning", "critical"].map((name) => ({ id: name, name }));
  const controls = {
    target_id: anyOf("target_id", "Any target", byName([...(state.targets?.values() ?? [])])),
    rule_id: anyOf("rule_id", "Any rule", byName(rules)),
    check_type: anyOf("check_type", "Any check", types),
    severity: anyOf("severity", "Any severity", severities),
    agent_id: anyOf("agent_id", "Any agent", byName(state.agents ?? [])),
  };
  openForm({
    title: "Silence incidents",
    action: "Silence incidents",
    children: [
      ...span.elements,
      h("p", { class: "soft" }, "Nobody is told of incidents that begin then and fit all of this:"),
      field("Target", controls.target_id),
      h("div", { class: "field-pair" }, field("Rule", controls.rule_id), field("Check", controls.check_type)),
      h("div", { class: "field-pair" }, field("Severity", controls.severity), field("Agent", controls.agent_id)),
    ],
    submit: async () => {
      if (Object.values(controls).every((control) => control.value === "")) {
        throw new FieldProblem("target_id", "must be chosen, or something else here");
      }
      const chosen = Object.entries(controls).map(([name, control]) => [name, control.value || undefined]);
      await keepSpan(silenceKind, { ...span.body, ...Object.fromEntries(chosen) });
      done();
    },
  });
  span.focus();
}

/**
 * Asks for another reason or time; what a silence is about stays.
 *
 * @param {import("../spans.js").Silence} silence
 * @param {() => void} done
 */
export function openSilenceChange(silence, done) {
  const span = new SpanFields(silence);
  openForm({
    title: "Change silence",
    action: "Change silence",
    children: [...span.elements, h("p", { class: "soft" }, "What it is about stays.")],
    submit: async () => {
      await keepSpan(silenceKind, span.body, silence);
      done();
    },
  });
  span.focus();
}

/**
 * @param {string} name
 * @param {string} any
 * @param {{id: string, name: string}[]} things
 */
function anyOf(name, any, things) {
  return choice(name, [["", any], ...things.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))]);
}

/** @param {{id: string, name: string}[]} things */
function byName(things) {
  return [...things].sort((a, b) => a.name.localeCompare(b.name));
}
