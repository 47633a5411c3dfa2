// Owns what only some kinds of video are asked for: prompt and style, a song, uploaded videos; hides which kind has what.
import { h } from "./dom.js";
import { choose, field } from "./fields.js";
import { words } from "./wording.js";

const WORDS = [10, 2000];

/**
 * @param {any} can the answer of GET /options
 * @returns the node, all fields, `value(kind)` for the request and `show(kind)`
 */
export function kindFields(can) {
  const { bpm, scene_seconds: cut } = can.music_video;
  const all = {
    song_title: line("song_title", "Title of the song", { placeholder: "Night Train" }),
    music_file: line("music_file", "The song", { placeholder: "night-train.flac" }, SONG_HINT),
    genre: line("genre", "Genre", { placeholder: "synthwave" }),
    prompt: promptField(can.prompt ?? WORDS),
    look: line("style", "Style", { placeholder: "oil painting" }, "How the pictures look.", true),
    bpm: number("bpm", "Beats a minute", bpm, "", "Measured when it is empty.", true),
    engine: select("engine", "Scenes are shown as", engines(can.music_video), "pictures"),
    cut_seconds: number("scene_seconds", "A scene lasts about", cut, 8, "Seconds; cuts fall on beats."),
    arrangement: select("arrangement", "Videos", ARRANGEMENTS, "join"),
    picture_seconds: number("picture_seconds", "A picture is shown for", can.build.picture_seconds, 20, "Seconds."),
  };
  const nodes = {
    storyboard: ["prompt", "look"],
    music_video: ["song_title", "music_file", "genre", "prompt", "look", "bpm", "engine", "cut_seconds"],
    build: ["arrangement", "picture_seconds"],
  };
  const note = h("p", { class: "hint small muted", testid: "order-files-note" }, FILES_NOTE);
  const node = h("div", { class: "stack-tight" }, h("div", { class: "pair" }, ...Object.values(all).map((each) => each.node)), note);
  const asked = (kind) => nodes[kind] ?? [];
  return {
    node,
    fields: Object.values(all),
    value: (kind) => Object.fromEntries(asked(kind).map((name) => [all[name].name, valueOf(all[name])])),
    show: (kind) => {
      for (const [name, each] of Object.entries(all)) each.node.hidden = !asked(kind).includes(name);
      note.hidden = !["music_video", "build"].includes(kind);
      node.hidden = asked(kind).length === 0;
    },
    /** The fields of a kind that may not be empty. */
    needed: (kind) => (kind === "music_video" ? ["song_title", "music_file", "genre", "prompt"].map((name) => all[name]) : []),
  };
}

/** The shape of the video, the sounds beneath and the words above it. */
export function programmeFields(can) {
  const shapes = can.aspect_ratios.map((each) => [each, SHAPES[each] ?? each]);
  const aspect = select("aspect_ratio", "Shape", shapes, can.aspect_ratios[0]);
  const boxes = Object.entries(can.ambience.sounds).map(([sound, label]) => [
    h("input", { type: "checkbox", value: sound, testid: `order-ambience-${sound}` }),
    label,
  ]);
  const sounds = h(
    "fieldset",
    { class: "field" },
    h("legend", { class: "label" }, "Sounds beneath the music"),
    h("div", { class: "checks" }, boxes.map(([box, label]) => h("label", { class: "check" }, box, h("span", {}, label)))),
  );
  const quotes = field({
    name: "quotes",
    label: "Quotes on the screen",
    optional: true,
    hint: "One a paragraph; [00:01:30 +12s] before it says when it is shown, a line “— Name” below whose it is.",
    control: h("textarea", { class: "input", rows: 3, testid: "order-quotes" }),
  });
  return {
    node: h("div", { class: "stack-tight" }, h("div", { class: "pair" }, aspect.node), sounds, quotes.node),
    fields: [aspect, quotes],
    value: () => ({
      aspect_ratio: aspect.input.value,
      ambience: boxes.filter(([box]) => box.checked).map(([box]) => ({ sound: box.value })),
      quotes: quotes.input.value.trim() || undefined,
    }),
  };
}

/** Those whose key is missing can be seen, and not chosen. */
function engines({ engines: names, missing = {} }) {
  const label = (name) => `${ENGINES[name] ?? `Clips by ${words(name)}`}${missing[name] ? " · needs a key" : ""}`;
  return names.map((name) => [name, label(name), Boolean(missing[name])]);
}

const SONG_HINT = "The name of the file that you upload next, or an https address.";
const FILES_NOTE = "Its files are uploaded on the next page; nothing begins before you start it there.";
const ARRANGEMENTS = [
  ["join", "One after the other"],
  ["loop", "Each repeated for its share of the music"],
];
const ENGINES = { pictures: "Pictures, moved as chosen below", procedural: "Clips made of their pictures" };
const SHAPES = { "16:9": "Wide, 16:9", "9:16": "Upright, 9:16", "1:1": "Square, 1:1" };

function line(name, label, props, hint, optional = false) {
  const control = h("input", { class: "input", maxlength: 255, testid: `order-${name}`, ...props });
  return field({ name, label, hint, optional, control });
}

function promptField(counter) {
  const control = h("textarea", { class: "input", rows: 3, maxlength: counter[1], testid: "order-prompt" });
  return field({ name: "prompt", label: "What the pictures show", hint: "In words of your own.", counter, control });
}

function number(name, label, [least, most], value, hint, optional = false) {
  const props = { class: "input", type: "number", inputmode: "numeric", min: least, max: most, step: 1, value };
  const made = field({ name, label, hint: `${hint} ${least} to ${most}.`, optional, control: h("input", { ...props, testid: `order-own-${name}` }) });
  return { ...made, value: () => (made.input.value === "" ? undefined : Number(made.input.value)) };
}

const select = (name, label, pairs, value) =>
  field({ name, label: words(label), control: choose(pairs, { value, testid: `order-${name}` }) });

const valueOf = (each) => (each.value ? each.value() : each.input.value.trim() || undefined);
