// Owns the storyboard of a job: its cards in order, and what happens when the order changes; hides reconciling.
import { button, fill, freshId, h, icon, announce } from "./dom.js";
import { changeable, undoesWork } from "./desk.js";
import { confirmed } from "./dialog.js";
import { lookAt } from "./look.js";
import { refine } from "./refine.js";
import { moved, reorderable, undoing } from "./reorder.js";
import { picturesIn, renumber, sceneCard, sceneSkeleton } from "./scene.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { showVersions } from "./versions.js";
import { clock, count, excuse } from "./wording.js";

const INSTRUCTIONS =
  "Drag it to another place, or press Space to lift it, the arrow keys to move it, Space to drop it " +
  "and Escape to put it back.";

/** The section of a job's scenes. @param {import("./desk.js").Desk} desk */
export function storyboard(desk) {
  const instructions = freshId("how-to-move");
  const summary = h("p", { class: "muted small", testid: "storyboard-summary" });
  const list = h("ol", { class: "scenes", testid: "scenes" });
  const density = densitySwitch(list);
  const node = h(
    "section",
    { class: "job-section", "aria-labelledby": "storyboard-title", testid: "storyboard" },
    h(
      "div",
      { class: "section-head" },
      h("div", {}, h("h2", { id: "storyboard-title" }, "Storyboard"), summary),
      density,
    ),
    h("p", { id: instructions, class: "visually-hidden" }, INSTRUCTIONS),
    list,
  );
  let keys = [];

  desk.onChange(show);
  reorderable(
    list,
    (from, to) =>
      reorder(desk, list, from, to, () => {
        keys = [];
        show(desk.job);
      }),
    desk.signal,
  );

  function show(job) {
    const scenes = job.storyboard?.scenes ?? [];
    summary.textContent = scenes.length
      ? `${count(scenes.length, "scene")}, ${clock(job.storyboard.duration_s)} in all`
      : "It is being planned.";
    density.hidden = scenes.length < 2;
    if (scenes.length === 0)
      return void fill(
        list,
        ["planned", "preparing", "generating_music"].includes(job.status) && [1, 2, 3].map(sceneSkeleton),
      );
    const can = abilities(job, desk, instructions);
    const next = scenes.map((scene) => JSON.stringify([scene, can.changeable, can.refinable]));
    if (next.join() === keys.join()) return undefined;
    return reconcile(scenes, next, can);
  }

  function reconcile(scenes, next, can) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const old = new Map(keys.map((key, at) => [key, list.children[at]]));
    const going = picturesIn(
      keys
        .filter((key) => !next.includes(key))
        .map((key) => old.get(key))
        .filter(Boolean),
    );
    const nodes = next.map((key, at) => old.get(key) ?? sceneCard(scenes[at], { ...can, image: going(scenes[at]) }));
    keys = next;
    fill(list, nodes);
    refocus(list, focused);
  }
  return node;
}

function abilities(job, desk, instructions) {
  const canChange = changeable(job) && may("edit");
  const left = job.refinements?.left ?? 0;
  return {
    changeable: canChange,
    refinable: left > 0,
    why: `All ${job.refinements?.limit ?? 5} refinements of this video are used.`,
    instructions,
    refine: (scene) => refine(desk, scene.scene_number),
    versions: (scene) => showVersions(desk, scene.scene_number),
    look: (scene) => lookAt(desk, scene.scene_number),
  };
}

function refocus(list, focused) {
  if (!focused || (focused.isConnected && list.contains(focused))) return void focused?.focus({ preventScroll: true });
  const { testid, sceneNumber } = focused.dataset;
  if (testid)
    list.querySelector(`[data-testid="${testid}"][data-scene-number="${sceneNumber}"]`)?.focus({ preventScroll: true });
}

async function reorder(desk, list, from, to, redraw) {
  const title = desk.job.storyboard.scenes[from].title;
  if (undoesWork(desk.job) && !(await mayUndo(desk.job))) return;
  const order = moved(
    desk.job.storyboard.scenes.map((scene) => scene.scene_number),
    from,
    to,
  );
  const cards = moved([...list.children], from, to);
  fill(list, cards);
  renumber(cards);
  cards[to].querySelector(".scene-handle")?.focus({ preventScroll: true });
  if (await send(desk, list, order, redraw)) {
    list.children[to]?.querySelector(".scene-handle")?.focus({ preventScroll: true });
    announce(`${title} is now scene ${to + 1}.`);
    toast(`“${title}” is now scene ${to + 1}.`, {
      action: { label: "Undo", testid: "undo-reorder", run: () => send(desk, list, undoing(order), redraw) },
    });
  }
}

async function send(desk, list, order, redraw) {
  const wasApproved = desk.job.approved;
  list.classList.add("working");
  list.setAttribute("aria-busy", "true");
  try {
    await desk.change("/reorder", { query: { scene_order: order } });
    if (wasApproved) toast("The order changed, so the approval was reset.", { tone: "amber" });
    return true;
  } catch (error) {
    toast(
      error.status === 412
        ? "Somebody else changed the storyboard in the meantime. This is theirs; move the scene again if need be."
        : excuse(error),
      { tone: "red" },
    );
    return false;
  } finally {
    list.classList.remove("working");
    list.removeAttribute("aria-busy");
    redraw();
  }
}

/** Ask before a change that takes back an approval or a finished video. */
export function mayUndo(job) {
  const finished = ["ready_for_export", "completed"].includes(job.status);
  return confirmed({
    title: "This resets the approval",
    action: "Change the storyboard",
    testid: "confirm-reset",
    body: finished
      ? "The video is finished. With another storyboard it goes back to approval, and what changed is rendered again."
      : "The storyboard was approved. When it changes, it must be looked at and approved again before it is rendered.",
  });
}

function densitySwitch(list) {
  const pick = (name, label, sign) =>
    button(
      label,
      {
        testid: `scenes-${name}`,
        "aria-pressed": String(name === "details"),
        onclick: (event) => {
          list.classList.toggle("overview", name === "overview");
          for (const each of event.currentTarget.parentNode.children)
            each.setAttribute("aria-pressed", String(each === event.currentTarget));
        },
      },
      icon(sign),
    );
  return h(
    "div",
    { class: "segments signs", role: "group", "aria-label": "Size of the scenes" },
    pick("details", "Details", "rows"),
    pick("overview", "Overview", "grid"),
  );
}
