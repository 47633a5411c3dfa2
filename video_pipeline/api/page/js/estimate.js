// Owns the price of an order before it is sent; hides asking for it while somebody types.
import { fill, h, icon } from "./dom.js";
import { isAbort, post } from "./http.js";
import { clock, count, excuse, money, sentence } from "./wording.js";

/** A panel that says what an order would cost. */
export function estimate() {
  const content = h("div", { class: "estimate", "aria-live": "polite", testid: "estimate" });
  const node = h(
    "section",
    { "aria-labelledby": "estimate-title" },
    h("h2", { id: "estimate-title" }, "Estimate"),
    content,
  );
  let turn = 0;
  let shown = "";

  async function ask(body, signal) {
    const mine = (turn += 1);
    if (!ready(body))
      return fill(
        content,
        h(
          "p",
          { class: "muted small" },
          "Choose a channel, say what it is about and in which moods; then the price stands here.",
        ),
      );
    try {
      const answer = await post("/jobs/estimate", { json: body, signal });
      if (mine !== turn) return undefined;
      shown = JSON.stringify(body);
      content.classList.remove("stale");
      return fill(content, lines(answer));
    } catch (error) {
      if (isAbort(error) || mine !== turn) return undefined;
      content.classList.remove("stale");
      return fill(
        content,
        h("div", { class: "callout amber" }, icon("alert"), h("div", {}, h("p", { class: "small" }, reasonOf(error)))),
      );
    }
  }
  return { node, ask, wait: (body) => content.classList.toggle("stale", JSON.stringify(body) !== shown) };
}

const OWN = { music_video: ["song_title", "music_file", "genre", "prompt"] };

const ready = (body) =>
  ["channel_id", "niche_label", "mood_keywords", ...(OWN[body.kind] ?? [])].every((name) => body[name]);

const reasonOf = (error) =>
  error.errors?.length ? error.errors.map((each) => sentence(each.message)).join(" ") : excuse(error);

function lines(answer) {
  const { estimated_cost_usd: total, duration_s: length, scenes, music, images, clips, thumbnail } = answer;
  const { words_usd: words, cap_note: cap, length_note: guess, computing } = answer;
  const share = (part, noun, plural) => [
    count(part.pieces, noun, plural),
    part.price_usd > 0 ? money(part.pieces * part.price_usd) : "free",
  ];
  const rows = [
    [guess ? "Length (assumed)" : "Length", clock(length)],
    ["Scenes", String(scenes)],
    share(music, "piece of music", "pieces of music"),
    share(images, "picture"),
    clips.pieces > 0 && share(clips, "clip"),
    thumbnail.pieces > 0 && share(thumbnail, "picture for thumbnails", "pictures for thumbnails"),
    words > 0 && ["Texts", money(words)],
  ].filter(Boolean);
  return [
    h("p", { class: "big-figure tabular", testid: "estimate-total" }, total > 0 ? `about ${money(total)}` : "Free"),
    h(
      "dl",
      { class: "facts" },
      rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
    guess && h("p", { class: "small muted", testid: "estimate-length" }, sentence(guess)),
    cap &&
      h(
        "div",
        { class: "callout amber", testid: "estimate-cap" },
        icon("alert"),
        h("p", { class: "small" }, sentence(cap)),
      ),
    computing && h("p", { class: "computing small" }, icon("clock", "small"), h("span", {}, sentence(computing))),
  ];
}
