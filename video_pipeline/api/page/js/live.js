// Owns what happens elsewhere while the page is open; hides the event stream, its loss, and the polling in its place.
import { address, call } from "./http.js";

const POLL_MS = 5_000;
const KINDS = ["job", "progress", "order"];
const bus = new EventTarget();
let stream = null;
let polling = 0;
let retrying = 0;
let failures = 0;
let wanted = false;

/**
 * Hear of `job`, `progress` and `order` as the API sends them, of `tick` when one should look again oneself, and of
 * `state` ("live", "polling" or "offline").
 * @param {"job"|"progress"|"order"|"tick"|"state"} kind
 * @param {(value: any) => void} heed
 * @param {AbortSignal} signal ends it
 */
export function listen(kind, heed, signal) {
  bus.addEventListener(kind, (event) => heed(event.detail), { signal });
}

export let state = "offline";

const tell = (kind, detail) => bus.dispatchEvent(new CustomEvent(kind, { detail }));

function become(next) {
  if (state === next) return;
  state = next;
  tell("state", next);
}

/** Open the stream; nothing when it is open. */
export function start() {
  wanted = true;
  if (!stream && !document.hidden) open();
}

/** Close it. */
export function stop() {
  wanted = false;
  close();
  become("offline");
}

function open() {
  clearTimeout(retrying);
  stream = new EventSource(address("/events"));
  stream.onopen = () => {
    failures = 0;
    clearInterval(polling);
    polling = 0;
    become("live");
    tell("tick"); // what happened while it was closed
  };
  stream.onerror = () => {
    fallBack();
    // The browser connects again by itself unless the answer was no stream at all.
    if (stream?.readyState === EventSource.CLOSED) again();
  };
  for (const kind of KINDS) {
    stream.addEventListener(kind, (event) => {
      try {
        tell(kind, JSON.parse(event.data));
      } catch {
        tell("tick");
      }
    });
  }
}

function close() {
  stream?.close();
  stream = null;
  clearInterval(polling);
  clearTimeout(retrying);
  polling = 0;
}

function fallBack() {
  become(navigator.onLine ? "polling" : "offline");
  if (!polling) polling = setInterval(() => tell("tick"), POLL_MS);
}

function again() {
  stream = null;
  failures += 1;
  retrying = setTimeout(
    async () => {
      // A refused stream does not say why; the session does, and a lost one leads to the login.
      await call("GET", "/session").catch(() => {});
      if (wanted && !stream && !document.hidden) open();
    },
    Math.min(30_000, 1_000 * 2 ** failures),
  );
}

// A hidden tab gives its connection back: browsers allow six to one server, and many jobs are opened in tabs.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) close();
  else if (wanted && !stream) open();
});
