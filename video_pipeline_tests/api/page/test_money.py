"""Money on the page, in a real browser: what was bought for a job, what is doubtful, and who can be ordered from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from video_pipeline.domain.access import Scope
from video_pipeline.domain.purchases import PurchaseState
from video_pipeline_tests.api.conftest import PASSWORD, House
from video_pipeline_tests.api.test_money import bought
from video_pipeline_tests.e2e.studio_page import Studio, opened


def signed_in(studio: Studio, address: str, name: str, place: str) -> None:
    studio.page.set_default_timeout(60_000)
    studio.page.goto(f"{address}/{place}")
    studio.see("login-name").fill(name)
    studio.see("login-password").fill(PASSWORD)
    studio.see("login-submit").click()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_a_doubtful_purchase_stands_out_and_is_decided_here(
    house: House, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    anna = house.user("anna")
    house.user("boss", Scope.ADMIN)
    job_id = house.ordered(anna)
    bought(house, job_id, "images/01", PurchaseState.SETTLED)
    bought(house, job_id, "images/02", PurchaseState.LOST)
    bought(house, job_id, "music/01", PurchaseState.DOUBTFUL)
    with opened(browser, house.address, tmp_path) as studio:
        # Whoever wants less motion gets none: a dialog that fades in has too little contrast for a moment.
        studio.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # one of the two
        signed_in(studio, house.address, "boss", f"#/jobs/{job_id}")
        expect(studio.see("money-doubt")).to_contain_text("Leonardo may have taken $0.04 for music 1: because")
        expect(studio.see("money-doubt")).to_contain_text("It was asked for: ")
        expect(studio.see("money-paid")).to_have_text("$0.08")
        expect(studio.see("money-reserved")).to_have_text("$0.04")
        states = [row.get_attribute("data-state") for row in studio.see("money-purchase").all()]
        assert states == ["doubtful", "lost", "settled"]
        studio.check_accessible()
        studio.picture(f"money-{scheme}")
        studio.page.set_viewport_size({"width": 390, "height": 844})
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        studio.picture(f"money-{scheme}-phone")
        studio.see("money-unspent").click()
        expect(studio.see("resolve-dialog")).to_contain_text("The $0.04 set aside is given back")
        expect(studio.see("resolve-amount")).to_have_count(0)
        studio.check_accessible()
        studio.picture(f"money-{scheme}-phone-unspent")
        studio.see("resolve-cancel").click()
        expect(studio.see("money-unspent")).to_be_focused()
        assert len(house.desk.jobs.purchases(states=(PurchaseState.DOUBTFUL,))) == 1
        studio.see("money-unspent").click()
        studio.see("resolve-confirm").click()
        expect(studio.see("money-doubt")).to_have_count(0)
        expect(studio.see("money-reserved")).to_have_text("$0.00")
        assert studio.complaints == []
    assert house.desk.jobs.purchases(states=(PurchaseState.RELEASED,))[0].price_usd == Decimal("0.04")


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_what_a_vendor_took_is_said_with_its_amount_and_confirmed(
    house: House, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    """One click booked the price once, for good, whatever the dashboard showed."""
    job_id = house.ordered(house.user("anna"))
    house.user("boss", Scope.ADMIN)
    made = bought(house, job_id, "music/01", PurchaseState.DOUBTFUL)
    with opened(browser, house.address, tmp_path) as studio:
        # Whoever wants less motion gets none: a dialog that fades in has too little contrast for a moment.
        studio.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # one of the two
        signed_in(studio, house.address, "boss", f"#/jobs/{job_id}")
        studio.see("money-spent").click()
        amount = studio.see("resolve-amount")
        expect(amount).to_be_focused()
        expect(amount).to_have_value("0.04")
        expect(studio.see("resolve-confirm")).to_have_text("Book $0.04")
        for wrong in ("", "0,05", "-1", "1e2", "0.00001", "123456789"):
            amount.fill(wrong)
            studio.see("resolve-confirm").click()
            expect(studio.see("error-cost_usd")).to_contain_text("US dollars such as 0.04")
        studio.check_accessible()
        studio.picture(f"resolve-{scheme}-error")
        amount.fill("0.06")
        expect(studio.see("resolve-confirm")).to_have_text("Book $0.06")
        studio.picture(f"resolve-{scheme}")
        studio.page.set_viewport_size({"width": 390, "height": 844})
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        studio.picture(f"resolve-{scheme}-phone")
        assert house.desk.jobs.purchase(made.id).state is PurchaseState.DOUBTFUL
        amount.press("Enter")
        expect(studio.see("resolve-dialog")).to_have_count(0)
        expect(studio.see("money-paid")).to_have_text("$0.06")
        expect(studio.see("money-table")).to_be_focused()
        assert studio.complaints == []
    booked = house.desk.jobs.purchase(made.id)
    assert (booked.state, booked.cost_usd) == (PurchaseState.LOST, Decimal("0.06"))


@pytest.mark.slow
def test_what_somebody_else_has_said_meanwhile_is_told(house: House, browser: Browser, tmp_path: Path) -> None:
    job_id = house.ordered(house.user("anna"))
    house.user("boss", Scope.ADMIN)
    made = bought(house, job_id, "music/01", PurchaseState.DOUBTFUL)
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "boss", f"#/jobs/{job_id}")
        studio.see("money-spent").click()
        house.desk.jobs.resolve_purchase(made.id, None, by="root")
        studio.see("resolve-confirm").click()
        expect(studio.see("resolve-dialog")).to_contain_text("is released; only a doubtful one can be resolved")
        studio.see("resolve-cancel").click()
        expect(studio.see("money-doubt")).to_have_count(0)
        assert studio.complaints == []
    assert house.desk.jobs.purchase(made.id).state is PurchaseState.RELEASED


def test_a_reader_sees_what_is_doubtful_and_decides_nothing(house: House, browser: Browser, tmp_path: Path) -> None:
    job_id = house.ordered(house.user("anna"))
    bought(house, job_id, "music/01", PurchaseState.DOUBTFUL)
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "anna", f"#/jobs/{job_id}")
        expect(studio.see("money-doubt")).to_contain_text("An administrator looks into the dashboard of Leonardo")
        expect(studio.see("money-spent")).to_have_count(0)
        assert studio.complaints == []


def test_a_video_that_cost_nothing_has_no_money_section(house: House, browser: Browser, tmp_path: Path) -> None:
    job_id = house.ordered(house.user("anna"))
    with opened(browser, house.address, tmp_path) as studio:
        with studio.page.expect_response(lambda answer: answer.url.endswith("/purchases")):
            signed_in(studio, house.address, "anna", f"#/jobs/{job_id}")
        studio.see("cost").wait_for()
        expect(studio.see("money")).to_be_hidden()


def test_who_needs_a_key_cannot_be_chosen_and_says_so(house: House, browser: Browser, tmp_path: Path) -> None:
    house.ordered(house.user("anna"))
    with opened(browser, house.address, tmp_path) as studio:
        signed_in(studio, house.address, "anna", "#/order")
        studio.see("order-form").wait_for()
        mubert = studio.see("order-music_provider").locator("option[value=mubert]")
        expect(mubert).to_be_disabled()
        expect(mubert).to_contain_text("needs a key")
        expect(studio.see("order-music_provider").locator("option[value=dummy]")).to_be_enabled()
        expect(studio.see("order-engine").locator("option[value=runway_gen3]")).to_be_disabled()
        expect(studio.see("provider-reasons").first).to_contain_text("not configured")
        assert studio.see("order-visual_provider").input_value() == "procedural"
        studio.check_accessible()
        studio.picture("order")
        studio.page.set_viewport_size({"width": 390, "height": 844})
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= 390
        studio.picture("order-phone")
        assert studio.complaints == []
