"""Owns the hands and eyes of a producer on the studio's page; hides Playwright and where things stand on the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

PATIENCE_MS = 240_000

SERIOUS = ("serious", "critical")


class Studio:
    """One browser window on the page."""

    def __init__(self, page: Page, address: str, pictures: Path) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self._pictures = pictures
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda said: self.complaints.append(said.text) if _is_complaint(said) else None)

    def see(self, testid: str, **more: Any) -> Locator:
        """The thing with this mark."""
        return self.page.get_by_test_id(testid, **more)

    def sign_in(self, name: str, password: str) -> None:
        """From the first look at the page to the board."""
        self.page.goto(self.address)
        self.see("login-name").fill(name)
        self.see("login-password").fill(password)
        self.see("login-submit").click()
        self.see("board").wait_for()

    def order(self, niche: str, *, scenes: int, seconds: int, provider: str) -> None:
        """Order a storyboard on a new channel; ends on the job's page."""
        self.see("new-video").first.click()
        self.see("order-kind-storyboard").check(force=True)
        if self.see("channel-name").count() == 0 or not self.see("channel-name").is_visible():
            self.see("new-channel").click()
        self.see("channel-name").fill("Quiet Rooms")
        self.see("channel-brand_niche").fill("Rainy Library")
        self.see("channel-save").click()
        self.see("order-niche_label").fill(niche)
        self.see("order-mood_keywords").fill("cozy, quiet")
        self.see("order-scene_count").fill(str(scenes))
        self.see("order-scene_seconds").fill(str(seconds))
        self._open_details()
        for field in ("order-music_provider", "order-visual_provider"):
            self.see(field).select_option(provider)
        self.see("order-submit").click()
        self.see("job-title").wait_for()

    def _open_details(self) -> None:
        for fold in self.page.locator("form details:not([open]) > summary").all():
            fold.click()

    def wait_for_status(self, status: str) -> None:
        """Until the page says so by itself: nothing is reloaded."""
        self.page.locator(f"[data-testid=status][data-status={status}]").first.wait_for()

    def descriptions(self) -> list[str]:
        """What each scene shows, in their order on the page."""
        return [each.inner_text() for each in self.see("scene-description").all()]

    def scene(self, number: int) -> Locator:
        """The card of a scene."""
        return self.page.locator(f"[data-testid=scene-card][data-scene-number='{number}']")

    def drag_scene(self, number: int, onto: int) -> None:
        """Take a scene by its handle and drop it where another one is."""
        handle = self.scene(number).get_by_test_id("drag-handle")
        handle.scroll_into_view_if_needed()
        start, end = handle.bounding_box(), self.scene(onto).bounding_box()
        assert start is not None
        assert end is not None
        with self.page.expect_response(lambda answer: "/reorder" in answer.url) as answered:
            self.page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
            self.page.mouse.down()
            self.page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)
            self.page.mouse.up()
        assert answered.value.status == 200, answered.value.text()

    def refine(self, number: int, *, prompt: str = "", description: str = "") -> None:
        """Ask for a refinement; a new picture is made by Dagster, and the page waits for it."""
        self.scene(number).get_by_test_id("refine-button").click()
        if prompt:
            self.see("refine-prompt").fill(prompt)
        if description:
            self.see("refine-description").fill(description)
        with self.page.expect_response(lambda answer: "/refine" in answer.url) as answered:
            self.see("refine-submit").click()
        assert answered.value.status in (200, 202), answered.value.text()

    def approve(self) -> None:
        """Approve the storyboard as it is."""
        self.see("approve-button").first.click()
        with self.page.expect_response(lambda answer: answer.url.endswith("/approve")) as answered:
            self.see("approve-confirm").click()
        assert answered.value.status == 200, answered.value.text()

    def check_accessible(self) -> None:
        """Axe finds nothing serious on the page as it is."""
        found = Axe().run(self.page).response["violations"]
        serious = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in SERIOUS]
        assert serious == []

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page, for whoever looks at a failure."""
        self.page.screenshot(path=self._pictures / f"{name}.png", full_page=True)


def _is_complaint(said: Any) -> bool:
    # A browser reports every answer from 400 on; those are the page's business, and it shows them.
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text


@contextmanager
def opened(browser: Browser, address: str, pictures: Path, width: int = 1440, height: int = 900) -> Iterator[Studio]:
    """A window at the studio's address that shares nothing with others."""
    # Five seconds, the default, are few for an upload while other tests render.
    expect.set_options(timeout=PATIENCE_MS)
    with browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True) as context:
        yield Studio(context.new_page(), address, pictures)
