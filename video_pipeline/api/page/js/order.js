// Owns ordering a video: the form, its price before it is sent; hides which field belongs to which kind.
import { briefFields } from "./brief-fields.js";
import { button, busy, debounced, fill, h, icon } from "./dom.js";
import { estimate } from "./estimate.js";
import { blame, complainIn, formError } from "./fields.js";
import { get, isAbort, keyFor, post } from "./http.js";
import { kindFields, programmeFields } from "./kind-fields.js";
import { lengthFields } from "./length-fields.js";
import { options } from "./options.js";
import { choices } from "./order-fields.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { titleOf } from "./wording.js";

const PAUSE_MS = 350;
const KINDS = {
  album: ["Album", "60 to 90 minutes, 20 scenes"],
  storyboard: ["Storyboard", "Some scenes of equal length"],
  music_video: ["Music video", "Your song, pictures on its beat"],
  build: ["Build", "Your videos, music, sounds and quotes"],
};
const APPROVALS = [
  ["required", "I approve the storyboard", "It waits until you have looked at it."],
  ["auto", "Straight through", "It is rendered as soon as music and pictures exist."],
];
const MISSING = {
  channel_id: "Choose a channel, or make one.",
  niche_label: "Say what it is about.",
  mood_keywords: "Give at least one mood.",
};

/** @param {import("./main.js").View} view */
export async function order({ outlet, query, signal }) {
  const blank = (look) => h("div", { class: `panel skeleton ${look}` });
  const place = h("div", { class: "order-layout" }, blank("order-blank"), blank("order-side-blank"));
  const intro = h("p", {}, "Say what it is about; the studio plans, composes and paints it.");
  outlet.classList.add("narrow");
  outlet.append(h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, "New video"), intro)), place);
  const [can, channels] = await Promise.all([options(), get("/channels", { signal })]);
  const form = new OrderForm(can, channels.items, query.get("channel_id"), signal);
  fill(place, form.node, form.side);
}

class OrderForm {
  constructor(can, channels, wantedChannel, signal) {
    this.channels = channels;
    this.signal = signal;
    this.key = keyFor();
    const kinds = can.kinds.filter((each) => KINDS[each]).map((each) => [each, ...KINDS[each]]);
    this.kind = choices("kind", "What kind of video", kinds, preferredKind(can.kinds));
    this.fields = briefFields(can, channels, wantedChannel);
    this.length = lengthFields(can);
    this.own = kindFields(can);
    this.programme = programmeFields(can);
    this.approval = choices("approval", "Approval", APPROVALS, "required");
    this.price = estimate();
    this.wrong = formError();
    this.node = this.form();
    this.side = this.aside();
    this.heed();
  }

  form() {
    const { kind, fields, length, own, programme, approval } = this;
    const onsubmit = (event) => this.submit(event);
    const beside = (look, ...names) => h("div", { class: look }, ...names.map((name) => fields[name].node));
    return h(
      "form",
      { class: "order-form", id: "order-form", novalidate: true, onsubmit, testid: "order-form" },
      group("Video", kind.node, fields.channel_id.node, beside("pair", "niche_label", "mood_keywords"), length.node, own.node),
      group("Picture", beside("triple", "motion", "transition", "overlay")),
      group("Shape, sounds and words", programme.node),
      group("Who makes it", beside("pair", "music_provider", "visual_provider")),
      group("How it goes on", approval.node, this.waiting(), beside("pair", "seed", "project_name")),
    );
  }

  /** Files of one's own come before anything is planned. */
  waiting() {
    this.waits = h("input", { type: "checkbox", name: "preparing", testid: "order-preparing" });
    return h("label", { class: "check" }, this.waits, h("span", {}, "Wait until I have uploaded files and started it"));
  }

  aside() {
    const props = { type: "submit", form: "order-form", class: "primary wide", testid: "order-submit" };
    this.send = button("Order this video", { ...props, disabled: !may("spend") }, icon("check"));
    const why = !may("spend") && h("p", { class: "small muted" }, "Your account may not order videos.");
    const card = h("div", { class: "panel order-card" }, this.price.node, this.wrong, this.send, why);
    return h("aside", { class: "order-side", "aria-label": "What it costs" }, card);
  }

  heed() {
    const ask = () => this.price.ask(this.value(), this.signal);
    const soon = debounced(PAUSE_MS, ask);
    this.node.addEventListener("input", () => {
      this.show();
      this.price.wait(this.value());
      soon();
    });
    this.node.addEventListener("change", soon);
    this.fields.channel_id.input.addEventListener("change", () => this.suggestNiche());
    this.show();
    this.suggestNiche();
    ask();
  }

  show() {
    const kind = this.kind.value();
    this.length.show(kind);
    this.own.show(kind);
  }

  /** The body of the request. */
  value() {
    const kind = this.kind.value();
    const texts = Object.values(this.fields).map((each) => [each.name, valueOf(each)]);
    const parts = [this.length.value(kind), this.own.value(kind), this.programme.value(), Object.fromEntries(texts)];
    return Object.assign({ kind, preparing: this.waits.checked, approval: this.approval.value() }, ...parts);
  }

  async submit(event) {
    event.preventDefault();
    const parts = [this.length, this.own, this.programme];
    const everything = [...Object.values(this.fields), ...parts.flatMap((each) => each.fields)];
    complainIn(this.wrong, null);
    for (const each of everything) each.complain(null);
    const body = this.value();
    if (!this.complete(body)) return;
    try {
      const job = await busy(this.send, () => post("/jobs", { json: body, key: this.key(body), signal: this.signal }));
      toast(`“${titleOf(job)}” is ordered.`);
      location.hash = `/jobs/${job.id}`;
    } catch (error) {
      if (!isAbort(error)) blame(error, everything, this.wrong);
    }
  }

  /** Say what is missing without asking the API. */
  complete(body) {
    const always = Object.keys(MISSING).map((name) => [this.fields[name], MISSING[name]]);
    const own = this.own.needed(body.kind).map((each) => [each, "A music video needs it."]);
    const empty = [...always, ...own].filter(([each]) => !body[each.name]);
    for (const [each, message] of empty) each.complain(message);
    if (empty.length) empty[0][0].input.focus();
    return empty.length === 0;
  }

  /** A channel's own niche is what most of its videos are about; words of one's own stay. */
  suggestNiche() {
    const niche = this.fields.niche_label.input;
    const chosen = this.fields.channel_id.input.value;
    const suggested = this.channels.find((each) => each.id === chosen)?.brand_niche;
    const own = niche.value && niche.value !== niche.dataset.suggested;
    if (!suggested || own) return;
    niche.value = suggested;
    niche.dataset.suggested = suggested;
    niche.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

const preferredKind = (kinds) => (kinds.includes("storyboard") ? "storyboard" : kinds[0]);

const valueOf = (each) => (each.value ? each.value() : each.input.value.trim() || undefined);

function group(title, ...content) {
  const legend = h("legend", { class: "visually-hidden" }, title);
  return h("fieldset", { class: "panel order-group" }, legend, h("h2", { "aria-hidden": "true" }, title), content);
}
