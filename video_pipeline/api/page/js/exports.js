// Owns the exports of a job: those that exist, and their downloads; hides their addresses.
import { ExportChoice } from "./export-choice.js";
import { h, icon, linkButton, renew } from "./dom.js";
import { formatName, isSound, noteOf, qualityName } from "./renditions.js";
import { may } from "./session.js";
import { measured } from "./video.js";
import { when } from "./when.js";

/** @param {import("./desk.js").Desk} desk */
export function exportsOf(desk) {
  const list = h("ul", { class: "exports panel", testid: "exports" });
  const choice = may("edit") ? new ExportChoice(desk) : null;
  const node = h(
    "section",
    { class: "job-section", "aria-labelledby": "exports-title" },
    h("div", { class: "section-head" }, h("h2", { id: "exports-title", tabindex: "-1" }, "Exports")),
    list,
    choice?.node,
  );
  desk.onChange((job) => {
    const made = job.exports ?? [];
    node.hidden = !job.video?.available && made.length === 0;
    list.hidden = made.length === 0;
    renew(list, made, () => made.map(row));
    choice?.show(job);
  });
  return node;
}

function row(item) {
  const name = `${formatName(item.format)} · ${qualityName(item.quality)}`;
  const size =
    item.width && item.height && !isSound(item.format)
      ? `${item.width} × ${item.height}`
      : noteOf(item.format);
  return h(
    "li",
    { class: "export", testid: "export-row", "data-format": item.format, "data-quality": item.quality },
    h("span", { class: "export-sign" }, icon(isSound(item.format) ? "music" : "film")),
    h("div", { class: "export-name" }, h("strong", {}, name), h("p", { class: "small muted" }, size)),
    h(
      "p",
      { class: "small muted tabular export-facts" },
      measured({
        length: item.duration_s,
        bytes: item.bytes,
        loudness: item.integrated_lufs,
        peak: item.true_peak_dbtp,
      }),
    ),
    h("span", { class: "small muted export-when" }, when(item.created_at)),
    linkButton(
      "Download",
      item.url,
      { class: "small", download: "", testid: "download-link", "aria-label": `Download ${name}` },
      icon("download", "small"),
    ),
  );
}
