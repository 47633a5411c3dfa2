// Owns form fields with their labels, hints and errors; hides ids and ARIA.
import { fill, freshId, h, icon } from "./dom.js";
import { excuse, sentence } from "./wording.js";

/**
 * A control with its label, a hint and a place for its error.
 * @param {{name: string, label: string, control: HTMLElement, hint?: any, optional?: boolean,
 *   counter?: [number, number]}} options
 *   `name` is the field of the request that errors name
 */
export function field({ name, label, control, hint, optional, counter }) {
  const id = freshId(name);
  const input = control.matches("input, select, textarea") ? control : control.querySelector("input, select, textarea");
  const error = h("p", { class: "error", id: `${id}-error`, hidden: true, testid: `error-${name}` });
  const note = hint && h("p", { class: "hint", id: `${id}-hint` }, hint);
  const counting = counter && countingOf(input, counter);
  input.id = id;
  input.setAttribute("aria-describedby", [note && note.id, error.id].filter(Boolean).join(" "));
  const foot = (note || counting) && h("div", { class: "field-foot" }, note, counting);
  const node = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, optional && h("span", { class: "optional" }, " (optional)")),
    control,
    error,
    foot,
  );
  const complain = (message) => {
    error.hidden = !message;
    fill(error, message && [icon("alert"), h("span", {}, message)]);
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", () => complain(null));
  return { name, node, input, complain };
}

/** "123 / 2,000" that turns red outside of the limits. */
function countingOf(input, [least, most]) {
  const node = h("span", { class: "counter", "aria-hidden": "true" });
  const show = () => {
    const length = [...input.value.trim()].length;
    node.textContent = `${length.toLocaleString("en")} / ${most.toLocaleString("en")}`;
    node.classList.toggle("over", length > most || (length > 0 && length < least));
  };
  input.addEventListener("input", show);
  queueMicrotask(show);
  return node;
}

/** A select; `options` are [value, label] pairs, or [value, label, true] for what cannot be chosen. */
export function choose(options, props = {}) {
  const { value, ...rest } = props;
  const node = h(
    "select",
    { class: "input", ...rest },
    options.map(([key, label, disabled = false]) => h("option", { value: key, disabled }, label)),
  );
  if (value !== undefined) node.value = value;
  return node;
}

/**
 * Put an API's error where it belongs.
 * @param {{errors: {field: string, message: string}[]}} error
 * @param {{name: string, complain: (message: string|null) => void, input: HTMLElement}[]} fields
 * @param {HTMLElement} general a place for what belongs to no field
 */
export function blame(error, fields, general) {
  const known = new Map(fields.map((each) => [each.name, each]));
  const rest = [];
  let first = null;
  for (const { field: name, message } of error.errors ?? []) {
    const found = known.get(String(name).split(".").pop());
    if (found) found.complain(sentence(message));
    else rest.push(sentence(message));
    first ??= found;
  }
  if (!first && rest.length === 0) rest.push(excuse(error));
  complainIn(general, rest.join(" "));
  (first?.input ?? general).focus();
}

/** Show or clear the error of a whole form. */
export function complainIn(place, message) {
  place.hidden = !message;
  fill(place, message && [icon("alert"), h("span", {}, message)]);
}

/** The place for a form's own error. */
export const formError = () =>
  h("p", { class: "form-error", role: "alert", tabindex: "-1", hidden: true, testid: "form-error" });
