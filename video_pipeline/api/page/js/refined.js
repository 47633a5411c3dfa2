// Owns what is shown when a scene has a new picture: old and new, to keep or to restore; hides the versions' ids.
import { button, busy, h, icon } from "./dom.js";
import { compare } from "./compare.js";
import { formError, complainIn } from "./fields.js";
import { toast } from "./toast.js";
import { excuse } from "./wording.js";

const OTHERS_CHANGED = "Somebody else changed the storyboard in the meantime. Look at it, then use “Earlier”.";

/**
 * @param {{desk: import("./desk.js").Desk, dialog: any, scene: any, versions: any[]}} made
 *   the current version comes first
 */
export function outcome({ desk, dialog, scene, versions: [now, before] }) {
  const number = scene.scene_number;
  const wrong = formError();
  const close = (text) => {
    dialog.close();
    toast(text);
  };
  const accept = () => close(`Scene ${number} has its new picture.`);
  const keep = button("Keep the new one", { class: "primary", testid: "refine-keep", onclick: accept }, icon("check"));
  const undo = () => busy(restore, giveBack);
  const restore = button("Restore the old one", { testid: "refine-restore", onclick: undo }, icon("undo"));

  async function giveBack() {
    try {
      await restoreVersion(desk, number, before.id);
      close(`Scene ${number} has its old picture again.`);
    } catch (error) {
      complainIn(wrong, error.status === 412 ? OTHERS_CHANGED : excuse(error));
    }
  }

  dialog.retitle(`Scene ${number}: old and new`);
  dialog.show([before ? facing(before, now) : picture(now), wrong], [left(desk.job), before && restore, keep]);
  keep.focus();
}

function facing(before, now) {
  const [old, fresh] = [
    { url: before.url, alt: `Old: ${before.description}` },
    { url: now.url, alt: `New: ${now.description}` },
  ];
  return [compare(old, fresh), h("div", { class: "texts" }, textOf("Before", before), textOf("After", now))];
}

const picture = (version) => h("img", { src: version.url, alt: version.description });

function left({ refinements }) {
  const text = `${refinements.left} of ${refinements.limit} refinements left. Every earlier picture is kept.`;
  return h("p", { class: "grow" }, text);
}

const textOf = (title, version) => h("div", {}, h("h3", {}, title), h("p", {}, version.image_prompt));

/** Give a scene an earlier picture and its words again. */
export function restoreVersion(desk, number, versionId) {
  return desk.change(`/scenes/${number}/restore`, { json: { version_id: versionId } });
}
