// Owns the exports of a job: those that exist, and their downloads; hides their addresses.
import { ExportChoice } from "./export-choice.js";
import { h, icon, linkButton, renew } from "./dom.js";
import { may } from "./session.js";
import { measured } from "./video.js";
import { when } from "./when.js";
import { words } from "./wording.js";

export const FORMAT = {
  mp4: "MP4",
  mov: "MOV",
  webm: "WebM",
  av1: "MP4 (AV1)",
  m4a: "M4A",
  opus: "Opus",
  flac: "FLAC",
};
const NOTE = {
  mp4: "H.264, plays everywhere",
  mov: "H.264, for editing",
  webm: "VP9, for the web",
  av1: "smallest, newer players",
  m4a: "sound alone",
  opus: "sound alone",
  flac: "sound alone, lossless",
};

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
  const name = `${FORMAT[item.format] ?? item.format} · ${qualityName(item.quality)}`;
  const size =
    item.width && item.height && !["m4a", "opus", "flac"].includes(item.format)
      ? `${item.width} × ${item.height}`
      : NOTE[item.format];
  return h(
    "li",
    { class: "export", testid: "export-row", "data-format": item.format, "data-quality": item.quality },
    h("span", { class: "export-sign" }, icon(NOTE[item.format]?.startsWith("sound") ? "music" : "film")),
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

const QUALITY = { qhd: "QHD", uhd: "UHD" };

/** "UHD", "Low", or a size of one's own such as "1600x900". */
export const qualityName = (quality) => QUALITY[quality] ?? words(quality);

/** What a format is for. */
export const noteOf = (format) => NOTE[format] ?? "";
