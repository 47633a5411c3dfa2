// Owns refining one scene: asking, waiting, what came of it; hides other people's changes in the meantime.
import { button, busy, fill, h, icon } from "./dom.js";
import { undoesWork } from "./desk.js";
import { openDialog } from "./dialog.js";
import { blame, complainIn } from "./fields.js";
import { ApiError, get, isAbort, keyFor } from "./http.js";
import { follow } from "./orders.js";
import { RefineForm } from "./refine-form.js";
import { outcome } from "./refined.js";
import { toast } from "./toast.js";
import { money } from "./wording.js";

const RESETS =
  "The storyboard was approved. Changing this scene resets the approval; only what changed is rendered again.";

/** Open the dialog for a scene. @param {import("./desk.js").Desk} desk */
export function refine(desk, number) {
  new Refinement(desk, number).open();
}

class Refinement {
  constructor(desk, number) {
    this.desk = desk;
    this.scene = sceneAt(desk, number);
    this.working = false;
    this.key = keyFor();
    this.refusals = 0; // an answered failure may be tried again under a new key; a lost answer keeps its key
    this.frame = h("div", { class: "frame" });
    this.form = new RefineForm(this.scene, () => this.label());
    const submit = () => this.submit();
    this.send = button("", { class: "primary", testid: "refine-submit", onclick: submit }, icon("check"));
  }

  open() {
    const { desk, form } = this;
    const now = h("div", { class: "refine-now" }, this.frame, undoesWork(desk.job) && warning());
    this.dialog = openDialog({
      title: `Refine scene ${this.scene.scene_number}`,
      look: "wide",
      testid: "refine-dialog",
      body: h("div", { class: "refine" }, now, form.node),
      foot: [form.left, button("Back", { testid: "refine-cancel", onclick: () => this.dialog.close() }), this.send],
    });
    this.picture();
    this.label();
    form.prompt.input.focus();
  }

  picture(veil) {
    fill(this.frame, h("img", { src: this.scene.image.preview_url, alt: `Now: ${this.scene.description}` }), veil);
  }

  label() {
    const changes = this.form.changes(this.scene);
    const { refinements } = this.desk.job;
    const onlyWords = changes.description && !changes.prompt;
    this.send.lastChild.textContent = onlyWords
      ? "Save description"
      : `Make new picture · ${money(refinements.price_usd)}`;
    this.send.disabled = this.working || (!changes.prompt && !changes.description);
    this.form.tell(changes, refinements);
  }

  async submit() {
    const changes = this.form.changes(this.scene);
    if (!this.form.fits(changes)) return;
    const wasApproved = this.desk.job.approved;
    complainIn(this.form.wrong, null);
    this.picture(changes.prompt && veil());
    try {
      this.working = true;
      await busy(this.send, () => this.ask(changes)).finally(() => (this.working = false));
      await this.done(changes, wasApproved);
    } catch (error) {
      if (isAbort(error)) return;
      if (error.status !== 0) this.refusals += 1;
      this.refused(error);
    }
    this.label();
  }

  /** Ask, and wait until it is done: a picture is made in the background, a description is there at once. */
  async ask({ prompt, description }) {
    const { desk, scene } = this;
    const { etag } = desk;
    const query = { scene_number: scene.scene_number, new_image_prompt: prompt, new_description: description };
    if (prompt) query.wait = "false";
    const key = this.key([etag, query, this.refusals]);
    const { status, data } = await desk.change("/refine", { query, key });
    if (status === 202) await follow(data, { signal: desk.signal }).catch((error) => explain(desk, etag, error));
  }

  async done(changes, wasApproved) {
    const { desk, dialog } = this;
    await desk.refresh();
    this.scene = sceneAt(desk, this.scene.scene_number);
    const number = this.scene.scene_number;
    if (wasApproved && !desk.job.approved) toast("The scene changed, so the approval was reset.", { tone: "amber" });
    if (!dialog.node.open) return toast(`Scene ${number} was refined.`);
    if (!changes.prompt) {
      dialog.close();
      return toast(`Scene ${number} has a new description.`);
    }
    const { items } = await get(`/jobs/${desk.id}/scenes/${number}/versions`);
    return outcome({ desk, dialog, scene: this.scene, versions: items });
  }

  refused(error) {
    const { desk, form } = this;
    const { left, limit } = desk.job.refinements;
    if (error.status === 412) this.followScene();
    this.picture();
    if (error.status === 412) complainIn(form.wrong, this.othersChanged());
    else if (error.status === 429 && left <= 0) {
      complainIn(
        form.wrong,
        `All ${limit} refinements of this video are used. Earlier pictures can still be restored.`,
      );
    } else return blame(error, form.fields, form.wrong);
    return form.wrong.focus();
  }

  /** The reader's words stay; the scene may stand elsewhere now. */
  followScene() {
    const { scenes } = this.desk.job.storyboard;
    const same = (each) => each.title === this.scene.title && each.music_prompt === this.scene.music_prompt;
    this.scene = scenes.find(same) ?? sceneAt(this.desk, this.scene.scene_number) ?? this.scene;
    this.dialog.retitle(`Refine scene ${this.scene.scene_number}`);
  }

  othersChanged() {
    return (
      "Somebody else changed the storyboard in the meantime. " +
      `This scene is number ${this.scene.scene_number} now and the picture is the newest one. ` +
      "What you typed is still here: look again, then send it once more."
    );
  }
}

/** An order that failed says why in words only; the job as it is now says whether it was a usual reason. */
async function explain(desk, etag, error) {
  if (isAbort(error)) throw error;
  await desk.refresh();
  if (desk.etag !== etag) throw new ApiError({ status: 412, title: "Changed", detail: error.detail });
  if (desk.job.refinements.left <= 0) throw new ApiError({ status: 429, title: "Limit", detail: error.detail });
  throw error;
}

const sceneAt = (desk, number) => desk.job.storyboard.scenes.find((scene) => scene.scene_number === number);

const warning = () => h("div", { class: "callout amber" }, icon("alert"), h("div", {}, h("p", {}, RESETS)));

function veil() {
  const text = h("span", {}, "The new picture is being made");
  return h("div", { class: "veil", role: "status" }, h("span", { class: "spinner" }), text);
}
