// Owns the fields of an order, one function for each; hides their labels and what stands in them at first.
import { channelField } from "./channel-field.js";
import { h } from "./dom.js";
import { choose, field } from "./fields.js";
import { seedField } from "./order-fields.js";
import { money, words } from "./wording.js";

/** name, label, hint, the list in the options, what is preferred */
const LOOKS = [
  ["motion", "Motion", "How the pictures move.", "motions", "still"],
  ["transition", "Transition", "How one follows another.", "transitions", "dissolve"],
  ["overlay", "Overlay", "Drawn in time with the sound.", "overlays", "none"],
];
const PROVIDERS = [
  ["music_provider", "Music", "music_providers"],
  ["visual_provider", "Pictures", "image_providers"],
];

/**
 * Fields by the names that the API has for them.
 * @param {any} can the answer of GET /options
 * @param {any[]} channels
 * @param {string|null} wanted the channel that is chosen at first
 */
export function briefFields(can, channels, wanted) {
  const looks = LOOKS.map(([name, label, hint, list, first]) => [name, lookField(name, label, hint, can[list], first)]);
  const providers = PROVIDERS.map(([name, label, list]) => [name, providerField(name, label, can[list])]);
  return {
    channel_id: channelField(channels, wanted),
    niche_label: nicheField(),
    mood_keywords: moodField(),
    ...Object.fromEntries([...looks, ...providers]),
    seed: seedField(),
    project_name: projectField(),
  };
}

const preferred = (list, wish) => (list.includes(wish) ? wish : list[0]);

function lookField(name, label, hint, list, wish) {
  const pairs = list.map((each) => [each, words(each)]);
  return field({
    name,
    label,
    hint,
    control: choose(pairs, { value: preferred(list, wish), testid: `order-${name}` }),
  });
}

function providerField(name, label, list) {
  const price = (usd) => (usd > 0 ? `${money(usd)} each` : "free");
  const pairs = list.map((each) => [each.name, labelOf(each, price(each.price_usd)), Boolean(each.missing)]);
  const names = list.filter((each) => !each.missing).map((each) => each.name);
  const value = preferred(names, "procedural");
  return field({ name, label, hint: reasons(list), control: choose(pairs, { value, testid: `order-${name}` }) });
}

const labelOf = (each, price) => `${words(each.name)} · ${each.missing ? "needs a key" : price}`;

/** Why some cannot be chosen: what to configure stands in the list of providers. */
function reasons(list) {
  const missing = list.filter((each) => each.missing).map((each) => words(each.name));
  if (missing.length === 0) return undefined;
  const hint = `${missing.join(", ")}: not configured. “video-pipeline provider list” says what to set.`;
  return h("span", { testid: "provider-reasons" }, hint);
}

const line = (name, props) => h("input", { class: "input", maxlength: 255, testid: `order-${name}`, ...props });

function nicheField() {
  const control = line("niche_label", { placeholder: "Royal Court Ambience" });
  return field({ name: "niche_label", label: "What it is about", hint: "A place or a mood in some words.", control });
}

function moodField() {
  const control = line("mood_keywords", { maxlength: 2000, value: "calm, warm, nostalgic" });
  return field({ name: "mood_keywords", label: "Moods", hint: "Separated by commas.", control });
}

function projectField() {
  const hint = "Yours, to find it again.";
  return field({ name: "project_name", label: "Project name", optional: true, hint, control: line("project_name") });
}
