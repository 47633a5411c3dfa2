// Owns how times, lengths, money, sizes and the API's words are said to people; hides Intl.

/** label, colour and what is going on, by status */
export const STATUS = {
  preparing: { label: "Preparing", tone: "gray" },
  planned: { label: "Planned", tone: "gray" },
  generating_music: { label: "Making music", tone: "violet" },
  generating_image: { label: "Making pictures", tone: "blue" },
  awaiting_approval: { label: "Awaiting approval", tone: "amber" },
  rendering: { label: "Rendering", tone: "accent" },
  ready_for_export: { label: "Exporting", tone: "accent" },
  completed: { label: "Completed", tone: "green" },
  failed: { label: "Failed", tone: "red" },
  cancelled: { label: "Cancelled", tone: "gray" },
};

export const statusOf = (status) => STATUS[status] ?? { label: words(status), tone: "gray" };

export const KIND = { album: "Album", storyboard: "Storyboard", music_video: "Music video", build: "Build" };

/** "slow_zoom" to "Slow zoom". */
export function words(name) {
  const text = String(name ?? "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 4530 to "1:15:30", 45 to "0:45". */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds ?? 0));
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** 4500 to "75 minutes", 40 to "40 seconds"; rounded, for sentences. */
export function lasting(seconds) {
  if (seconds < 100) return count(Math.round(seconds), "second");
  return count(Math.round(seconds / 60), "minute");
}

/** 1, "scene" to "1 scene". */
export const count = (number, noun, plural = `${noun}s`) =>
  `${number.toLocaleString("en")} ${number === 1 ? noun : plural}`;

const DOLLARS = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 4 });

/** Dollars and cents, and what is finer where there is some. */
export const money = (usd) => DOLLARS.format(Number(usd ?? 0));

/** 231400000 to "231 MB". */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [Number(bytes), 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const NEAR = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const STEPS = [
  [60, "second"],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [7 * 86400, "day", 86400],
];

/** "3 hr. ago", or the day when it is more than a week ago. */
export function ago(iso) {
  const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
  if (Math.abs(seconds) < 45) return "just now";
  for (const [limit, unit, of = 1] of STEPS) {
    if (Math.abs(seconds) < limit) return NEAR.format(-Math.round(seconds / of), unit);
  }
  return DAY.format(new Date(iso));
}

/** The full date and time, in the reader's own way. */
export const moment = (iso) => FULL.format(new Date(iso));

/** What a job is called before its storyboard has given it a title. */
export const titleOf = (job) => job.title || job.project_name || job.niche_label;

/** Its length in seconds, the ordered one until the storyboard exists. */
export const lengthOf = (job) => job.duration_s ?? 60 * job.target_duration_minutes;

/** What went wrong, in words that say what to do. */
export function excuse(error) {
  const detail = sentence(error.detail || error.message);
  if (error.status === 0) return "The studio does not answer. Check the connection, then try again.";
  if (error.status === 403) return "Your account may not do this. Ask whoever runs the studio for more rights.";
  if (error.status === 409) return `${detail} Look again in a moment.`;
  if (error.status === 429 && error.retryAfterS) return `${detail} Try again in ${lasting(error.retryAfterS)}.`;
  if (error.status === 503) return `${detail} Try again in a minute.`;
  if (error.status >= 500) return `${detail} Try again; if it stays so, tell whoever runs the studio.`;
  return detail;
}

/** The API's words as a sentence: a capital at its beginning, a stop at its end. */
export function sentence(text) {
  const trimmed = String(text ?? "").trim();
  return trimmed && trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? "" : ".");
}
