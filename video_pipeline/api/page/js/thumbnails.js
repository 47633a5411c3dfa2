// Owns the choice of a thumbnail; hides when they are there and how the predictions are ordered.
import { fill, h } from "./dom.js";
import { get, isAbort, post } from "./http.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { excuse, words } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function thumbnails(desk) {
  return new Thumbnails(desk).node;
}

class Thumbnails {
  constructor(desk) {
    this.desk = desk;
    this.asked = null;
    this.group = h("div", { class: "thumbnails", role: "radiogroup", "aria-labelledby": "thumbnails-title" });
    const note = h("p", { class: "muted small" }, "How well each may do is a model's estimate, not a measurement.");
    const title = h("div", {}, h("h2", { id: "thumbnails-title" }, "Thumbnail"), note);
    const props = { class: "job-section", hidden: true, "aria-labelledby": "thumbnails-title", testid: "thumbnails" };
    this.node = h("section", props, h("div", { class: "section-head" }, title), this.group);
    desk.onChange((job) => this.look(job));
  }

  look(job) {
    // They are drawn a little after the video is there: until some are, each line of the history is a reason to look.
    const reason = [job.storyboard?.etag, job.status, this.node.hidden && this.desk.history.length].join();
    const wanted = job.video?.available ? reason : null;
    if (wanted === this.asked) return;
    this.asked = wanted;
    if (wanted) this.load();
    else this.node.hidden = true;
  }

  async load() {
    try {
      const { items } = await get(`/jobs/${this.desk.id}/thumbnails`, { signal: this.desk.signal });
      this.node.hidden = items.length === 0;
      fill(this.group, ...items.map((item) => option(item, () => this.choose(item))));
    } catch (error) {
      if (!isAbort(error)) this.asked = null; // the next change tries again
    }
  }

  async choose({ id }) {
    try {
      const { items } = await post(`/jobs/${this.desk.id}/thumbnails/${id}/select`, { signal: this.desk.signal });
      for (const each of items) mark(this.group, each);
      toast("The thumbnail is chosen.");
    } catch (error) {
      if (isAbort(error)) return;
      toast(excuse(error), { tone: "red" });
      this.load();
    }
  }
}

function option(item, onchange) {
  const marks = { testid: "thumbnail-option", "data-thumbnail-id": item.id };
  const state = { checked: item.is_selected, disabled: !may("edit") };
  const input = h("input", { type: "radio", name: "thumbnail", value: item.id, ...state, onchange, ...marks });
  const image = { src: item.url, alt: "", loading: "lazy", decoding: "async", width: 1280, height: 720 };
  const text = h("span", {}, h("strong", {}, words(item.variant)), estimate(item));
  return h("label", { class: "thumbnail" }, h("img", image), h("span", { class: "thumbnail-text" }, input, text));
}

function estimate({ click_prediction: value, predicted_by: model, parts }) {
  if (!Number.isFinite(value)) return null;
  const by = model ? `, by ${model.replace(/ \(an estimate\)$/, "")}` : "";
  const told = Object.entries(parts).map(([part, worth]) => `${part} ${Math.round(100 * worth)}`);
  const whole = `Estimated appeal ${Math.round(100 * value)} of 100${by}`;
  return h("span", { class: "small muted" }, told.length ? `${whole}: ${told.join(", ")}` : whole);
}

function mark(group, item) {
  const input = group.querySelector(`[data-thumbnail-id="${CSS.escape(item.id)}"]`);
  if (input) input.checked = item.is_selected;
}
