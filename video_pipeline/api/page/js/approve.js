// Owns the approval: what is said before it, and what another producer's change means for it; hides the request.
import { busy, button, h, icon } from "./dom.js";
import { openDialog } from "./dialog.js";
import { complainIn, formError } from "./fields.js";
import { toast } from "./toast.js";
import { clock, count, excuse, money, sentence } from "./wording.js";

const CONSEQUENCE =
  "The video is rendered as the storyboard is now. Changing a scene later takes the approval back; " +
  "then only what changed is rendered again.";
const OTHERS_CHANGED =
  "Somebody else changed the storyboard while you looked at it. Close this, look at what changed, then approve.";

/** @param {import("./desk.js").Desk} desk */
export function approve(desk) {
  const wrong = formError();
  const props = { class: "primary", testid: "approve-confirm", onclick: () => busy(yes, send) };
  const yes = button("Approve and render", props, icon("check"));
  const no = button("Not yet", { testid: "approve-cancel", onclick: () => dialog.close() });
  const body = [h("p", {}, CONSEQUENCE), factsOf(desk.job), computing(desk.job), wrong];
  const dialog = openDialog({ title: "Approve this storyboard?", testid: "approve-dialog", body, foot: [no, yes] });
  yes.focus();

  async function send() {
    try {
      await desk.change("/approve");
      dialog.close();
      toast("Approved. The video is being rendered.");
    } catch (error) {
      yes.hidden = error.status === 412;
      complainIn(wrong, error.status === 412 ? OTHERS_CHANGED : excuse(error));
    }
  }
}

const factsOf = (job) =>
  h(
    "dl",
    { class: "facts" },
    rows(job).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );

function computing({ computing: text }) {
  const words = text && h("div", {}, h("p", { testid: "computing" }, sentence(text)));
  return text && h("div", { class: "callout amber" }, icon("clock"), words);
}

function rows(job) {
  const { scenes, duration_s: length } = job.storyboard;
  return [
    ["Scenes", count(scenes.length, "scene")],
    ["Length", clock(length)],
    ["Spent so far", money(job.actual_cost_usd)],
    ["Further cost", "None; rendering is done here"],
  ];
}
