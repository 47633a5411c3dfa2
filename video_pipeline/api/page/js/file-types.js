// Owns what an uploaded file can be for: words, signs, a guess by its name; hides suffixes.

export const TYPES = [
  ["videos", "Video or picture"],
  ["music", "Music"],
  ["sounds", "Sound"],
  ["quotes", "Quotes"],
];

const LABELS = new Map(TYPES);
const NEEDED = { videos: "a video or a picture", music: "a piece of music", sounds: "a sound", quotes: "quotes" };
const SIGNS = { videos: "film", music: "music", sounds: "music", quotes: "list" };
const SUFFIXES = {
  videos: "mp4 mov m4v mkv webm avi ts m2ts mts jpg jpeg png webp avif heic",
  music: "mp3 flac m4a ogg opus aac",
  sounds: "wav aiff aif",
  quotes: "txt md csv",
};
const BY_SUFFIX = new Map(
  Object.entries(SUFFIXES).flatMap(([type, list]) => list.split(" ").map((suffix) => [suffix, type])),
);
/** Names of recordings of weather and places are no songs, whatever they are packed in. */
const BED = /\b(rain|storm|thunder|wind|fire|waves?|sea|ocean|river|birds?|forest|night|cafe|ambien\w*|noise|sfx|fx)\b/i;

export const labelOf = (type) => LABELS.get(type) ?? type;
export const signOf = (type) => SIGNS[type] ?? "list";

/** "a piece of music and a video or a picture" */
export const neededWords = (types) => types.map((type) => NEEDED[type] ?? type).join(" and ");

/** What a file is probably for, by its name and what the browser takes it for. */
export function guessType({ name, type: mime = "" }) {
  const suffix = name.toLowerCase().split(".").pop();
  const known = BY_SUFFIX.get(suffix);
  const isSound = known ? known === "music" || known === "sounds" : mime.startsWith("audio/");
  if (isSound) return BED.test(name.replaceAll(/[_.-]+/g, " ")) ? "sounds" : (known ?? "music");
  if (known) return known;
  if (mime.startsWith("text/")) return "quotes";
  return "videos";
}
