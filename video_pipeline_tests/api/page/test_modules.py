"""The page's modules in a real browser, under the policy they are served with, as far as they need no API."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from video_pipeline.api.page_files import PAGE, SECURITY_HEADERS

DOCUMENT = """<!doctype html><html lang="en"><head><title>Modules</title>
<script src="/static/js/theme-first.js"></script>
<link rel="stylesheet" href="/static/css/tokens.css"><link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/scene.css"></head>
<body><main id="main" tabindex="-1"></main><div id="announcer" role="status"></div></body></html>"""

SCENES = """
const { sceneCard } = await import("/static/js/scene.js");
const { reorderable } = await import("/static/js/reorder.js");
const list = document.createElement("ol");
list.className = "scenes";
for (const [at, title] of ["Alpha", "Beta", "Gamma", "Delta"].entries()) {
  list.append(sceneCard({ scene_number: at + 1, title, description: title, duration_s: 20, start_s: 20 * at },
                        { changeable: true, refinable: true, instructions: "how" }));
}
document.getElementById("main").replaceChildren(list);
window.drops = [];
window.leaving?.abort();
window.leaving = new AbortController();
reorderable(list, (from, to) => window.drops.push([from, to]), window.leaving.signal);
"""


class _Static(SimpleHTTPRequestHandler):
    """The page's files, an empty document, and an API that lets nobody in."""

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, "text/html", DOCUMENT.encode())
        elif self.path.startswith("/api/"):
            self._answer(401, "application/problem+json", b'{"title": "Not signed in", "status": 401, "detail": "no"}')
        else:
            super().do_GET()

    def translate_path(self, path: str) -> str:
        return str(PAGE / path.partition("?")[0].removeprefix("/static/"))

    def end_headers(self) -> None:
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def browsing(browser: Browser) -> Iterator[Page]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Static) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(30_000)
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
        server.shutdown()


@pytest.fixture
def page(browsing: Page) -> Iterator[Page]:
    complaints: list[str] = []

    def hear(error: Any) -> None:
        complaints.append(str(error))

    browsing.reload()
    browsing.on("pageerror", hear)
    yield browsing
    browsing.remove_listener("pageerror", hear)
    assert complaints == []


def run(page: Page, script: str) -> Any:
    """The value that a module's body returns."""
    return page.evaluate(f"async () => {{ {script} }}")


def test_words_for_lengths_money_and_sizes(page: Page) -> None:
    said = run(
        page,
        """const w = await import("/static/js/wording.js");
        return [w.clock(4530), w.clock(45), w.clock(null), w.lasting(40), w.lasting(4500),
                w.money(2.1), w.money(0.004), w.money(0.035), w.size(231_400_000), w.size(12),
                w.count(1, "scene"), w.count(1200, "scene"), w.words("slow_zoom"),
                w.sentence("no such channel"), w.sentence("Done.")];""",
    )
    assert said == [
        *("1:15:30", "0:45", "0:00", "40 seconds", "75 minutes", "$2.10", "$0.004", "$0.035"),
        *("231 MB", "12 bytes", "1 scene", "1,200 scenes", "Slow zoom", "No such channel.", "Done."),
    ]


def test_every_order_can_be_undone(page: Page) -> None:
    wrong = run(
        page,
        """const { moved, undoing } = await import("/static/js/reorder.js");
        const wrong = [];
        for (let count = 1; count <= 6; count += 1) {
          const scenes = Array.from({ length: count }, (_, at) => `scene ${at}`);
          const numbers = scenes.map((_, at) => at + 1);
          for (let from = 0; from < count; from += 1) for (let to = 0; to < count; to += 1) {
            const order = moved(numbers, from, to);
            const after = order.map((number) => scenes[number - 1]);
            const back = undoing(order).map((number) => after[number - 1]);
            if (after[to] !== scenes[from] || back.join() !== scenes.join()) wrong.push([count, from, to]);
          }
        }
        return wrong;""",
    )
    assert wrong == []


def test_chosen_pairs_become_requests_for_exactly_these(page: Page) -> None:
    wrong = run(
        page,
        """const { requests } = await import("/static/js/export-choice.js");
        const qualities = ["low", "medium", "high"];
        const all = ["mp4", "webm", "flac"].flatMap((format) => qualities.map((quality) => [format, quality]));
        const pairsOf = (json) => json.formats.flatMap((format) => json.qualities.map((quality) => [format, quality]));
        const wrong = [];
        for (let chosen = 1; chosen < 2 ** all.length; chosen += 1) {
          const pairs = all.filter((_, at) => chosen & (1 << at));
          const made = requests(pairs).flatMap(pairsOf);
          if (made.map(String).sort().join(" ") !== pairs.map(String).sort().join(" ")) wrong.push(chosen);
        }
        return [wrong, requests(all).length];""",
    )
    assert wrong == [[], 1]


def test_a_key_lasts_as_long_as_what_is_sent_with_it(page: Page) -> None:
    keys = run(
        page,
        """const { keyFor } = await import("/static/js/http.js");
        const key = keyFor();
        return [key({ a: 1 }), key({ a: 1 }), key({ a: 2 }), key({ a: 1 }), keyFor()({ a: 1 })];""",
    )
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert all(len(key) == 32 for key in keys)


def test_text_from_elsewhere_stays_text(page: Page) -> None:
    hostile = '<img src=x onerror="window.hit = 1"><script>window.hit = 1</script>'
    shown = page.evaluate(
        """async (hostile) => {
        const { h } = await import("/static/js/dom.js");
        const { sceneCard } = await import("/static/js/scene.js");
        const can = { changeable: true, refinable: true };
        const words = { title: hostile, description: hostile, image_prompt: hostile, key: hostile };
        const scene = { scene_number: 1, duration_s: 1, ...words };
        const card = sceneCard(scene, can);
        document.getElementById("main").replaceChildren(h("p", { title: hostile }, hostile), card);
        return [document.querySelector("p").textContent, card.querySelectorAll("img, script").length,
                window.hit ?? null, card.querySelector("h3").textContent.endsWith(hostile)];
        }""",
        hostile,
    )
    assert shown == [hostile, 0, None, True]


def test_a_scene_is_dragged_to_the_place_of_another(page: Page) -> None:
    run(page, SCENES)
    handles, cards = page.get_by_test_id("drag-handle"), page.get_by_test_id("scene-card")
    drag(page, handles.nth(0).bounding_box(), cards.nth(2).bounding_box())
    assert "drop-after" in str(cards.nth(2).get_attribute("class"))
    page.mouse.up()
    assert page.evaluate("drops") == [[0, 2]]

    drag(page, handles.nth(3).bounding_box(), cards.nth(1).bounding_box())
    assert "drop-before" in str(cards.nth(1).get_attribute("class"))
    page.keyboard.press("Escape")
    page.mouse.up()
    assert page.evaluate("drops") == [[0, 2]]
    assert page.locator(".drag-ghost, .lifted, .drop-before").count() == 0


def drag(page: Page, start: Any, end: Any) -> None:
    """Hold what is at `start` over the middle of `end`."""
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)


def test_a_scene_is_moved_by_keyboard(page: Page) -> None:
    run(page, SCENES)
    titles = "[...document.querySelectorAll('h3')].map((each) => each.lastChild.textContent)"
    page.get_by_test_id("drag-handle").nth(0).focus()
    page.keyboard.press("Space")
    hear(page, "is lifted, place 1 of 4")
    page.keyboard.press("ArrowRight")
    hear(page, "Place 2 of 4.")
    assert page.evaluate(titles) == ["Beta", "Alpha", "Gamma", "Delta"]
    page.keyboard.press("Escape")
    assert page.evaluate(titles) == ["Alpha", "Beta", "Gamma", "Delta"]
    assert page.evaluate("drops") == []

    for key in ("Space", "End", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("drops") == [[0, 2]]
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Move scene 1, Alpha"


def hear(page: Page, words: str) -> None:
    """Wait for what is read out. Playwright's wait_for_function would need eval, which the policy forbids."""
    page.locator("#announcer", has_text=words).wait_for(state="attached")


def test_two_pictures_are_compared_by_keyboard(page: Page) -> None:
    run(
        page,
        """const { compare } = await import("/static/js/compare.js");
        const picture = { url: "/static/favicon.svg", alt: "" };
        document.getElementById("main").replaceChildren(compare(picture, picture));""",
    )
    slider = page.get_by_test_id("compare-slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "52 % old, 48 % new"
    page.keyboard.press("Home")
    assert page.get_by_test_id("compare").evaluate("node => node.style.getPropertyValue('--split')") == "0%"


def test_a_dialog_gives_the_focus_back_even_to_a_button_that_was_built_anew(page: Page) -> None:
    run(
        page,
        """const { button, fill } = await import("/static/js/dom.js");
        const { confirmed } = await import("/static/js/dialog.js");
        const main = document.getElementById("main");
        const ask = async () => {
          window.answer = await confirmed({ title: "Sure?", body: "It goes.", action: "Yes" });
        };
        const build = () => button("Delete", { testid: "opener", onclick: ask });
        fill(main, build());
        document.querySelector("[data-testid=opener]").focus();
        document.querySelector("[data-testid=opener]").click();
        fill(main, build());""",
    )
    page.get_by_role("dialog", name="Sure?").wait_for()
    page.get_by_test_id("confirm-yes").click()
    page.locator("dialog").wait_for(state="detached")
    assert page.evaluate("window.answer") is True
    assert page.evaluate("document.activeElement.dataset.testid") == "opener"


def test_a_refused_stream_leads_to_looking_oneself_and_to_the_login(page: Page) -> None:
    states = run(
        page,
        """const live = await import("/static/js/live.js");
        const states = [];
        const over = new AbortController();
        live.listen("state", (state) => states.push(state), over.signal);
        const out = new Promise((resolve) => {
          window.addEventListener("studio:signed-out", () => resolve("signed out"), { once: true });
        });
        live.start();
        states.push(await out);
        live.stop();
        over.abort();
        return states;""",
    )
    assert states == ["polling", "signed out", "offline"]


def test_a_chart_says_in_words_what_it_shows(page: Page) -> None:
    label, bars = run(
        page,
        """const { chart } = await import("/static/js/chart.js");
        const rows = [3, 0, 40].map((usd, at) => ({ name: `week ${at}`, usd }));
        const how = { value: (row) => row.usd, say: (usd) => `$${usd}`, tone: "accent" };
        const node = chart({ title: "Cost", note: "$43 in all", rows, ...how });
        return [node.querySelector("svg").getAttribute("aria-label"),
                [...node.querySelectorAll(".chart-bar")].map((bar) => Number(bar.getAttribute("height")))];""",
    )
    assert label == "Cost over 3 periods from week 0 to week 2: $43 in all; most in week 2, $40."
    assert bars[1] == 0
    assert bars[2] / bars[0] == pytest.approx(40 / 3)
