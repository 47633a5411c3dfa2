// Owns the pictures that a scene had before, to compare and to restore; hides how they are fetched.
import { button, busy, fill, h, icon } from "./dom.js";
import { compare } from "./compare.js";
import { changeable, undoesWork } from "./desk.js";
import { openDialog } from "./dialog.js";
import { get } from "./http.js";
import { restoreVersion } from "./refined.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { when } from "./when.js";
import { excuse, money } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function showVersions(desk, number) {
  const place = h(
    "div",
    { class: "stack", "aria-busy": "true" },
    h("div", { class: "skeleton version-blank" }),
    h("div", { class: "skeleton version-blank" }),
  );
  const dialog = openDialog({
    title: `Pictures of scene ${number}`,
    look: "wide",
    testid: "versions-dialog",
    body: place,
  });
  load();

  async function load() {
    try {
      const { items } = await get(`/jobs/${desk.id}/scenes/${number}/versions`, { signal: desk.signal });
      place.removeAttribute("aria-busy");
      fill(
        place,
        undoesWork(desk.job) && h("p", { class: "muted small" }, "Restoring a picture resets the approval."),
        h(
          "ol",
          { class: "versions" },
          items.map((version) => row(version, items[0])),
        ),
      );
    } catch (error) {
      fill(
        place,
        h(
          "div",
          { class: "callout red", role: "alert" },
          icon("alert"),
          h("div", {}, h("p", {}, excuse(error)), button("Try again", { class: "small", onclick: load })),
        ),
      );
    }
  }

  function row(version, current) {
    const restore = button(
      "Restore",
      { class: "small", testid: "version-restore", onclick: () => busy(restore, () => giveBack(version)) },
      icon("undo", "small"),
    );
    const facing = h("div", { class: "facing", hidden: true });
    const against = button(
      "Compare",
      {
        class: "quiet small",
        testid: "version-compare",
        "aria-expanded": "false",
        onclick: () => face(facing, against, version, current),
      },
      icon("eye", "small"),
    );
    return h(
      "li",
      { class: `version ${version.current ? "current" : ""}`, testid: "version" },
      h("img", { src: version.preview_url, alt: version.description, loading: "lazy", width: 320, height: 180 }),
      h(
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
      ),
      !version.current &&
        h("div", { class: "version-actions" }, changeable(desk.job) && may("edit") && restore, against),
      facing,
    );
  }

  function face(place_, opener, version, current) {
    place_.hidden = !place_.hidden;
    opener.setAttribute("aria-expanded", String(!place_.hidden));
    fill(
      place_,
      !place_.hidden &&
        compare(
          { url: version.url, alt: `Earlier: ${version.description}`, label: "Earlier" },
          { url: current.url, alt: `Now: ${current.description}`, label: "Now" },
        ),
    );
  }

  async function giveBack(version) {
    try {
      await restoreVersion(desk, number, version.id);
      dialog.close();
      toast(`Scene ${number} has an earlier picture again.`);
    } catch (error) {
      dialog.close();
      toast(
        error.status === 412
          ? "Somebody else changed the storyboard in the meantime; this is theirs. Open the earlier pictures again."
          : excuse(error),
        { tone: "red" },
      );
    }
  }
}
