// Owns giving what a failed video lacks other words; hides which call takes the words of what.
import { button, busy, h, icon } from "./dom.js";
import { openDialog } from "./dialog.js";
import { blame, complainIn, field, formError } from "./fields.js";
import { isAbort } from "./http.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { sentence } from "./wording.js";

const LIMITS = [10, 2000];
const OTHERS_CHANGED =
  "Somebody else changed this video in the meantime. What you typed is still here: look again, then save it once more.";

/** What may get other words: how it is called, what the field of the request is, and how it is sent. */
const KINDS = {
  music: {
    label: "Music",
    noun: (number) => `piece ${number}`,
    words: (scene) => scene.music_prompt,
    name: "prompt",
    hint: "Title, tempo, key and instruments stay. Mubert reads the first 200 characters.",
    allowed: () => may("edit"),
    send: (desk, number, prompt) => desk.change(`/tracks/${number}/reword`, { json: { prompt } }),
  },
  picture: {
    label: "Picture",
    noun: (number) => `the picture of scene ${number}`,
    words: (scene) => scene.image_prompt,
    name: "new_image_prompt",
    hint: "The picture is made of these words when the video is retried.",
    allowed: () => may("spend"), // as for every new picture
    send: (desk, number, text) =>
      desk.change("/refine", { query: { scene_number: number, new_image_prompt: text } }),
  },
};

/** The buttons of a scene for what may get other words. @param {(kind: string) => void} open */
export function rewordButtons(scene, open) {
  const kinds = (scene.rewordable ?? []).filter((kind) => KINDS[kind].allowed());
  return kinds.map((kind) =>
    button(
      `${KINDS[kind].label}: other words`,
      {
        class: "small",
        testid: `reword-${kind}`,
        "data-scene-number": scene.scene_number,
        "aria-label": `Give ${KINDS[kind].noun(scene.scene_number)} other words`,
        onclick: () => open(kind),
      },
      icon("pencil", "small"),
    ),
  );
}

/** That a vendor refused words of a scene; nothing where none were. */
export function refusal(scene) {
  const refused = (scene.refused ?? []).map((kind) => KINDS[kind].label.toLowerCase());
  if (refused.length === 0) return null;
  const text = `The words of its ${refused.join(" and ")} were refused.`;
  return h("p", { class: "scene-refused small", testid: "scene-refused" }, icon("alert", "small"), text);
}

/** Open the dialog. @param {import("./desk.js").Desk} desk @param {"music"|"picture"} kind */
export function reword(desk, scene, kind) {
  const { noun, words, name, hint, send } = KINDS[kind];
  const { scene_number: number } = scene;
  const control = h("textarea", { class: "input", rows: 6, value: words(scene), testid: "reword-prompt" });
  const prompt = field({ name, label: "Words", counter: LIMITS, hint, control });
  const wrong = formError();
  const form = h("form", { class: "stack", novalidate: true, onsubmit: (event) => event.preventDefault() }, prompt.node, wrong);
  const save = button("Save words", { class: "primary", testid: "reword-submit", onclick: () => submit() }, icon("check"));
  const back = button("Back", { testid: "reword-cancel", onclick: () => dialog.close() });
  const dialog = openDialog({
    title: `Other words for ${noun(number)}`,
    testid: "reword-dialog",
    body: [reason(scene, kind), form],
    foot: [h("p", { class: "grow" }, "This costs nothing. Then retry the video."), back, save],
  });
  control.focus();

  async function submit() {
    const text = control.value.trim();
    complainIn(wrong, null);
    if (!fits(prompt, text)) return;
    try {
      await busy(save, () => send(desk, number, text));
    } catch (error) {
      if (isAbort(error)) return;
      if (error.status !== 412) return void blame(error, [prompt], wrong);
      complainIn(wrong, OTHERS_CHANGED);
      return void wrong.focus();
    }
    dialog.close();
    toast(sentence(`${noun(number)} has other words. Retry the video.`));
  }
}

function fits(prompt, text) {
  const [least, most] = LIMITS;
  const length = [...text].length;
  if (length >= least && length <= most) return true;
  prompt.complain(`${least} to ${most.toLocaleString("en")} characters, please; this has ${length.toLocaleString("en")}.`);
  prompt.input.focus();
  return false;
}

function reason(scene, kind) {
  if (!scene.refused?.includes(kind)) return null;
  const text = "The moderation of a vendor refused these words. It is not asked for the same again.";
  return h("div", { class: "callout amber" }, icon("alert"), h("div", {}, h("p", {}, text)));
}
