// Owns the finished video: to watch, with what was measured on it; hides when it is there.
import { h, renew } from "./dom.js";
import { posterOf } from "./card.js";
import { clock, size } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function video(desk) {
  const node = h("section", { class: "job-section", "aria-labelledby": "video-title", testid: "video" });
  desk.onChange((job) => {
    node.hidden = !job.video?.available;
    renew(node, job.video, () => job.video?.available && lines(job));
  });
  return node;
}

function lines(job) {
  const { url, bytes, duration_s: length, integrated_lufs: loudness, true_peak_dbtp: peak } = job.video;
  // Nothing is fetched before it is played: the API counts each fetch as a download.
  return [
    h(
      "div",
      { class: "section-head" },
      h(
        "div",
        {},
        h("h2", { id: "video-title" }, "Video"),
        h("p", { class: "muted small tabular" }, measured({ length, bytes, loudness, peak })),
      ),
    ),
    h("video", {
      class: "screen",
      controls: true,
      preload: "none",
      playsinline: true,
      poster: posterOf(job)?.replace("width=480", "width=1280"),
      src: url,
      testid: "final-video",
      "aria-label": "The finished video",
      width: 1280,
      height: 720,
    }),
  ];
}

/** "1:15:00 · 231 MB · -14.0 LUFS · peak -1.2 dBTP", of what is known. */
export function measured({ length, bytes, loudness, peak }) {
  const minus = (value) => value.toFixed(1).replace("-", "−");
  return [
    length && clock(length),
    bytes && size(bytes),
    Number.isFinite(loudness) && `${minus(loudness)} LUFS`,
    Number.isFinite(peak) && `peak ${minus(peak)} dBTP`,
  ]
    .filter(Boolean)
    .join(" · ");
}
