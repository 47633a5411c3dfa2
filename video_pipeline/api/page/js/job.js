// Owns the page of one job: which parts it has and in which order; hides their wiring.
import { Desk } from "./desk.js";
import { fill, h } from "./dom.js";
import { exportsOf } from "./exports.js";
import { files } from "./files.js";
import { history } from "./history.js";
import { facts } from "./job-facts.js";
import { head } from "./job-head.js";
import { hush } from "./player.js";
import { preview } from "./preview.js";
import { programme } from "./programme.js";
import { purchases } from "./purchases.js";
import { sceneSkeleton } from "./scene.js";
import { storyboard } from "./storyboard.js";
import { thumbnails } from "./thumbnails.js";
import { video } from "./video.js";
import { titleOf } from "./wording.js";

/** @param {import("./main.js").View} view */
export async function job({ outlet, params: [id], signal, title }) {
  const desk = new Desk(id, signal);
  signal.addEventListener("abort", hush);
  fill(outlet, skeleton());
  await desk.open();
  const isPreparing = desk.job.status === "preparing"; // then its files come first
  const main = h(
    "div",
    { class: "job-main" },
    isPreparing && files(desk),
    video(desk),
    thumbnails(desk),
    exportsOf(desk),
    programme(desk),
    storyboard(desk),
    preview(desk),
    !isPreparing && files(desk),
    purchases(desk),
  );
  fill(
    outlet,
    head(desk),
    h(
      "div",
      { class: "job-layout" },
      main,
      h("aside", { class: "job-side", "aria-label": "About this video" }, facts(desk), history(desk)),
    ),
  );
  desk.onChange((now) => {
    title(titleOf(now));
    outlet.dataset.status = now.status;
  });
}

const skeleton = () =>
  h(
    "div",
    { "aria-busy": "true", testid: "job-loading" },
    h(
      "div",
      { class: "job-head" },
      h("div", { class: "skeleton title-blank" }),
      h("div", { class: "skeleton line short" }),
    ),
    h("div", { class: "skeleton step-blank" }),
    h("ul", { class: "scenes" }, [1, 2, 3, 4].map(sceneSkeleton)),
  );
