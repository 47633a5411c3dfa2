// Owns the approval: what is said before it, and what another producer's change means for it; hides the request.
import { busy, button, h, icon } from "./dom.js";
import { openDialog } from "./dialog.js";
import { complainIn, formError } from "./fields.js";
import { toast } from "./toast.js";
import { clock, count, excuse, money, sentence } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function approve(desk) {
  const { job } = desk;
  const wrong = formError();
  const yes = button(
    "Approve and render",
    { class: "primary", testid: "approve-confirm", onclick: () => busy(yes, send) },
    icon("check"),
  );
  const dialog = openDialog({
    title: "Approve this storyboard?",
    testid: "approve-dialog",
    body: [
      h(
        "p",
        {},
        "The video is rendered as the storyboard is now. Changing a scene later takes the approval back; " +
          "then only what changed is rendered again.",
      ),
      h(
        "dl",
        { class: "facts" },
        rows(job).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
      ),
      job.computing &&
        h(
          "div",
          { class: "callout amber" },
          icon("clock"),
          h("div", {}, h("p", { testid: "computing" }, sentence(job.computing))),
        ),
      wrong,
    ],
    foot: [button("Not yet", { testid: "approve-cancel", onclick: () => dialog.close() }), yes],
  });
  yes.focus();

  async function send() {
    try {
      await desk.change("/approve");
      dialog.close();
      toast("Approved. The video is being rendered.");
    } catch (error) {
      if (error.status === 412) {
        yes.hidden = true;
        return complainIn(
          wrong,
          "Somebody else changed the storyboard while you looked at it. " +
            "Close this, look at what changed, then approve.",
        );
      }
      return complainIn(wrong, excuse(error));
    }
  }
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
