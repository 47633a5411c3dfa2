// Owns the choice of a thumbnail; hides how the predictions are ordered.
import { fill, h } from "./dom.js";
import { get, isAbort, post } from "./http.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { excuse, words } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function thumbnails(desk) {
  const group = h("div", { class: "thumbnails", role: "radiogroup", "aria-labelledby": "thumbnails-title" });
  const node = h(
    "section",
    { class: "job-section", hidden: true, "aria-labelledby": "thumbnails-title", testid: "thumbnails" },
    h(
      "div",
      { class: "section-head" },
      h(
        "div",
        {},
        h("h2", { id: "thumbnails-title" }, "Thumbnail"),
        h("p", { class: "muted small" }, "How well each may do is a model's estimate, not a measurement."),
      ),
    ),
    group,
  );
  let asked = null;
  desk.onChange((job) => {
    // They are drawn a little after the video is there: until some are, each line of the history is a reason to look.
    const wanted = job.video?.available
      ? `${job.storyboard?.etag} ${job.status} ${node.hidden ? desk.history.length : ""}`
      : null;
    if (wanted === asked) return;
    asked = wanted;
    if (wanted) load();
    else node.hidden = true;
  });

  async function load() {
    try {
      show((await get(`/jobs/${desk.id}/thumbnails`, { signal: desk.signal })).items);
    } catch (error) {
      if (!isAbort(error)) asked = null; // the next change tries again
    }
  }

  function show(items) {
    node.hidden = items.length === 0;
    fill(
      group,
      items.map((item) => option(item, choose)),
    );
  }

  async function choose(item) {
    try {
      const { items } = await post(`/jobs/${desk.id}/thumbnails/${item.id}/select`, { signal: desk.signal });
      for (const each of items) mark(group, each);
      toast("The thumbnail is chosen.");
    } catch (error) {
      if (isAbort(error)) return;
      toast(excuse(error), { tone: "red" });
      load();
    }
  }
  return node;
}

function option(item, choose) {
  const name = nameOf(item.variant);
  const input = h("input", {
    type: "radio",
    name: "thumbnail",
    value: item.id,
    checked: item.is_selected,
    disabled: !may("edit"),
    onchange: () => choose(item),
    testid: "thumbnail-option",
    "data-thumbnail-id": item.id,
  });
  return h(
    "label",
    { class: "thumbnail", "data-id": item.id },
    h("img", { src: item.url, alt: "", loading: "lazy", decoding: "async", width: 1280, height: 720 }),
    h("span", { class: "thumbnail-text" }, input, h("span", {}, h("strong", {}, name), estimate(item))),
  );
}

/** "titled_2" to "Picture 2 with title". */
function nameOf(variant) {
  const [, kind, number] = /^(plain|titled)_(\d+)$/.exec(variant) ?? [];
  return kind ? `Picture ${number}${kind === "titled" ? " with title" : ""}` : words(variant);
}

function estimate({ click_prediction: value, predicted_by: model }) {
  if (!Number.isFinite(value)) return null;
  const by = model ? `, by ${model.replace(/ \(an estimate\)$/, "")}` : "";
  return h("span", { class: "small muted" }, `Estimated appeal ${Math.round(100 * value)} of 100${by}`);
}

function mark(group, item) {
  const input = group.querySelector(`[data-thumbnail-id="${CSS.escape(item.id)}"]`);
  if (input) input.checked = item.is_selected;
}
