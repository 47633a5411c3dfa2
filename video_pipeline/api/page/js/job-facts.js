// Owns the facts beside a job: cost against its estimate, what was ordered; hides their wording.
import { h, renew } from "./dom.js";
import { meter } from "./card.js";
import { KIND, clock, count, lengthOf, money, words } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function facts(desk) {
  const cost = h("section", { class: "panel side-panel", "aria-labelledby": "cost-title", testid: "cost" });
  const ordered = h("section", { class: "panel side-panel", "aria-labelledby": "brief-title", testid: "brief" });
  desk.onChange((job) => {
    renew(cost, [job.estimated_cost_usd, job.actual_cost_usd, job.refinements, job.download_count], () =>
      costLines(job),
    );
    renew(ordered, [job.brief, job.niche_label, job.mood_keywords, job.duration_s, job.project_name, job.tags], () =>
      briefLines(job),
    );
  });
  return h("div", { class: "stack" }, cost, ordered);
}

function costLines(job) {
  const [spent, expected] = [Number(job.actual_cost_usd ?? 0), Number(job.estimated_cost_usd ?? 0)];
  const share = expected > 0 ? (100 * spent) / expected : 0;
  const { left = 0, limit = 5 } = job.refinements ?? {};
  return [
    h("h2", { id: "cost-title" }, "Cost"),
    h(
      "p",
      { class: "big-figure tabular", testid: "cost-actual" },
      money(spent),
      h("span", { class: "muted" }, expected > 0 ? ` of ${money(expected)} estimated` : " so far"),
    ),
    expected > 0 &&
      meter(
        Math.min(share, 100),
        `Spent ${money(spent)} of ${money(expected)} estimated`,
        spent > expected ? "over" : "",
      ),
    spent > expected &&
      expected > 0 &&
      h("p", { class: "small muted" }, `${money(spent - expected)} more than estimated.`),
    h(
      "dl",
      { class: "facts" },
      list([
        ["Refinements", h("span", { testid: "refinements-left" }, `${left} of ${limit} left`)],
        ["Downloads", String(job.download_count ?? 0)],
      ]),
    ),
  ];
}

function briefLines(job) {
  const brief = job.brief ?? {};
  const rows = [
    ["Kind", KIND[job.kind] ?? words(job.kind)],
    ["Niche", job.niche_label],
    ["Mood", job.mood_keywords],
    ["Project", job.project_name],
    ["Length", clock(lengthOf(job))],
    ["Scenes", job.scene_count ? count(job.scene_count, "scene") : null],
    ["Motion", words(brief.motion)],
    ["Transition", words(brief.transition)],
    ["Overlay", brief.overlay && brief.overlay !== "none" ? words(brief.overlay) : null],
    ...musicOf(job.kind, brief),
    ["Pictures", words(brief.visual_provider)],
    ["Scenes shown as", brief.engine && shownAs(brief.engine)],
    ["Seed", brief.seed],
  ];
  return [h("h2", { id: "brief-title" }, "Order"), h("dl", { class: "facts" }, list(rows))];
}

/** Where the music is somebody's own, nobody makes any, whoever the order names. */
function musicOf(kind, brief) {
  if (kind === "build") return [["Music", "Uploaded"]];
  if (kind !== "music_video") return [["Music", words(brief.music_provider)]];
  return [
    ["Song", brief.song_title],
    ["Genre", brief.genre],
    ["File", brief.music_file?.replace(ADDRESS, "from $1")],
  ];
}

/** Of the address of a song its host alone: there may be a key in the rest. */
const ADDRESS = /^\w+:\/\/(?:[^/?#]*@)?([^/?#]*).*$/s;

const shownAs = (engine) => (engine === "pictures" ? "Pictures" : `Clips by ${words(engine)}`);

const list = (rows) =>
  rows
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
