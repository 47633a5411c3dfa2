// Owns the preview of a storyboard: a small video with sound, made on demand; hides how its making is followed.
import { busy, button, h, icon, renew } from "./dom.js";
import { meter, moveMeter } from "./card.js";
import { isAbort, keyFor, post } from "./http.js";
import { follow } from "./orders.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { excuse, sentence } from "./wording.js";

const key = keyFor();
const followed = new Set();

/** @param {import("./desk.js").Desk} desk */
export function preview(desk) {
  const node = h("section", {
    class: "job-section",
    id: "preview",
    "aria-labelledby": "preview-title",
    testid: "preview",
  });
  desk.onChange((job) => {
    const state = stateOf(job);
    node.hidden = state === "none";
    renew(node, [state, job.preview?.url, job.preview?.order?.id], () => [heading(), CONTENT[state]?.(desk, job)]);
    if (state === "working") watch(desk, job.preview.order, node);
  });
  return node;
}

const heading = () =>
  h(
    "div",
    { class: "section-head" },
    h(
      "div",
      {},
      h("h2", { id: "preview-title", tabindex: "-1" }, "Preview"),
      h("p", { class: "muted small" }, "The whole storyboard in low quality, with sound."),
    ),
  );

function stateOf(job) {
  const order = job.preview?.order;
  if (job.video?.available) return "none"; // the video itself is there
  if (job.preview?.available) return "ready";
  if (order && ["pending", "in_progress"].includes(order.status)) return "working";
  if (!job.storyboard || job.status !== "awaiting_approval") return "none";
  return order?.status === "failed" ? "failed" : "absent";
}

const CONTENT = {
  ready: (_, job) =>
    h("video", {
      class: "screen",
      controls: true,
      preload: "metadata",
      playsinline: true,
      src: job.preview.url,
      testid: "preview-video",
      "aria-label": "Preview of the storyboard",
      width: 854,
      height: 480,
    }),
  working: () =>
    h(
      "div",
      { class: "panel making", testid: "preview-progress" },
      h("p", { class: "message" }, "The preview is being made"),
      meter(0, "Progress of the preview", "thick"),
    ),
  absent: (desk) =>
    h(
      "div",
      { class: "panel offer" },
      icon("film", "large"),
      h(
        "p",
        {},
        h("strong", {}, "There is none of this storyboard yet. "),
        "It shows the scenes in their order with music and transitions, so that you can judge before you approve.",
      ),
      makeButton(desk),
    ),
  failed: (desk, job) =>
    h(
      "div",
      { class: "callout red", role: "alert" },
      icon("alert"),
      h(
        "div",
        {},
        h("p", {}, `The preview could not be made: ${job.preview.order.error ?? "no reason was given."}`),
        h("div", { class: "row" }, makeButton(desk, "Try again")),
      ),
    ),
};

const makeButton = (desk, label = "Make preview") =>
  may("edit") &&
  button(
    label,
    { testid: "make-preview-here", onclick: (event) => makePreview(desk, event.currentTarget) },
    icon("film"),
  );

/** Order the preview of what is shown. @param {import("./desk.js").Desk} desk */
export async function makePreview(desk, node) {
  try {
    const order = await busy(node, () =>
      post(`/jobs/${desk.id}/preview`, { key: key([desk.id, desk.etag, desk.job.preview?.order?.id]) }),
    );
    desk.accept({ ...desk.job, preview: { ...desk.job.preview, order } });
    document.getElementById("preview").scrollIntoView({ block: "center", behavior: "smooth" });
    if (order.status === "completed") await desk.refresh();
  } catch (error) {
    if (!isAbort(error)) toast(excuse(error), { tone: "red" });
  }
}

async function watch(desk, order, node) {
  if (followed.has(order.id)) return;
  followed.add(order.id);
  const onProgress = ({ progress }) => {
    const bar = node.querySelector(".meter");
    if (!bar || !progress) return;
    moveMeter(bar, progress.percent);
    node.querySelector(".message").textContent = `The preview is being made: ${progress.message}`;
  };
  try {
    await follow(order, { onProgress, signal: desk.signal });
    toast("The preview is ready.");
  } catch (error) {
    if (isAbort(error)) return void followed.delete(order.id);
    toast(`The preview could not be made. ${sentence(error.detail)}`, { tone: "red" });
  }
  await desk.refresh().catch(() => {});
}
