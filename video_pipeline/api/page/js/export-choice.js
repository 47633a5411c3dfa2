// Owns ordering further exports: formats times qualities, several at once; hides how pairs become requests.
import { busy, button, fill, freshId, h, icon } from "./dom.js";
import { watchExports } from "./export-order.js";
import { complainIn, formError } from "./fields.js";
import { isAbort, newKey, post } from "./http.js";
import { options } from "./options.js";
import { formatName, noteOf, qualityName } from "./renditions.js";
import { count, excuse } from "./wording.js";

const SOUND = { m4a: ["low", "medium", "high"], opus: ["low", "medium", "high"], flac: ["high"] };
const SIZES = {
  low: "480p",
  medium: "720p",
  high: "1080p",
  qhd: "1440p",
  uhd: "2160p",
  square: "1:1",
  vertical: "9:16",
};

/** The part of a job's exports in which further ones are ordered. */
export class ExportChoice {
  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.rows = h("div", { class: "matrix", testid: "export-choice" });
    this.wrong = formError();
    const props = { type: "submit", class: "primary", testid: "export-submit", disabled: true };
    this.send = button("Make exports", props, icon("film"));
    this.under = h("div", { class: "stack-tight", testid: "export-progress" });
    this.fold = this.folded();
    this.node = h("div", { class: "stack-tight" }, this.fold, this.under);
    this.drawn = false;
    this.rows.addEventListener("change", () => this.tally());
    this.fold.addEventListener("toggle", () => this.show(desk.job));
  }

  folded() {
    const hint = h("p", { class: "small muted grow" }, "Choose one or more. What exists already is not made again.");
    const foot = h("div", { class: "matrix-foot" }, hint, this.send);
    const onsubmit = (event) => this.submit(event);
    const form = h("form", { onsubmit, novalidate: true }, this.rows, this.wrong, foot);
    return h("details", { class: "fold panel", testid: "export-more" }, h("summary", {}, "Make further exports"), form);
  }

  get chosen() {
    return [...this.rows.querySelectorAll("input:checked")];
  }

  /** Boxes of what is there already cannot be ticked. */
  show(job) {
    this.fold.hidden = !job.video?.available;
    if (!this.drawn && this.fold.open) this.draw();
    const made = new Set((job.exports ?? []).map((each) => `${each.format} ${each.quality}`));
    for (const box of this.rows.querySelectorAll("input")) {
      const there = made.has(box.value);
      if (there) box.checked = false;
      box.disabled = there;
      box.closest("label").classList.toggle("made", there);
      box.closest("label").title = there ? "Exists already" : "";
    }
    this.tally();
  }

  async draw() {
    this.drawn = true;
    try {
      const { formats, qualities } = await options();
      fill(this.rows, ...formats.map((format) => formatRow(format, qualities)));
      this.show(this.desk.job);
    } catch (error) {
      this.drawn = false;
      complainIn(this.wrong, excuse(error));
    }
  }

  tally() {
    const { length } = this.chosen;
    this.send.disabled = length === 0;
    this.send.lastChild.textContent = length > 0 ? `Make ${count(length, "export")}` : "Make exports";
  }

  async submit(event) {
    event.preventDefault();
    complainIn(this.wrong, null);
    const wanted = requests(this.chosen.map((box) => box.value.split(" ")));
    const path = `/jobs/${this.desk.id}/exports`;
    const ask = (json) => post(path, { json, key: newKey(), signal: this.desk.signal });
    try {
      const orders = await busy(this.send, () => Promise.all(wanted.map(ask)));
      for (const box of this.chosen) box.checked = false;
      for (const [at, order] of orders.entries()) watchExports(this.desk, order, nameOf(wanted[at]), this.under);
    } catch (error) {
      if (!isAbort(error)) complainIn(this.wrong, excuse(error));
    }
    this.tally();
  }
}

function nameOf({ formats, qualities }) {
  return `${formats.map(formatName).join(", ")} in ${qualities.map(qualityName).join(", ")}`;
}

function formatRow(format, qualities) {
  const fitting = qualities.filter((quality) => (SOUND[format] ?? qualities).includes(quality));
  const id = freshId("format");
  const name = h("p", { class: "matrix-name", id }, formatName(format));
  return h(
    "div",
    { class: "matrix-row", role: "group", "aria-labelledby": id },
    h("div", {}, name, h("p", { class: "small muted" }, noteOf(format))),
    h("div", { class: "matrix-cells" }, ...fitting.map((quality) => cell(format, quality))),
  );
}

function cell(format, quality) {
  const size = SOUND[format] ? "" : (SIZES[quality] ?? "");
  const marks = { testid: "export-box", "data-format": format, "data-quality": quality };
  const box = h("input", { type: "checkbox", value: `${format} ${quality}`, ...marks });
  return h(
    "label",
    { class: "cell" },
    box,
    h("span", {}, qualityName(quality)),
    h("span", { class: "small muted" }, size),
  );
}

/** The fewest requests for the chosen pairs: each request makes all its formats in all its qualities. */
export function requests(pairs) {
  const qualitiesOf = new Map();
  for (const [format, quality] of pairs) qualitiesOf.set(format, [...(qualitiesOf.get(format) ?? []), quality]);
  const together = new Map();
  for (const [format, qualities] of qualitiesOf) {
    const same = qualities.join();
    together.set(same, { formats: [...(together.get(same)?.formats ?? []), format], qualities });
  }
  return [...together.values()];
}
