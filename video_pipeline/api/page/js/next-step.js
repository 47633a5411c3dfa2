// Owns what a job's reader should do next, said in a sentence; hides the cases.
import { neededWords } from "./file-types.js";
import { count, sentence } from "./wording.js";

const WORKING = { tone: "accent", icon: "clock", progress: true, actions: [] };

/** title, text, colour, sign and actions by status */
const STEPS = {
  preparing: {
    tone: "gray",
    icon: "upload",
    title: "Files are awaited.",
    text: "Upload what the video is to be made of, then start it.",
    actions: ["start"],
  },
  planned: {
    ...WORKING,
    title: "The storyboard is being planned.",
    text: "Nothing to do yet; the scenes appear here.",
  },
  generating_music: {
    ...WORKING,
    title: "The music is being made.",
    text: "Nothing to do yet; each piece can be heard when it is there.",
  },
  generating_image: {
    ...WORKING,
    title: "The pictures are being made.",
    text: "Then the storyboard is yours to look at.",
  },
  awaiting_approval: {
    tone: "amber",
    icon: "eye",
    title: "Look at the scenes, then approve.",
    text: "Listen, drag scenes into another order, refine what you do not like.",
    actions: ["preview", "approve"],
  },
  rendering: { ...WORKING, title: "The video is being rendered.", text: "You can leave; it goes on by itself." },
  ready_for_export: {
    ...WORKING,
    title: "The video is rendered.",
    text: "Its exports are being made; it can be watched already.",
  },
  completed: {
    tone: "green",
    icon: "check",
    title: "The video is finished.",
    text: "Watch it, choose a thumbnail, download the exports.",
    actions: ["download"],
  },
  failed: { tone: "red", icon: "alert", title: "It failed.", text: "", actions: ["retry"] },
  cancelled: {
    tone: "gray",
    icon: "stop",
    title: "It was cancelled.",
    text: "Nothing more happens. It can be deleted.",
    actions: ["again"],
  },
};

/** @returns {{title: string, text: string, tone: string, icon: string, progress?: boolean, actions: string[]}} */
export function nextStep(job, history) {
  const step = STEPS[job.status] ?? { ...WORKING, title: "It is being worked on.", text: "" };
  if (job.status === "preparing" && job.missing_files?.length)
    return { ...step, text: `${sentence(`${neededWords(job.missing_files)} is missing`)} Upload it, then start.` };
  if (job.status === "failed") return { ...step, text: afterFailure(job, history) };
  if (job.status === "awaiting_approval" && wasReset(history))
    return {
      ...step,
      title: "The approval was reset.",
      text: "The storyboard changed after it was approved. Look at it again, then approve.",
    };
  if (job.status === "awaiting_approval" && job.approval === "auto")
    return {
      ...step,
      tone: "accent",
      icon: "clock",
      title: "The storyboard approves itself.",
      text: "It is rendered in a moment, unless it is changed.",
      actions: ["approve"],
    };
  return step;
}

function afterFailure(job, history) {
  const { error_message: reason, retry_count: retries } = job;
  if (job.storyboard?.scenes.some((scene) => scene.refused?.length))
    return "A vendor refused words, and is not asked for the same again. Give others where it says so below, then retry.";
  if (wasReworded(history)) return "It has other words now. A retry goes on from where it failed.";
  const tries = retries ? `; it was tried ${count(retries + 1, "time")} so far` : "";
  return `${sentence(reason ?? "The reason is in the history")} A retry goes on from where it failed${tries}.`;
}

/** Whether it was given other words after it failed. */
function wasReworded(history) {
  const since = [...history]
    .sort((a, b) => b.id - a.id)
    .find((event) => event.kind === "reworded" || event.status_to === "failed");
  return since?.kind === "reworded";
}

/** Whether the newest word about the approval is that it was reset. */
function wasReset(history) {
  const about = [...history]
    .sort((a, b) => b.id - a.id)
    .find((event) => event.kind === "approved" || event.kind === "approval_reset");
  return about?.kind === "approval_reset";
}
