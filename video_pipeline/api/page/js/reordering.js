// Owns what happens when a scene is dropped elsewhere: asking, sending, undoing; hides the order as numbers.
import { announce, fill } from "./dom.js";
import { undoesWork } from "./desk.js";
import { confirmed } from "./dialog.js";
import { moved, undoing } from "./reorder.js";
import { renumber } from "./scene.js";
import { toast } from "./toast.js";
import { excuse } from "./wording.js";

const OTHERS_CHANGED =
  "Somebody else changed the storyboard in the meantime. This is theirs; move the scene again if need be.";
const AFTER_THE_END =
  "The video is finished. With another storyboard it goes back to approval, and what changed is rendered again.";
const AFTER_APPROVAL =
  "The storyboard was approved. When it changes, it must be looked at and approved again before it is rendered.";

export class Reordering {
  /**
   * @param {import("./desk.js").Desk} desk
   * @param {HTMLElement} list of cards
   * @param {() => void} redraw shows the cards as the API has them
   */
  constructor(desk, list, redraw) {
    this.desk = desk;
    this.list = list;
    this.redraw = redraw;
  }

  /** The card at `from` was put in the place of the one at `to`. */
  async drop(from, to) {
    const { scenes } = this.desk.job.storyboard;
    const { title } = scenes[from];
    if (undoesWork(this.desk.job) && !(await this.mayReset())) return;
    const numbers = scenes.map((scene) => scene.scene_number);
    const order = moved(numbers, from, to);
    this.showAtOnce(moved([...this.list.children], from, to), to);
    if (!(await this.send(order))) return;
    this.focus(to);
    announce(`${title} is now scene ${to + 1}.`);
    const undo = { label: "Undo", testid: "undo-reorder", run: () => this.send(undoing(order)) };
    toast(`“${title}” is now scene ${to + 1}.`, { action: undo });
  }

  /** Ask before a change that takes back an approval or a finished video. */
  mayReset() {
    const finished = ["ready_for_export", "completed"].includes(this.desk.job.status);
    const body = finished ? AFTER_THE_END : AFTER_APPROVAL;
    const title = "This resets the approval";
    return confirmed({ title, body, action: "Change the storyboard", testid: "confirm-reset" });
  }

  showAtOnce(cards, to) {
    fill(this.list, cards);
    renumber(cards);
    this.focus(to);
  }

  focus(at) {
    this.list.children[at]?.querySelector(".scene-handle")?.focus({ preventScroll: true });
  }

  async send(order) {
    const wasApproved = this.desk.job.approved;
    this.list.classList.add("working");
    this.list.setAttribute("aria-busy", "true");
    try {
      await this.desk.change("/reorder", { query: { scene_order: order } });
      if (wasApproved) toast("The order changed, so the approval was reset.", { tone: "amber" });
      return true;
    } catch (error) {
      this.redraw();
      toast(error.status === 412 ? OTHERS_CHANGED : excuse(error), { tone: "red" });
      return false;
    } finally {
      this.list.classList.remove("working");
      this.list.removeAttribute("aria-busy");
    }
  }
}
