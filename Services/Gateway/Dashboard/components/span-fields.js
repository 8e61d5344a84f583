import { h } from "../dom.js";
import * as format from "../format.js";
import { now } from "../store.js";
import { FieldProblem } from "./field-problem.js";
import { changedValue, field, input, timeInput } from "./field.js";

const minute = 60;
const usualMilliseconds = 2 * 3_600_000;

/** Asks why and when something is to be, in the zone of whoever is asked. */
export class SpanFields {
  #reason;
  #from;
  #to;

  /** @param {import("./spans-panel.js").Span} [span] What is to be changed. */
  constructor(span) {
    this.isNew = span === undefined;
    this.#reason = input("reason", { value: span?.reason, maxlength: 200 });
    this.#from = timeInput("from", span ? Date.parse(span.from) : now(), minute);
    this.#to = timeInput("to", span ? Date.parse(span.to) : now() + usualMilliseconds, minute);
    this.elements = [
      field("Reason", this.#reason, "What everyone in the team reads."),
      h("div", { class: "field-pair" }, field("From", this.#from), field("To", this.#to)),
      h("p", { class: "hint faint" }, `Times are in ${format.timeZone()}. At most 31 days.`),
    ];
  }

  focus() {
    this.#reason.focus();
  }

  /** What is new or another than it was; throws a `FieldProblem` for what is missing. */
  get body() {
    if (this.#reason.value.trim() === "") throw new FieldProblem("reason", "is missing: say why");
    const times = /** @type {const} */ (["from", "to"]).map((name) => {
      const control = name === "from" ? this.#from : this.#to;
      if (control.value === "") throw new FieldProblem(name, "is missing: say when");
      return this.isNew || changedValue(control) !== undefined ? new Date(control.value).toISOString() : undefined;
    });
    const reason = this.isNew ? this.#reason.value.trim() : changedValue(this.#reason);
    return { reason, from: times[0], to: times[1] };
  }
}
