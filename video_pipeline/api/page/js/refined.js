// Owns what is shown when a scene has a new picture: old and new, to keep or to restore; hides the versions' ids.
import { button, busy, h, icon } from "./dom.js";
import { compare } from "./compare.js";
import { formError, complainIn } from "./fields.js";
import { toast } from "./toast.js";
import { excuse } from "./wording.js";

/**
 * @param {{desk: import("./desk.js").Desk, dialog: any, scene: any, versions: any[]}} made
 *   the current version comes first
 */
export function outcome({ desk, dialog, scene, versions: [now, before] }) {
  const number = scene.scene_number;
  const wrong = formError();
  const keep = button(
    "Keep the new one",
    {
      class: "primary",
      testid: "refine-keep",
      onclick: () => {
        dialog.close();
        toast(`Scene ${number} has its new picture.`);
      },
    },
    icon("check"),
  );
  const restore = button(
    "Restore the old one",
    { testid: "refine-restore", onclick: () => busy(restore, giveBack) },
    icon("undo"),
  );

  async function giveBack() {
    try {
      await restoreVersion(desk, number, before.id);
      dialog.close();
      toast(`Scene ${number} has its old picture again.`);
    } catch (error) {
      complainIn(
        wrong,
        error.status === 412
          ? "Somebody else changed the storyboard in the meantime. Look at it, then restore from “Earlier”."
          : excuse(error),
      );
    }
  }

  dialog.retitle(`Scene ${number}: old and new`);
  const { left, limit } = desk.job.refinements;
  dialog.show(
    [
      before
        ? compare(
            { url: before.url, alt: `Old: ${before.description}` },
            { url: now.url, alt: `New: ${now.description}` },
          )
        : h("img", { src: now.url, alt: now.description }),
      before && h("div", { class: "texts" }, textOf("Before", before), textOf("After", now)),
      wrong,
    ],
    [
      h("p", { class: "grow" }, `${left} of ${limit} refinements left. Every earlier picture is kept.`),
      before && restore,
      keep,
    ],
  );
  keep.focus();
}

const textOf = (title, version) => h("div", {}, h("h3", {}, title), h("p", {}, version.image_prompt));

/** Give a scene an earlier picture and its words again. */
export function restoreVersion(desk, number, versionId) {
  return desk.change(`/scenes/${number}/restore`, { json: { version_id: versionId } });
}
