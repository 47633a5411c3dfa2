// Owns ordering a video: the form, its price before it is sent; hides which field belongs to which kind.
import { channelField } from "./channel-field.js";
import { button, busy, debounced, fill, h, icon } from "./dom.js";
import { estimate } from "./estimate.js";
import { blame, choose, complainIn, field, formError } from "./fields.js";
import { get, isAbort, keyFor, post } from "./http.js";
import { lengthFields } from "./length-fields.js";
import { options } from "./options.js";
import { choices, seedField } from "./order-fields.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { money, titleOf, words } from "./wording.js";

const PAUSE_MS = 350;
const KINDS = {
  album: ["Album", "60 to 90 minutes, 20 scenes"],
  storyboard: ["Storyboard", "Some scenes of equal length"],
};
const APPROVALS = [
  ["required", "I approve the storyboard", "It waits until you have looked at it."],
  ["auto", "Straight through", "It is rendered as soon as music and pictures exist."],
];

/** @param {import("./main.js").View} view */
export async function order({ outlet, query, signal }) {
  outlet.classList.add("narrow");
  outlet.append(
    h(
      "div",
      { class: "page-head" },
      h(
        "div",
        {},
        h("h1", { tabindex: "-1" }, "New video"),
        h("p", {}, "Say what it is about; the studio plans, composes and paints it."),
      ),
    ),
  );
  const place = h(
    "div",
    { class: "order-layout" },
    h("div", { class: "panel order-blank skeleton" }),
    h("div", { class: "panel order-side-blank skeleton" }),
  );
  outlet.append(place);
  const [can, channels] = await Promise.all([options(), get("/channels", { signal })]);
  fill(place, orderForm(can, channels.items, query.get("channel_id"), signal));
}

function orderForm(can, channels, wantedChannel, signal) {
  const key = keyFor();
  const kind = choices(
    "kind",
    "What kind of video",
    can.kinds.filter((each) => KINDS[each]).map((each) => [each, ...KINDS[each]]),
    can.kinds.includes("storyboard") ? "storyboard" : can.kinds[0],
  );
  const fields = makeFields(can, channels, wantedChannel);
  const length = lengthFields(can);
  const approval = choices("approval", "Approval", APPROVALS, "required");
  const wrong = formError();
  const price = estimate();
  const send = button(
    "Order this video",
    { type: "submit", class: "primary wide", testid: "order-submit", disabled: !may("spend") },
    icon("check"),
  );
  const everything = [...Object.values(fields), ...length.fields];
  const form = h(
    "form",
    { class: "order-form", novalidate: true, onsubmit: submit, testid: "order-form" },
    group(
      "Video",
      kind.node,
      fields.channel_id.node,
      h("div", { class: "pair" }, fields.niche_label.node, fields.mood_keywords.node),
      length.node,
    ),
    group("Picture", h("div", { class: "triple" }, fields.motion.node, fields.transition.node, fields.overlay.node)),
    group("Who makes it", h("div", { class: "pair" }, fields.music_provider.node, fields.visual_provider.node)),
    group("How it goes on", approval.node, h("div", { class: "pair" }, fields.seed.node, fields.project_name.node)),
  );
  const side = h(
    "aside",
    { class: "order-side", "aria-label": "What it costs" },
    h(
      "div",
      { class: "panel order-card" },
      price.node,
      wrong,
      send,
      !may("spend") && h("p", { class: "small muted" }, "Your account may not order videos."),
    ),
  );
  send.setAttribute("form", (form.id = "order-form"));

  const value = () => ({
    kind: kind.value(),
    approval: approval.value(),
    ...length.value(kind.value()),
    ...Object.fromEntries(
      Object.values(fields).map((each) => [
        each.name,
        each.value ? each.value() : each.input.value.trim() || undefined,
      ]),
    ),
  });
  const again = debounced(PAUSE_MS, () => price.ask(value(), signal));
  form.addEventListener("input", () => {
    length.show(kind.value());
    price.wait(value());
    again();
  });
  form.addEventListener("change", again);
  fields.channel_id.input.addEventListener("change", () => suggestNiche(fields, channels));
  length.show(kind.value());
  suggestNiche(fields, channels);
  price.ask(value(), signal);

  async function submit(event) {
    event.preventDefault();
    complainIn(wrong, null);
    for (const each of everything) each.complain(null);
    const body = value();
    if (!complete(fields, body)) return;
    try {
      const job = await busy(send, () => post("/jobs", { json: body, key: key(body), signal }));
      toast(`“${titleOf(job)}” is ordered.`);
      location.hash = `/jobs/${job.id}`;
    } catch (error) {
      if (!isAbort(error)) blame(error, everything, wrong);
    }
  }
  return [form, side];
}

/** Say what is missing without asking the API. */
function complete(fields, body) {
  const missing = {
    channel_id: "Choose a channel, or make one.",
    niche_label: "Say what it is about.",
    mood_keywords: "Give at least one mood.",
  };
  const empty = Object.keys(missing).filter((name) => !body[name]);
  for (const name of empty) fields[name].complain(missing[name]);
  if (empty.length) fields[empty[0]].input.focus();
  return empty.length === 0;
}

function makeFields(can, channels, wantedChannel) {
  const select = (name, label, list, hint, first) =>
    field({ name, label, hint, control: choose(list, { value: first, testid: `order-${name}` }) });
  const named = (list) => list.map((each) => [each, words(each)]);
  const priced = (list) =>
    list.map((each) => [
      each.name,
      `${words(each.name)} · ${each.price_usd > 0 ? `${money(each.price_usd)} each` : "free"}`,
    ]);
  const preferred = (list, wish) => (list.includes(wish) ? wish : list[0]);
  const names = (list) => list.map((each) => each.name);
  return {
    channel_id: channelField(channels, wantedChannel),
    niche_label: field({
      name: "niche_label",
      label: "What it is about",
      hint: "A place or a mood in some words.",
      control: h("input", {
        class: "input",
        maxlength: 255,
        placeholder: "Royal Court Ambience",
        testid: "order-niche_label",
      }),
    }),
    mood_keywords: field({
      name: "mood_keywords",
      label: "Moods",
      hint: "Separated by commas.",
      control: h("input", {
        class: "input",
        maxlength: 2000,
        value: "calm, warm, nostalgic",
        testid: "order-mood_keywords",
      }),
    }),
    motion: select("motion", "Motion", named(can.motions), "How the pictures move.", preferred(can.motions, "still")),
    transition: select(
      "transition",
      "Transition",
      named(can.transitions),
      "How one follows another.",
      preferred(can.transitions, "dissolve"),
    ),
    overlay: select(
      "overlay",
      "Overlay",
      named(can.overlays),
      "Drawn in time with the sound.",
      preferred(can.overlays, "none"),
    ),
    music_provider: select(
      "music_provider",
      "Music",
      priced(can.music_providers),
      null,
      preferred(names(can.music_providers), "procedural"),
    ),
    visual_provider: select(
      "visual_provider",
      "Pictures",
      priced(can.image_providers),
      null,
      preferred(names(can.image_providers), "procedural"),
    ),
    seed: seedField(),
    project_name: field({
      name: "project_name",
      label: "Project name",
      optional: true,
      hint: "Yours, to find it again.",
      control: h("input", { class: "input", maxlength: 255, testid: "order-project_name" }),
    }),
  };
}

/** A channel's own niche is what most of its videos are about; words of one's own stay. */
function suggestNiche(fields, channels) {
  const niche = fields.niche_label.input;
  const suggested = channels.find((each) => each.id === fields.channel_id.input.value)?.brand_niche;
  const own = niche.value && niche.value !== niche.dataset.suggested;
  if (!suggested || own) return;
  niche.value = suggested;
  niche.dataset.suggested = suggested;
  niche.dispatchEvent(new Event("input", { bubbles: true }));
}

const group = (title, ...content) =>
  h(
    "fieldset",
    { class: "panel order-group" },
    h("legend", { class: "visually-hidden" }, title),
    h("h2", { "aria-hidden": "true" }, title),
    content,
  );
