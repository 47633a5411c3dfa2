// Owns what belongs to a whole video and not to a scene: its songs, the sounds beneath, the words above; hides its markup.
import { fill, h, icon } from "./dom.js";
import { player } from "./player.js";
import { clock, count, words } from "./wording.js";

/** The section of a programme; hidden where it has nothing of its own. @param {import("./desk.js").Desk} desk */
export function programme(desk) {
  const content = h("div", { class: "stack" });
  const node = h(
    "section",
    { class: "job-section", "aria-labelledby": "programme-title", testid: "programme", hidden: true },
    h("div", { class: "section-head" }, h("h2", { id: "programme-title" }, "Music, sounds and words")),
    content,
  );
  let shown = "";
  desk.onChange(({ storyboard }) => {
    const { songs = [], beds = [], captions = [] } = storyboard ?? {};
    node.hidden = songs.length + beds.length + captions.length === 0;
    const key = JSON.stringify([songs, beds, captions]);
    if (key === shown) return;
    shown = key;
    fill(content, songs.length > 0 && songList(songs), beds.length > 0 && bedList(beds), captions.length > 0 && captionList(captions));
  });
  return node;
}

const songList = (songs) =>
  h(
    "ol",
    { class: "panel stack", "aria-label": "Songs", testid: "songs" },
    songs.map((song) =>
      h(
        "li",
        { class: "stack-tight" },
        h("p", {}, h("strong", {}, song.title), h("span", { class: "muted small" }, ` at ${clock(song.start_s)}, ${clock(song.duration_s)}`)),
        song.track ? player(song.track, song.title) : h("p", { class: "muted small" }, icon("music", "small"), "Not measured yet"),
      ),
    ),
  );

const bedList = (beds) =>
  h(
    "ul",
    { class: "chips", "aria-label": "Sounds beneath the music", testid: "beds" },
    beds.map((bed) => h("li", { class: "chip" }, `${words(bed.name)}, ${bed.level_db} dB, steps back ${bed.ducking_db} dB`)),
  );

const captionList = (captions) =>
  h(
    "details",
    { class: "prompts", testid: "captions" },
    h("summary", {}, count(captions.length, "quote")),
    h("dl", {}, captions.map((each) => [h("dt", {}, clock(each.start_s)), h("dd", { dir: "auto" }, each.text)])),
  );
