// Owns how formats and qualities of exports are called, and what each is for; hides the tables.
import { words } from "./wording.js";

const FORMAT = {
  mp4: "MP4",
  mov: "MOV",
  webm: "WebM",
  av1: "MP4 (AV1)",
  m4a: "M4A",
  opus: "Opus",
  flac: "FLAC",
};
const NOTE = {
  mp4: "H.264, plays everywhere",
  mov: "H.264, for editing",
  webm: "VP9, for the web",
  av1: "smallest, newer players",
  m4a: "sound alone",
  opus: "sound alone",
  flac: "sound alone, lossless",
};
const QUALITY = { qhd: "QHD", uhd: "UHD" };

/** "WebM", or the format's own word. */
export const formatName = (format) => FORMAT[format] ?? format;

/** "UHD", "Low", or a size of one's own such as "1600x900". */
export const qualityName = (quality) => QUALITY[quality] ?? words(quality);

/** What a format is for. */
export const noteOf = (format) => NOTE[format] ?? "";

/** True for formats that have no picture. */
export const isSound = (format) => noteOf(format).startsWith("sound");
