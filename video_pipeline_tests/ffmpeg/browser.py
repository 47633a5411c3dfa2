"""Owns a real browser that plays finished files from a server on the loopback; hides Chromium's switches and HTTP.

The page does the work and posts what it saw as JSON; nothing but the loopback is talked to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")

_PATIENCE_S = 120

SWITCHES = (
    "--no-sandbox",  # root, as in a container, may not start Chromium otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--autoplay-policy=no-user-gesture-required",
    # Nothing but the page is fetched.
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def find_chromium() -> Path | None:
    """CHROMIUM_BINARY, else the first known name on PATH."""
    named = os.environ.get("CHROMIUM_BINARY")
    found = named or next(filter(None, map(shutil.which, PROGRAMS)), None)
    return Path(found) if found else None


@dataclass(frozen=True)
class Viewing:
    """A file to be played: at which times it is looked at, and where, in shares of the width and height."""

    file: Path
    type: str  # MIME type with codecs
    times: tuple[float, ...]
    spots: tuple[tuple[float, float], ...]


PAGE = """<!doctype html><title>player</title><script>
const until = (target, ...names) => new Promise((done, failed) => {
  for (const name of names) target.addEventListener(name, done, {once: true});
  target.addEventListener("error", () => failed(new Error("error: " + (target.error || {}).message)), {once: true});
});
// The picture of a place is there some time after the event that says so; it is not drawn again when it is the same.
const drawn = player => Promise.race([
  new Promise(done => player.requestVideoFrameCallback((now, frame) => done(frame.mediaTime))),
  new Promise(done => setTimeout(done, 3000, null)),
]);
async function view(task) {
  const player = document.createElement("video");
  const seen = {can: player.canPlayType(task.type), looks: []};
  player.preload = "auto";
  player.src = task.url;
  document.body.append(player);
  await until(player, "loadeddata");
  Object.assign(seen, {duration: player.duration, width: player.videoWidth, height: player.videoHeight});
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [player.videoWidth, player.videoHeight];
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  for (const time of task.times) {
    const seeked = until(player, "seeked");
    const picture = player.videoWidth ? drawn(player) : null;
    player.currentTime = time;
    await seeked;
    const at = await picture;
    if (picture) pen.drawImage(player, 0, 0);
    const colours = !picture ? [] : task.spots.map(([x, y]) => {
      const patch = pen.getImageData(Math.round(x * canvas.width) - 2, Math.round(y * canvas.height) - 2, 5, 5).data;
      return [0, 1, 2].map(c => patch.filter((_, i) => i % 4 == c).reduce((a, b) => a + b) / 25);
    });
    seen.looks.push({at, time: player.currentTime, colours});
  }
  const back = until(player, "seeked");
  player.currentTime = 0;
  await back;
  await player.play();
  while (player.currentTime < 1.0) await until(player, "timeupdate");
  player.pause();
  Object.assign(seen, {played: player.currentTime, shown: player.getVideoPlaybackQuality().totalVideoFrames});
  player.remove();
  return seen;
}
addEventListener("load", async () => {
  for (const task of await (await fetch("tasks")).json()) {
    const seen = await view(task).catch(error => ({error: String(error)}));
    await fetch("seen", {method: "POST", body: JSON.stringify(seen)});
  }
});
</script><body></body>"""


def play(chromium: Path, viewings: list[Viewing]) -> list[dict[str, Any]]:
    """What the browser saw of each file: can, duration, width, height, looks, played, shown; error when it could not.

    A look has the time that was asked for, that of the picture which is shown there, and the colours of its spots.
    """
    answers: Queue[dict[str, Any]] = Queue()
    with _served(viewings, answers) as address, TemporaryDirectory(prefix="chromium-") as home:
        command = [str(chromium), "--headless=new", *SWITCHES, f"--user-data-dir={home}/profile", address]
        surroundings = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        with (Path(home) / "messages").open("w+") as messages:
            browser = subprocess.Popen(
                command,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                start_new_session=True,
            )
            try:
                return [answers.get(timeout=_PATIENCE_S) for _ in viewings]
            except Empty:
                messages.seek(0)
                raise AssertionError(f"no answer from {chromium}: {messages.read()[-2000:]}") from None
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
                browser.wait()


@contextmanager
def _served(viewings: list[Viewing], answers: Queue[dict[str, Any]]) -> Iterator[str]:
    tasks = [{**asdict(viewing), "file": None, "url": f"files/{number}"} for number, viewing in enumerate(viewings)]
    shared = {"files": [viewing.file for viewing in viewings], "tasks": json.dumps(tasks), "answers": answers}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), shared))
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """The page, its tasks, and files in ranges, as every host of videos serves them."""

    files: list[Path]
    tasks: str
    answers: Queue[dict[str, Any]]
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # a player breaks off what it does not need any more
            self.close_connection = True

    def do_GET(self) -> None:
        if self.path.startswith("/files/"):
            self._serve(self.files[int(self.path.rpartition("/")[2])])
            return
        known = {"/": ("text/html", PAGE), "/tasks": ("application/json", self.tasks)}
        kind, body = known.get(self.path, ("text/plain", ""))
        self._answer(200 if self.path in known else 404, body.encode(), {"Content-Type": kind})

    def do_POST(self) -> None:
        self.answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(200, b"", {})

    def _serve(self, file: Path) -> None:
        size = file.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2]) if asked and asked[2] else size - 1, size - 1)
        with file.open("rb") as content:
            content.seek(first)
            body = content.read(last - first + 1)
        headers = {"Content-Type": f"video/{file.suffix[1:]}", "Accept-Ranges": "bytes"}
        if asked:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        self._answer(206 if asked else 200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
