// Owns the pictures that a scene had before, to compare and to restore; hides how they are fetched.
import { button, busy, fill, h, icon } from "./dom.js";
import { compare } from "./compare.js";
import { changeable, undoesWork } from "./desk.js";
import { openDialog } from "./dialog.js";
import { get, isAbort } from "./http.js";
import { restoreVersion } from "./refined.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { when } from "./when.js";
import { excuse, money } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function showVersions(desk, number) {
  const blank = () => h("div", { class: "skeleton version-blank" });
  const place = h("div", { class: "stack", "aria-busy": "true" }, blank(), blank());
  const title = `Pictures of scene ${number}`;
  const dialog = openDialog({ title, look: "wide", testid: "versions-dialog", body: place });
  const restore = (version) => giveBack(desk, number, version, dialog);
  const load = async () => {
    try {
      const { items } = await get(`/jobs/${desk.id}/scenes/${number}/versions`, { signal: desk.signal });
      fill(place, undoesWork(desk.job) && h("p", { class: "muted small" }, RESETS), listOf(items, desk, restore));
    } catch (error) {
      if (!isAbort(error)) fill(place, failure(error, load));
    }
    place.removeAttribute("aria-busy");
  };
  load();
}

const RESETS = "Restoring a picture resets the approval.";

function listOf(versions, desk, restore) {
  const allowed = changeable(desk.job) && may("edit");
  const rows = versions.map((version) => row(version, versions[0], allowed ? restore : null));
  return h("ol", { class: "versions" }, rows);
}

function row(version, current, restore) {
  const facing = h("div", { class: "facing", hidden: true });
  const look = `version ${version.current ? "current" : ""}`;
  const image = { src: version.preview_url, alt: version.description, loading: "lazy", width: 320, height: 180 };
  const actions = [restore && restoreButton(version, restore), compareButton(version, current, facing)];
  return h(
    "li",
    { class: look, testid: "version" },
    h("img", image),
    words(version),
    !version.current && h("div", { class: "version-actions" }, actions),
    facing,
  );
}

function words(version) {
  return h(
    "div",
    {},
    h(
      "div",
      { class: "row" },
      version.current && h("span", { class: "pill tone-accent" }, "Shown now"),
      h("span", { class: "small muted" }, when(version.created_at)),
      version.cost_usd > 0 && h("span", { class: "chip" }, money(version.cost_usd)),
    ),
    h("p", {}, version.description),
    h("details", { class: "prompts" }, h("summary", {}, "Prompt"), h("p", {}, version.image_prompt)),
  );
}

function restoreButton(version, restore) {
  const onclick = () => busy(node, () => restore(version));
  const node = button("Restore", { class: "small", testid: "version-restore", onclick }, icon("undo", "small"));
  return node;
}

function compareButton(version, current, facing) {
  const old = { url: version.url, alt: `Earlier: ${version.description}`, label: "Earlier" };
  const now = { url: current.url, alt: `Now: ${current.description}`, label: "Now" };
  const onclick = () => {
    facing.hidden = !facing.hidden;
    node.setAttribute("aria-expanded", String(!facing.hidden));
    fill(facing, !facing.hidden && compare(old, now));
  };
  const props = { class: "quiet small", testid: "version-compare", "aria-expanded": "false", onclick };
  const node = button("Compare", props, icon("eye", "small"));
  return node;
}

async function giveBack(desk, number, version, dialog) {
  try {
    await restoreVersion(desk, number, version.id);
    dialog.close();
    toast(`Scene ${number} has an earlier picture again.`);
  } catch (error) {
    dialog.close();
    toast(error.status === 412 ? OTHERS_CHANGED : excuse(error), { tone: "red" });
  }
}

const OTHERS_CHANGED =
  "Somebody else changed the storyboard in the meantime; this is theirs. Open the earlier pictures again.";

function failure(error, again) {
  const retry = button("Try again", { class: "small", onclick: again });
  return h(
    "div",
    { class: "callout red", role: "alert" },
    icon("alert"),
    h("div", {}, h("p", {}, excuse(error)), retry),
  );
}
