// Owns listening: one sound at a time, its waveform as the bar to seek in; hides the audio element.
import { button, h, icon, setIcon } from "./dom.js";
import { clock } from "./wording.js";

const audio = new Audio();
audio.preload = "auto";
let shown = null; // the player whose track is loaded

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
  const toggle = button("", { class: "square player-toggle", testid: "play", onclick: press }, icon("play"));
  const seek = h("input", {
    type: "range",
    class: "player-seek",
    min: 0,
    max: track.duration_s,
    step: 1,
    value: 0,
    "aria-label": `Position in ${title}`,
    testid: "seek",
  });
  const time = h("span", { class: "player-time tabular" }, clock(track.duration_s));
  const wave = h("img", {
    src: track.waveform_url,
    alt: "",
    loading: "lazy",
    decoding: "async",
    width: 1600,
    height: 300,
  });
  const bar = h("div", { class: "player-bar" }, wave, h("span", { class: "player-played" }), seek);
  const node = h(
    "div",
    { class: "player", role: "group", "aria-label": `Music: ${title}`, testid: "player" },
    toggle,
    bar,
    time,
  );
  wave.addEventListener("error", () => wave.remove(), { once: true });
  const me = { node, position: 0, show };

  function show() {
    const playing = shown === me && !audio.paused;
    setIcon(toggle.querySelector(".icon"), playing ? "pause" : "play");
    toggle.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${title}`);
    node.classList.toggle("playing", playing);
    node.classList.toggle("begun", me.position > 0);
    seek.value = me.position;
    seek.setAttribute("aria-valuetext", `${clock(me.position)} of ${clock(track.duration_s)}`);
    bar.style.setProperty("--share", me.position / (track.duration_s || 1));
    time.textContent = me.position > 0 ? `${clock(me.position)} / ${clock(track.duration_s)}` : clock(track.duration_s);
  }

  function take() {
    if (shown === me) return;
    const before = shown;
    audio.pause();
    shown = me;
    before?.show();
    audio.src = track.url;
    if (me.position > 0) audio.currentTime = me.position;
  }

  function press() {
    if (shown === me && !audio.paused) return audio.pause();
    take();
    return audio.play().catch((error) => {
      if (error.name !== "AbortError") fail();
    });
  }

  function fail() {
    node.classList.add("broken");
    time.textContent = "Cannot be played";
  }

  seek.addEventListener("input", () => {
    take();
    me.position = Number(seek.value);
    audio.currentTime = me.position;
    show();
  });
  seek.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    press();
  });
  me.fail = fail;
  show();
  return node;
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
