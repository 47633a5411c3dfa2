// Owns the form of a refinement: what may be typed, what it would cost; hides counting and comparing.
import { fill, h, icon } from "./dom.js";
import { field, formError } from "./fields.js";
import { may } from "./session.js";
import { count, money } from "./wording.js";

const LIMITS = { prompt: [10, 2000], description: [10, 1000] };

/** Two texts of a scene, of which either may be changed. */
export class RefineForm {
  /**
   * @param {any} scene whose texts are there at first
   * @param {() => void} heed is called after each change
   */
  constructor(scene, heed) {
    this.prompt = promptField(scene);
    this.description = descriptionField(scene);
    this.wrong = formError();
    this.price = h("p", { class: "price", "aria-live": "polite", testid: "refine-price" });
    this.left = h("p", { class: "grow", testid: "refinements-left" });
    for (const each of this.fields) each.input.addEventListener("input", heed);
    const still = (event) => event.preventDefault();
    const nodes = this.fields.map((each) => each.node);
    this.node = h("form", { novalidate: true, onsubmit: still }, nodes, this.price, this.wrong);
  }

  get fields() {
    return [this.prompt, this.description];
  }

  /** What differs from `scene`; null for what does not. */
  changes(scene) {
    return {
      prompt: changed(this.prompt.input, scene.image_prompt),
      description: changed(this.description.input, scene.description),
    };
  }

  /** Whether the changes have a length that is taken; the fields say what is wrong. */
  fits(changes) {
    const unfit = Object.keys(LIMITS).filter((name) => !this.withinLimits(name, changes[name]));
    if (unfit.length > 0) this[unfit[0]].input.focus();
    return unfit.length === 0;
  }

  withinLimits(name, text) {
    if (text === null) return true;
    const [least, most] = LIMITS[name];
    const length = [...text].length;
    if (length >= least && length <= most) return true;
    const limits = `${least} to ${most.toLocaleString("en")} characters, please`;
    this[name].complain(`${limits}; this has ${length.toLocaleString("en")}.`);
    return false;
  }

  /** Say what the changes cost, and how many refinements are left. */
  tell({ prompt, description }, { left, limit, price_usd: usd }) {
    this.left.textContent = `${count(left, "refinement")} of ${limit} left`;
    const about = ["A new picture costs about ", h("strong", {}, money(usd)), " (estimated)"];
    const text = prompt
      ? [about, " and uses one refinement."]
      : description
        ? "A new description costs nothing and uses one refinement."
        : ["Nothing changed yet. ", about, "."];
    fill(this.price, icon("info", "small"), h("span", {}, text));
  }
}

function promptField(scene) {
  const paid = may("spend");
  return field({
    name: "new_image_prompt",
    label: "Prompt of the picture",
    counter: LIMITS.prompt,
    hint: paid ? "Another prompt makes another picture." : "Your account may not order new pictures.",
    control: textarea(scene.image_prompt, { rows: 6, disabled: !paid, testid: "refine-prompt" }),
  });
}

function descriptionField(scene) {
  return field({
    name: "new_description",
    label: "Description",
    counter: LIMITS.description,
    hint: "One or two sentences for people.",
    control: textarea(scene.description, { rows: 3, testid: "refine-description" }),
  });
}

const textarea = (value, props) => h("textarea", { class: "input", value, ...props });

function changed(input, now) {
  const text = input.value.trim();
  return text && text !== now ? text : null;
}
