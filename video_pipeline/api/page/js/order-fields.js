// Owns the fields of an order that are no plain input: choices side by side, the seed; hides their markup.
import { button, freshId, h, icon } from "./dom.js";
import { field } from "./fields.js";

const SEED_MAX = 2 ** 31 - 1;

/**
 * Radio buttons that look like cards.
 * @param {string} name
 * @param {string} label
 * @param {[string, string, string][]} list value, title, explanation
 * @param {string} first the value that is chosen at first
 */
export function choices(name, label, list, first) {
  const group = freshId(name);
  const node = h(
    "fieldset",
    { class: "field" },
    h("legend", { class: "label" }, label),
    h(
      "div",
      { class: "choices" },
      list.map(([value, title, text]) =>
        h(
          "label",
          { class: "choice" },
          h("input", { type: "radio", name: group, value, checked: value === first, testid: `order-${name}-${value}` }),
          h("strong", {}, title),
          h("span", {}, text),
        ),
      ),
    ),
  );
  return { node, value: () => node.querySelector("input:checked").value };
}

/** The seed: empty for a random one; the same seed and words give the same video. */
export function seedField() {
  const input = h("input", {
    class: "input",
    type: "number",
    inputmode: "numeric",
    min: 0,
    max: SEED_MAX,
    step: 1,
    placeholder: "Random",
    testid: "order-seed",
  });
  const roll = button(
    "",
    {
      class: "square",
      "aria-label": "A random seed",
      title: "A random seed",
      testid: "order-seed-random",
      onclick: () => {
        input.value = crypto.getRandomValues(new Uint32Array(1))[0] % SEED_MAX;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      },
    },
    icon("shuffle"),
  );
  const made = field({
    name: "seed",
    label: "Seed",
    optional: true,
    hint: "The same seed and words give the same video again.",
    control: h("div", { class: "with-button" }, input, roll),
  });
  return { ...made, value: () => (input.value === "" ? undefined : Number(input.value)) };
}
