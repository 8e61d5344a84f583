import { addCheck, addTarget } from "../actions.js";
import { h } from "../dom.js";
import { CheckFields } from "./check-fields.js";
import { openForm } from "./dialog.js";
import { FieldProblem, withinPart } from "./field-problem.js";
import { field, input } from "./field.js";

/**
 * Asks for a new target.
 *
 * @param {(target: import("../types.js").Target) => void} added
 */
export function openTargetDialog(added) {
  const address = input("address", { placeholder: "db.example.org, 192.0.2.7 or https://…" });
  const name = input("name", { placeholder: "The address, when left empty" });
  const category = input("category", { placeholder: "isp, dns, database …" });
  const fields = new CheckFields();
  openForm({
    title: "Add a target",
    action: "Add target",
    children: [
      field("Address", address, "A host name, an IP address or a URL."),
      h("div", { class: "field-pair" }, field("Name", name), field("Category", category)),
      fields.element,
    ],
    submit: async () => {
      const checks = fields.checks;
      if (address.value.trim() === "") throw new FieldProblem("address", "say what to watch: an address is needed");
      if (checks.length === 0) throw new Error("Choose at least one check.");
      for (const { type, options } of checks) {
        if (type === "http" && isURL(address.value)) options.url ??= address.value.trim();
      }
      added(
        await addTarget({
          address: address.value.trim(),
          name: name.value.trim() || undefined,
          category: category.value.trim() || undefined,
          checks,
        }),
      );
    },
  });
  address.addEventListener("input", () => {
    fields.suggest(isURL(address.value) ? "http" : "icmp");
  });
  address.focus();
}

/** @param {string} address */
function isURL(address) {
  return /^https?:/.test(address.trim());
}

/**
 * Asks for more checks of a target.
 *
 * @param {string} targetID
 */
export function openCheckDialog(targetID) {
  const fields = new CheckFields("http");
  openForm({
    title: "Add checks",
    action: "Add checks",
    children: [fields.element],
    submit: async () => {
      const checks = fields.checks;
      if (checks.length === 0) throw new Error("Choose at least one check.");
      for (const check of checks) {
        try {
          await addCheck(targetID, check);
        } catch (error) {
          throw withinPart(error, "checks[0].");
        }
        // What is added is not added again when another one is refused.
        fields.dropFirst();
      }
    },
  });
}
