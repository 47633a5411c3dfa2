// Owns listening: one sound at a time, its waveform as the bar to seek in; hides the audio element.
import { button, h, icon, setIcon } from "./dom.js";
import { clock } from "./wording.js";

const audio = new Audio();
audio.preload = "auto";
/** @type {Player|null} the one whose track is loaded */
let shown = null;

/** Be silent, for example when the room is left. */
export function hush() {
  audio.pause();
}

/**
 * A player for one track.
 * @param {{url: string, waveform_url: string, duration_s: number}} track
 * @param {string} title of the piece, for labels
 */
export function player(track, title) {
  return new Player(track, title).node;
}

class Player {
  constructor(track, title) {
    this.track = track;
    this.title = title;
    this.position = 0; // seconds; kept while another one plays
    const press = () => this.press();
    this.toggle = button("", { class: "square player-toggle", testid: "play", onclick: press }, icon("play"));
    this.seek = seekBar(track, title);
    this.time = h("span", { class: "player-time tabular" });
    this.bar = h("div", { class: "player-bar" }, waveform(track), h("span", { class: "player-played" }), this.seek);
    const props = { class: "player", role: "group", "aria-label": `Music: ${title}`, testid: "player" };
    this.node = h("div", props, this.toggle, this.bar, this.time);
    this.seek.addEventListener("input", () => this.moveTo(Number(this.seek.value)));
    this.seek.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.press();
    });
    this.show();
  }

  show() {
    const { position, track } = this;
    const playing = shown === this && !audio.paused;
    const [at, whole] = [clock(position), clock(track.duration_s)];
    setIcon(this.toggle.querySelector(".icon"), playing ? "pause" : "play");
    this.toggle.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${this.title}`);
    this.node.classList.toggle("playing", playing);
    this.node.classList.toggle("begun", position > 0);
    this.seek.value = position;
    this.seek.setAttribute("aria-valuetext", `${at} of ${whole}`);
    this.bar.style.setProperty("--share", position / (track.duration_s || 1));
    this.time.textContent = position > 0 ? `${at} / ${whole}` : whole;
  }

  /** Load this track in place of another one's. */
  take() {
    if (shown === this) return;
    const before = shown;
    audio.pause();
    shown = this;
    before?.show();
    audio.src = this.track.url;
    if (this.position > 0) audio.currentTime = this.position;
  }

  press() {
    if (shown === this && !audio.paused) return audio.pause();
    this.take();
    return audio.play().catch((error) => {
      if (error.name !== "AbortError") this.fail();
    });
  }

  moveTo(seconds) {
    this.take();
    this.position = seconds;
    audio.currentTime = seconds;
    this.show();
  }

  fail() {
    this.node.classList.add("broken");
    this.time.textContent = "Cannot be played";
  }
}

function seekBar(track, title) {
  const range = { type: "range", min: 0, max: track.duration_s, step: 1, value: 0 };
  return h("input", { class: "player-seek", ...range, "aria-label": `Position in ${title}`, testid: "seek" });
}

function waveform(track) {
  const later = { loading: "lazy", decoding: "async" };
  const image = h("img", { src: track.waveform_url, alt: "", ...later, width: 1600, height: 300 });
  image.addEventListener("error", () => image.remove(), { once: true });
  return image;
}

audio.addEventListener("timeupdate", () => {
  if (!shown || audio.seeking) return;
  shown.position = audio.currentTime;
  shown.show();
});
audio.addEventListener("ended", () => {
  if (shown) shown.position = 0;
  audio.currentTime = 0;
  shown?.show();
});
audio.addEventListener("error", () => {
  if (audio.getAttribute("src")) shown?.fail();
});
for (const kind of ["play", "pause"]) audio.addEventListener(kind, () => shown?.show());
audio.addEventListener("play", () => {
  for (const video of document.querySelectorAll("video")) video.pause();
});
// Events of media do not bubble, but they are captured. This one's own audio is outside of the document.
document.addEventListener("play", hush, true);
