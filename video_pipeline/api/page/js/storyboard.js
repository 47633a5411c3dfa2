// Owns the storyboard of a job: its cards in order; hides which of them are kept when the job changes.
import { button, fill, freshId, h, icon } from "./dom.js";
import { changeable } from "./desk.js";
import { lookAt } from "./look.js";
import { refine } from "./refine.js";
import { reorderable } from "./reorder.js";
import { Reordering } from "./reordering.js";
import { reword } from "./reword.js";
import { picturesIn, sceneCard, sceneSkeleton } from "./scene.js";
import { may } from "./session.js";
import { showVersions } from "./versions.js";
import { clock, count } from "./wording.js";

const INSTRUCTIONS =
  "Drag it to another place, or press Space to lift it, the arrow keys to move it, Space to drop it " +
  "and Escape to put it back.";
const EARLY = new Set(["preparing", "planned", "generating_music"]);
const STOPPED = new Set(["failed", "cancelled"]);

/** The section of a job's scenes. @param {import("./desk.js").Desk} desk */
export function storyboard(desk) {
  return new Storyboard(desk).node;
}

class Storyboard {
  constructor(desk) {
    this.desk = desk;
    this.keys = new WeakMap(); // what each card was made of
    this.instructions = freshId("how-to-move");
    this.summary = h("p", { class: "muted small", testid: "storyboard-summary" });
    this.list = h("ol", { class: "scenes", testid: "scenes" });
    this.density = densitySwitch(this.list);
    const title = h("div", {}, h("h2", { id: "storyboard-title" }, "Storyboard"), this.summary);
    this.node = h(
      "section",
      { class: "job-section", "aria-labelledby": "storyboard-title", testid: "storyboard" },
      h("div", { class: "section-head" }, title, this.density),
      h("p", { id: this.instructions, class: "visually-hidden" }, INSTRUCTIONS),
      this.list,
    );
    desk.onChange((job) => this.show(job));
    const reordering = new Reordering(desk, this.list, () => this.redraw());
    reorderable(this.list, (from, to) => reordering.drop(from, to), desk.signal);
  }

  show(job) {
    const scenes = job.storyboard?.scenes ?? [];
    const length = clock(job.storyboard?.duration_s);
    this.summary.textContent = scenes.length ? `${count(scenes.length, "scene")}, ${length} in all` : "Not there yet.";
    this.density.hidden = scenes.length < 2;
    if (scenes.length > 0) this.reconcile(scenes, this.abilities(job));
    else fill(this.list, EARLY.has(job.status) && [1, 2, 3].map(sceneSkeleton));
  }

  /** Show `scenes`; a card whose scene is the same stays, and with it what is open or played in it. */
  reconcile(scenes, can) {
    const wanted = scenes.map((scene) => JSON.stringify([scene, can.changeable, can.refinable, can.stopped]));
    const cards = [...this.list.children];
    const present = cards.map((card) => this.keys.get(card));
    if (wanted.join() === present.join()) return;
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    const pictures = picturesIn(cards.filter((_, at) => !wanted.includes(present[at])));
    const make = (scene) => sceneCard(scene, { ...can, image: pictures(scene) });
    const nodes = wanted.map((key, at) => cards[present.indexOf(key)] ?? make(scenes[at]));
    for (const [at, node] of nodes.entries()) this.keys.set(node, wanted[at]);
    fill(this.list, nodes);
    refocus(this.list, focused);
  }

  /** Build all cards anew; after they were moved by hand and the API did not agree. */
  redraw() {
    this.keys = new WeakMap();
    this.show(this.desk.job);
  }

  abilities(job) {
    const { desk, instructions } = this;
    const { left = 0, limit = 5 } = job.refinements ?? {};
    return {
      changeable: changeable(job) && may("edit"),
      refinable: left > 0,
      stopped: STOPPED.has(job.status),
      why: `All ${limit} refinements of this video are used.`,
      instructions,
      refine: (scene) => refine(desk, scene.scene_number),
      versions: (scene) => showVersions(desk, scene.scene_number),
      look: (scene) => lookAt(desk, scene.scene_number),
      reword: (scene, kind) => reword(desk, scene, kind),
    };
  }
}

function refocus(list, focused) {
  if (!focused) return;
  const { testid, sceneNumber } = focused.dataset;
  const same = `[data-testid="${testid}"][data-scene-number="${sceneNumber}"]`;
  const node = list.contains(focused) ? focused : testid && list.querySelector(same);
  node?.focus({ preventScroll: true });
}

function densitySwitch(list) {
  const choose = (event, name) => {
    const chosen = event.currentTarget;
    list.classList.toggle("overview", name === "overview");
    for (const each of chosen.parentNode.children) each.setAttribute("aria-pressed", String(each === chosen));
  };
  const pick = (name, label, sign) => {
    const pressed = String(name === "details");
    const onclick = (event) => choose(event, name);
    return button(label, { testid: `scenes-${name}`, "aria-pressed": pressed, onclick }, icon(sign));
  };
  const props = { class: "segments signs", role: "group", "aria-label": "Size of the scenes" };
  return h("div", props, pick("details", "Details", "rows"), pick("overview", "Overview", "grid"));
}
