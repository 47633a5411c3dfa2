// Owns how one scene looks: picture, words, music, and what can be done with it; hides its markup.
import { button, fill, freshId, h, icon } from "./dom.js";
import { player } from "./player.js";
import { refusal, rewordButtons } from "./reword.js";
import { clock, words } from "./wording.js";

/**
 * @param {any} scene
 * @param {{changeable: boolean, refinable: boolean, stopped: boolean, refine: (scene: any) => void,
 *   versions: (scene: any) => void, look: (scene: any) => void, reword: (scene: any, kind: string) => void,
 *   instructions: string, image?: HTMLImageElement}} can
 *   `image` is a picture with the same content that is loaded already
 */
export function sceneCard(scene, can) {
  const id = freshId("scene");
  const number = scene.scene_number;
  return h(
    "li",
    { class: "scene", testid: "scene-card", "data-scene-number": number },
    h(
      "article",
      { "aria-labelledby": id },
      picture(scene, can),
      h(
        "div",
        { class: "scene-body" },
        h("h3", { id, class: "clamp-2" }, h("span", { class: "visually-hidden" }, `Scene ${number}: `), scene.title),
        h("p", { class: "scene-text clamp-2", testid: "scene-description" }, scene.description),
        music(scene, can),
        facts(scene),
        prompts(scene),
        refusal(scene),
        actions(scene, can),
      ),
    ),
  );
}

function picture(scene, can) {
  const number = scene.scene_number;
  return h(
    "div",
    { class: "scene-picture" },
    scene.image
      ? look(scene, can)
      : h("div", { class: "scene-blank skeleton" }, h("span", {}, icon("image"), "Picture to come")),
    h("span", { class: "scene-number", "aria-hidden": "true", testid: "scene-number" }, number),
    can.changeable &&
      h(
        "button",
        {
          type: "button",
          class: "scene-handle",
          testid: "drag-handle",
          "data-scene-number": number,
          "aria-pressed": "false",
          "aria-label": `Move scene ${number}, ${scene.title}`,
          "aria-describedby": can.instructions,
        },
        icon("grip"),
      ),
    h("span", { class: "length" }, h("span", { class: "visually-hidden" }, "Length "), clock(scene.duration_s)),
  );
}

function look(scene, can) {
  const image =
    can.image ??
    h("img", { src: scene.image.preview_url, loading: "lazy", decoding: "async", width: 640, height: 360 });
  image.alt = scene.description;
  image.draggable = false;
  image.dataset.sha = scene.image.sha256 ?? "";
  return h(
    "button",
    {
      type: "button",
      class: "scene-look",
      "aria-label": `Look at the picture of scene ${scene.scene_number}: ${scene.description}`,
      testid: "scene-look",
      "data-scene-number": scene.scene_number,
      onclick: () => can.look(scene),
    },
    image,
  );
}

/** Nothing where the programme has songs of its own. */
function music(scene, can) {
  if (scene.track) return player(scene.track, scene.title);
  if (!scene.music_prompt) return null;
  return waiting("music", can.stopped ? "No music yet" : "The music is being made");
}

const waiting = (sign, text) => h("p", { class: "scene-waiting muted small" }, icon(sign, "small"), text);

function facts(scene) {
  const chips = [
    `at ${clock(scene.start_s)}`,
    scene.tempo_bpm && `${scene.tempo_bpm} BPM`,
    scene.key,
    scene.footage && `File ${scene.footage}`,
    scene.moves && "Video",
    scene.motion && scene.motion !== "still" && words(scene.motion),
    scene.scene_number > 1 && scene.transition && `${words(scene.transition)} in`,
  ];
  return h(
    "ul",
    { class: "chips", "aria-label": "Facts" },
    chips.filter(Boolean).map((text) => h("li", { class: "chip" }, text)),
  );
}

function prompts(scene) {
  const rows = [
    ["Picture", scene.image_prompt],
    ["Music", scene.music_prompt],
    ["Instruments", scene.instruments?.join(", ")],
  ].filter(([, text]) => text);
  return h(
    "details",
    { class: "prompts" },
    h("summary", { testid: "scene-prompts" }, "Prompts"),
    h(
      "dl",
      {},
      rows.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
    ),
  );
}

function actions(scene, can) {
  const number = scene.scene_number;
  const kept = scene.image?.versions ?? 0;
  return h(
    "div",
    { class: "scene-actions" },
    rewordButtons(scene, (kind) => can.reword(scene, kind)),
    can.changeable &&
      button(
        "Refine",
        {
          class: "small",
          testid: "refine-button",
          "data-scene-number": number,
          disabled: !can.refinable,
          title: can.refinable ? null : can.why,
          onclick: () => can.refine(scene),
          "aria-label": `Refine scene ${number}`,
        },
        icon("pencil", "small"),
      ),
    kept > 0 &&
      button(
        `Earlier (${kept})`,
        {
          class: "quiet small",
          testid: "versions-button",
          "data-scene-number": number,
          "aria-label": `Earlier pictures of scene ${number}: ${kept}`,
          onclick: () => can.versions(scene),
        },
        icon("history", "small"),
      ),
  );
}

/** What is shown while scenes are awaited. */
export function sceneSkeleton() {
  return h(
    "li",
    { class: "scene", "aria-hidden": "true" },
    h(
      "article",
      {},
      h("div", { class: "scene-picture" }, h("div", { class: "scene-blank skeleton" })),
      h(
        "div",
        { class: "scene-body" },
        h("div", { class: "skeleton line" }),
        h("div", { class: "skeleton line short" }),
        h("div", { class: "skeleton player-blank" }),
      ),
    ),
  );
}

/** Pictures of cards that are about to go, by their content, to be shown on in new cards. */
export function picturesIn(cards) {
  const found = new Map();
  for (const node of cards) {
    const image = node.querySelector("img[data-sha]");
    if (!image?.dataset.sha || !image.complete) continue;
    found.set(image.dataset.sha, [...(found.get(image.dataset.sha) ?? []), image]);
  }
  return (scene) => found.get(scene.image?.sha256)?.pop();
}

/** Renumber the cards of a list as they stand, before the API has answered. */
export function renumber(cards) {
  cards.forEach((node, at) => fill(node.querySelector(".scene-number"), at + 1));
}
