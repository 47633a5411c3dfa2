// Owns refining one scene: what is asked, what it costs, what came of it; hides waiting and other people's changes.
import { button, busy, fill, h, icon } from "./dom.js";
import { undoesWork } from "./desk.js";
import { openDialog } from "./dialog.js";
import { blame, complainIn, field, formError } from "./fields.js";
import { ApiError, get, isAbort, keyFor } from "./http.js";
import { follow } from "./orders.js";
import { outcome } from "./refined.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { count, money } from "./wording.js";

const PROMPT = [10, 2000];
const DESCRIPTION = [10, 1000];

/** Open the dialog for a scene. @param {import("./desk.js").Desk} desk */
export function refine(desk, number) {
  let scene = sceneAt(desk, number);
  let working = false;
  let refusals = 0; // an answered failure may be tried again under a new key; a lost answer keeps its key
  const key = keyFor();
  const form = formOf(desk, scene);
  const frame = h("div", { class: "frame" });
  const send = button("", { class: "primary", testid: "refine-submit", onclick: submit }, icon("check"));
  const cancel = button("Back", { testid: "refine-cancel", onclick: () => dialog.close() });
  const dialog = openDialog({
    title: `Refine scene ${number}`,
    look: "wide",
    testid: "refine-dialog",
    body: h(
      "div",
      { class: "refine" },
      h("div", { class: "refine-now" }, frame, undoesWork(desk.job) && warning()),
      form.node,
    ),
    foot: [form.left, cancel, send],
  });
  form.onInput(label);
  picture();
  label();
  form.prompt.input.focus();

  function picture(veil) {
    fill(frame, h("img", { src: scene.image.preview_url, alt: `Now: ${scene.description}` }), veil);
  }

  function label() {
    const { prompt, description } = form.changes(scene);
    const price = desk.job.refinements.price_usd;
    send.lastChild.textContent = prompt || !description ? `Make new picture · ${money(price)}` : "Save description";
    send.disabled = working || (!prompt && !description);
    form.tell(prompt, description, price);
  }

  async function submit() {
    const changes = form.changes(scene);
    if (!form.valid(changes)) return;
    const before = { approved: desk.job.approved };
    working = true;
    complainIn(form.wrong, null);
    picture(
      changes.prompt &&
        h(
          "div",
          { class: "veil", role: "status" },
          h("span", { class: "spinner" }),
          h("span", {}, "The new picture is being made"),
        ),
    );
    try {
      await busy(send, () => ask(desk, scene, changes, key([scene.scene_number, desk.etag, changes, refusals])));
      working = false;
      await done(before, changes);
    } catch (error) {
      working = false;
      if (isAbort(error)) return;
      if (error.status !== 0) refusals += 1;
      picture();
      refused(error);
    }
    label();
  }

  async function done(before, changes) {
    await desk.refresh();
    scene = sceneAt(desk, scene.scene_number);
    if (before.approved && !desk.job.approved)
      toast("The scene changed, so the approval was reset.", { tone: "amber" });
    if (!dialog.node.open) return toast(`Scene ${scene.scene_number} was refined.`);
    if (!changes.prompt) {
      dialog.close();
      return toast(`Scene ${scene.scene_number} has a new description.`);
    }
    const { items } = await get(`/jobs/${desk.id}/scenes/${scene.scene_number}/versions`);
    return outcome({ desk, dialog, scene, versions: items });
  }

  function refused(error) {
    if (error.status === 412) {
      // The reader's words stay; the scene may stand elsewhere now.
      scene = sameScene(desk, scene) ?? scene;
      dialog.retitle(`Refine scene ${scene.scene_number}`);
      picture();
      complainIn(
        form.wrong,
        "Somebody else changed the storyboard in the meantime. " +
          `This scene is number ${scene.scene_number} now and the picture is the newest one. ` +
          "What you typed is still here: look again, then send it once more.",
      );
      return form.wrong.focus();
    }
    if (error.status === 429 && desk.job.refinements.left <= 0) {
      return complainIn(
        form.wrong,
        `All ${desk.job.refinements.limit} refinements of this video are used. Earlier pictures can still be restored.`,
      );
    }
    return blame(error, [form.prompt, form.description], form.wrong);
  }
}

const warning = () =>
  h(
    "div",
    { class: "callout amber" },
    icon("alert"),
    h(
      "div",
      {},
      h(
        "p",
        {},
        "The storyboard was approved. Changing this scene resets the approval; only what changed is rendered again.",
      ),
    ),
  );

const sceneAt = (desk, number) => desk.job.storyboard.scenes.find((scene) => scene.scene_number === number);

const sameScene = (desk, scene) =>
  desk.job.storyboard.scenes.find((each) => each.title === scene.title && each.music_prompt === scene.music_prompt) ??
  sceneAt(desk, scene.scene_number);

/** Ask, and wait until it is done: a picture is made in the background, a description is there at once. */
async function ask(desk, scene, { prompt, description }, key) {
  const query = {
    scene_number: scene.scene_number,
    new_image_prompt: prompt,
    new_description: description,
    wait: prompt ? "false" : undefined,
  };
  const { etag } = desk;
  const { status, data } = await desk.change("/refine", { query, key });
  if (status === 202) await follow(data, { signal: desk.signal }).catch((error) => explain(desk, etag, error));
}

/** An order that failed says why in words only; the job as it is now says whether it was a usual reason. */
async function explain(desk, etag, error) {
  if (isAbort(error)) throw error;
  await desk.refresh();
  if (desk.etag !== etag) throw new ApiError({ status: 412, title: "Changed", detail: error.detail });
  if (desk.job.refinements.left <= 0) throw new ApiError({ status: 429, title: "Limit", detail: error.detail });
  throw error;
}

function formOf(desk, scene) {
  const paid = may("spend");
  const prompt = field({
    name: "new_image_prompt",
    label: "Prompt of the picture",
    counter: PROMPT,
    hint: paid ? "Another prompt makes another picture." : "Your account may not order new pictures.",
    control: h("textarea", {
      class: "input",
      rows: 6,
      value: scene.image_prompt,
      disabled: !paid,
      testid: "refine-prompt",
    }),
  });
  const description = field({
    name: "new_description",
    label: "Description",
    counter: DESCRIPTION,
    hint: "One or two sentences for people.",
    control: h("textarea", { class: "input", rows: 3, value: scene.description, testid: "refine-description" }),
  });
  const wrong = formError();
  const price = h("p", { class: "price", "aria-live": "polite", testid: "refine-price" });
  const left = h("p", { class: "grow", testid: "refinements-left" });
  const of = (input, current) => (input.value.trim() && input.value.trim() !== current ? input.value.trim() : null);
  const limits = (each, value, [least, most]) => {
    const length = value === null ? least : [...value].length;
    const fits = length >= least && length <= most;
    if (!fits)
      each.complain(
        `${least} to ${most.toLocaleString("en")} characters, please; this has ${length.toLocaleString("en")}.`,
      );
    return fits;
  };
  return {
    node: h(
      "form",
      { novalidate: true, onsubmit: (event) => event.preventDefault() },
      prompt.node,
      description.node,
      price,
      wrong,
    ),
    prompt,
    description,
    wrong,
    left,
    changes: (now) => ({
      prompt: of(prompt.input, now.image_prompt),
      description: of(description.input, now.description),
    }),
    valid: (changes) => {
      const [first, second] = [
        limits(prompt, changes.prompt, PROMPT),
        limits(description, changes.description, DESCRIPTION),
      ];
      if (!first || !second) (first ? description : prompt).input.focus();
      return first && second;
    },
    onInput: (heed) => {
      for (const each of [prompt, description]) each.input.addEventListener("input", heed);
    },
    tell: (newPicture, newText, usd) => {
      const { left: rest, limit } = desk.job.refinements;
      left.textContent = `${count(rest, "refinement")} of ${limit} left`;
      fill(
        price,
        icon("info", "small"),
        h(
          "span",
          {},
          newPicture
            ? ["A new picture costs about ", h("strong", {}, money(usd)), " (estimated) and uses one refinement."]
            : newText
              ? "A new description costs nothing and uses one refinement."
              : `Nothing changed yet. A new picture costs about ${money(usd)} (estimated).`,
        ),
      );
    },
  };
}
