"""Answers that no vendor should give: each ends in an error of ours, none sticks, none is paid for twice."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from video_pipeline.cores import Cores
from video_pipeline.domain.brief import AlbumBrief
from video_pipeline.domain.errors import AnswerLostError, ProviderRefusedError, StudioError
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.outbound import HttpMessenger
from video_pipeline.providers import beatoven, gemini, leonardo, mubert, replicate, runway
from video_pipeline.providers.http import Account, VendorHttp
from video_pipeline.providers.http.exchange import Reply
from video_pipeline.providers.http.verdict import verdict
from video_pipeline.providers.leonardo import LeonardoImages
from video_pipeline.providers.vendor import Accepted, Dealing, Delivery, Failure, Findings, Pace, task_id_in
from video_pipeline.providers.vendor.reading import amount_in
from video_pipeline.providers.writers import LanguageModelWriter, Tariff
from video_pipeline.providers.writers.model import Answer, Ending
from video_pipeline_tests.providers import buying
from video_pipeline_tests.providers.buying import Remembered
from video_pipeline_tests.receivers import receiver, status
from video_pipeline_tests.vendors import running

STRANGE: tuple[Any, ...] = (None, [], {}, "", "x", 7, True, [None], ["x"], [[]], {"x": 1}, float("nan"))


@dataclass
class Says:
    """A vendor's interface that gives one answer to everything."""

    answer: Any

    def get(self, *_: Any, **__: Any) -> Any:
        return self.answer

    post = get

    def now(self) -> datetime:
        """The vendor's clock."""
        return datetime.now(UTC)

    def masked(self, text: str) -> str:
        return text


@dataclass
class Keys:
    """Mubert's keys, with such an interface."""

    http: Says

    def call(self, call: Callable[[Any], Any]) -> Any:
        return call(self.http)


def spoilt(answer: Any) -> Iterator[Any]:
    """`answer` with each of its parts in turn replaced by something strange."""
    yield from STRANGE
    for path in list(_paths(answer)):
        for strange in STRANGE:
            changed = copy.deepcopy(answer)
            holder = changed
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = strange
            yield changed


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*before, step)
        yield from _paths(inner, (*before, step))


LEONARDO = {"parameters": {"prompt": "a lake", "seed": 7}}
CALLS: dict[str, tuple[Callable[[Says], Any], Any]] = {
    "mubert look": (
        lambda http: mubert._Track(Keys(http), {"prompt": "a", "duration": 9}).look("t"),  # type: ignore[arg-type]
        {"data": {"id": "t", "generations": [{"status": "done", "url": "https://x.test/a"}]}},
    ),
    "mubert search": (
        lambda http: mubert._Track(Keys(http), {"prompt": "a", "duration": 9}).search(60.0),  # type: ignore[arg-type]
        {"data": [{"id": "t", "prompt": "a", "duration": 9, "created_at": "2026"}]},
    ),
    "mubert licence": (mubert._longest_in, {"data": [{"license_limits": {"max_track_duration": 300}}]}),
    "leonardo submit": (
        lambda http: leonardo._Picture(http, LEONARDO).submit(),  # type: ignore[arg-type]
        {"generate": {"generationId": "t", "cost": {"amount": "0.03", "unit": "DOLLARS"}}},
    ),
    "leonardo look": (
        lambda http: leonardo._Picture(http, LEONARDO).look("t"),  # type: ignore[arg-type]
        {"generations_by_pk": {"status": "COMPLETE", "generated_images": [{"url": "https://x.test", "nsfw": False}]}},
    ),
    "leonardo user": (
        lambda http: leonardo._Picture(http, LEONARDO).search(60.0),  # type: ignore[arg-type]
        {
            "user_details": [{"user": {"id": "u"}}],
            "generations": [{"id": "t", "prompt": "a lake", "seed": 7, "createdAt": "2026"}],
        },
    ),
    "beatoven look": (
        lambda http: beatoven._Track(http, {}).look("t"),  # type: ignore[arg-type]
        {"status": "composed", "meta": {"track_url": "https://x.test"}},
    ),
    "replicate look": (
        lambda http: replicate._Picture(http, {"prompt": "a", "seed": 7}).look("t"),  # type: ignore[arg-type]
        {"status": "succeeded", "output": ["https://x.test"], "error": None, "data_removed": False},
    ),
    "replicate search": (
        lambda http: replicate._Picture(http, {"prompt": "a", "seed": 7}).search(60.0),  # type: ignore[arg-type]
        {"results": [{"id": "t", "input": {"prompt": "a", "seed": 7}, "created_at": "2026"}]},
    ),
    "runway look": (
        lambda http: runway._Clip("runway_gen3", http, {}).look("t"),  # type: ignore[arg-type]
        {"status": "SUCCEEDED", "output": ["https://x.test"], "cost": {"credits": 5}},
    ),
    "gemini submit": (
        lambda http: gemini._Picture(http, "m", {}).submit(),  # type: ignore[arg-type]
        {"candidates": [{"content": {"parts": [{"inlineData": {"data": "aGk="}}]}, "finishReason": "STOP"}]},
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_whatever_the_types_are_no_answer_is_an_error_of_python(call: str) -> None:
    ask, good = CALLS[call]
    wrong = []
    for answer in spoilt(good):
        try:
            made = ask(answer if call == "mubert licence" else Says(answer))
        except StudioError:
            continue
        except Exception as error:  # noqa: BLE001 - what is looked for
            wrong.append(f"{type(error).__name__} of {answer!r}"[:150])
            continue
        if isinstance(made, Delivery) and not isinstance(made.link, str | None):
            wrong.append(f"a link that is {made.link!r}")
    assert not wrong, f"{len(wrong)}, such as {wrong[:3]}"


@pytest.mark.parametrize("amount", ["9e999999", "1e30", "100000000"])
def test_an_amount_that_fits_into_no_books_is_no_amount(amount: str) -> None:
    assert leonardo._amount({"amount": amount, "unit": "DOLLARS"}, "DOLLARS") is None
    assert amount_in({"credits": amount}, "credits") is None


@pytest.mark.parametrize("task_id", ["../../v1/me", "a/b", "a?b=c", "a b", "ä", "x" * 5000, "a\x00b"])
def test_what_cannot_be_asked_for_is_no_id_of_a_task(task_id: str) -> None:
    """An id in the books that no path can hold is looked for in vain by each attempt for ever."""
    with pytest.raises(AnswerLostError):
        task_id_in("vendor", {"id": task_id}, "id")


@dataclass
class Late(Remembered):
    """A purchase on whose clock a submission takes as long as `VendorHttp` waits for one answer."""

    ahead: float = 0.0

    @property
    def unanswered_s(self) -> float | None:
        """Seconds since the submission began."""
        passed = super().unanswered_s
        return None if passed is None else passed + self.ahead

    def wait(self, seconds: float) -> None:
        """Let time pass on this clock."""
        self.ahead += seconds


@dataclass
class Slow:
    """A vendor whose answer does not come within the limit, and whose list has the task ten seconds later."""

    purchase: Late
    submissions: int = 0
    looks: list[float] = field(default_factory=list)

    def submit(self) -> Accepted:
        self.submissions += 1
        if self.submissions > 1:
            return Accepted("second")
        self.purchase.ahead += 60.0
        raise AnswerLostError("no whole answer within 60 seconds")

    def search(self, _age_s: float) -> Findings:
        return Findings(["first"] if self.purchase.ahead >= 70.0 else [])

    def look(self, task_id: str) -> Delivery:
        return Delivery(content=b"x")


def test_a_submission_that_timed_out_has_time_to_appear_in_the_list(tmp_path: Path) -> None:
    purchase = Late()
    calls = Slow(purchase)
    http: Any = None
    pace = Pace(poll_s=3.0, deadline_s=600.0)  # as of Mubert
    dealing = Dealing("vendor", http, calls, purchase, pace, Decimal("0.04"))
    dealing.have(tmp_path / "raw", lambda _: None)
    assert calls.submissions == 1


@pytest.fixture(scope="module")
def cores() -> Iterator[Cores]:
    """One worker."""
    with Cores(1) as pool:
        yield pool


@pytest.mark.parametrize("others", [60])
def test_a_lost_submission_is_found_behind_others(cores: Cores, tmp_path: Path, others: int) -> None:
    """A job is retried the next day, and its vendor has made more than a page of other things meanwhile."""
    words = VisualPrompt(order_index=1, text="a lake at night", description="A lake")
    with running() as fakes:
        account = fakes.account("leonardo", "key-behind")
        images = LeonardoImages(buying.workshop(cores, fakes, "key-behind"))
        account.next("reset_after", "submit")
        account.next("error_json", "list", status=500, times=99)
        purchase = Remembered()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Account, "http", _impatient(Account.http))
            with pytest.raises(StudioError):
                images.illustrate(words, 7, (320, 184), tmp_path / "a.png", purchase)
        with account.lock:
            account._queued.clear()
        http = fakes_http(fakes.base("leonardo"))
        for number in range(others):
            http.post("/v2/generations", leonardo._asked(f"another {number}", number, (320, 184)))
        paid = len(account.bill.of(words.text))
        images.illustrate(words, 7, (320, 184), tmp_path / "a.png", purchase)
        assert (paid, len(account.bill.of(words.text))) == (1, 1)


def fakes_http(base: str) -> VendorHttp:
    """Somebody else's calls on the same account."""
    return VendorHttp("leonardo", base, {"Authorization": "Bearer key-behind"})


def _impatient(http: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, headers, **given: http(self, headers, **given, patience_s=0)


def test_no_key_is_in_the_error_of_a_task(tmp_path: Path) -> None:
    """The vendor quotes the call, key included, in an answer that is a 200."""
    key = "r8_0123456789abcdefghijklmnopqrstuvwxyz"
    body = f'{{"id": "t", "status": "failed", "error": "cannot run with token {key}"}}'.encode()
    with receiver(status(200, body)) as vendor:
        account = Account("replicate", f"http://127.0.0.1:{vendor.port}", {"api_key": key})
        http = account.http({"Authorization": f"Bearer {key}"})
        seen = replicate._Picture(http, {"prompt": "a", "seed": 7}).look("t")
    assert isinstance(seen, Failure)
    assert key not in str(seen.error)


def test_the_error_of_a_task_is_short() -> None:
    told: Any = Says({"status": "failed", "error": "x" * 10**6})
    seen = replicate._Picture(told, {"prompt": "a", "seed": 7}).look("t")
    assert isinstance(seen, Failure)
    assert len(str(seen.error)) < 1000


def test_no_key_is_in_the_reason_for_no_picture() -> None:
    key = "AIzaSy0123456789abcdefghijklmnopqrstuvw"
    body = f'{{"candidates": [{{"finishReason": "{key}"}}]}}'.encode()
    with receiver(status(200, body)) as vendor:
        account = Account("gemini", f"http://127.0.0.1:{vendor.port}", {"api_key": key})
        http = account.http({"x-goog-api-key": key})
        with pytest.raises(StudioError) as caught:
            gemini._Picture(http, "m", {}).submit()
    assert key not in str(caught.value)


def test_a_proxy_that_lost_the_vendor_does_not_know_whether_it_took_the_call() -> None:
    """Envoy says so with a 503 in plain text when the connection ends after the request was passed on."""
    text = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
    reply = Reply(503, {}, None, text, text, is_json=False)
    assert isinstance(verdict(reply, "vendor POST /x", "KEY", paid=True), AnswerLostError)


def test_a_page_of_a_proxy_is_no_load_shedding_of_runway() -> None:
    text = "<html><title>502 Bad Gateway</title></html>"
    reply = Reply(502, {}, None, text, text, is_json=False)
    wrong = runway._explain(reply) or verdict(reply, "runway POST /v1/image_to_video", "KEY", paid=True)
    assert isinstance(wrong, AnswerLostError)


def test_an_expired_token_that_nobody_can_renew_says_what_to_do() -> None:
    body = b'{"code": "AccessTokenExpired", "message": "expired"}'
    with receiver(status(403, body)) as vendor:
        keys = {"customer_id": "c", "access_token": "token-of-a-customer"}
        account = Account("mubert", f"http://127.0.0.1:{vendor.port}", keys)
        track = mubert._Track(mubert._Keys(account), {"prompt": "a", "duration": 9})
        with pytest.raises(StudioError, match="VIDEO_PIPELINE_MUBERT_ACCESS_TOKEN"):
            track.submit()


def test_the_list_of_another_customer_is_not_looked_into() -> None:
    """What was ordered with a token that expired would not be found there, and be ordered again."""
    expired = status(403, b'{"code": "AccessTokenExpired", "message": "expired"}')
    customer = status(200, b'{"data": {"access": {"id": "another", "token": "t", "expired_at": null}}}')
    with receiver(expired, customer) as vendor:
        keys = {"customer_id": "mine", "access_token": "old", "company_id": "c", "license_token": "l"}
        account = Account("mubert", f"http://127.0.0.1:{vendor.port}", keys)
        track = mubert._Track(mubert._Keys(account), {"prompt": "a", "duration": 9})
        with pytest.raises(ProviderRefusedError, match="another customer; leave out VIDEO_PIPELINE_MUBERT_CUSTOMER_ID"):
            track.search(60.0)
        assert len(vendor.messages) == 2


@dataclass
class Talker:
    """A model that is cut short, then writes nothing usable, and counts as it likes."""

    written: int | None = None  # tokens of each answer; None: as many as it may
    vendor: str = "openai"
    name: str = "talker"
    asked: int = 0

    def ask(self, _system: str, _turns: Any, _schema: Any, most_tokens: int) -> Answer:
        """See the port."""
        self.asked += 1
        ending = Ending.CUT_SHORT if self.asked % 2 else Ending.DONE
        return Answer("{}", 1000, most_tokens if self.written is None else self.written, ending)


BRIEF = AlbumBrief(channel_id=uuid4(), niche_label="Harbour", mood_keywords="calm", target_duration_minutes=60, seed=7)
TARIFF = Tariff(Decimal("1.25"), Decimal(10))


def test_words_cost_no_more_than_was_set_aside_for_them() -> None:
    writer = LanguageModelWriter(Talker(), TARIFF)
    draft = writer.draft(BRIEF, [48_000 * 180] * 20)
    assert draft.cost_usd <= writer.price_usd


def test_a_plan_does_not_fail_because_of_how_a_server_counts() -> None:
    writer = LanguageModelWriter(Talker(written=10**40), TARIFF)
    assert isinstance(writer.draft(BRIEF, [48_000 * 180] * 20).result, StudioError)


def test_a_link_that_works_a_little_later_is_waited_for(tmp_path: Path) -> None:
    """Files of vendors appear in their networks some seconds after the task is done; they are paid by then."""
    with receiver(status(404), status(404), status(404), status(403), status(200, b"picture")) as network:
        http = VendorHttp("vendor", network.url, {}, messenger=HttpMessenger(allow_private=True))
        purchase = Remembered(task_id="t")

        class Made:
            def look(self, _task_id: str) -> Delivery:
                return Delivery(link=network.url)

        calls: Any = Made()
        pace = Pace(poll_s=0.01, deadline_s=6.0)
        with contextlib.suppress(StudioError):
            Dealing("vendor", http, calls, purchase, pace, Decimal("0.04")).have(tmp_path / "raw", lambda _: None)
    assert "failed" not in purchase.told


def test_what_somebody_else_ordered_earlier_is_not_taken_for_ours(cores: Cores, tmp_path: Path) -> None:
    """Another installation on the account asked for the same words long ago; our call never got through."""
    words = VisualPrompt(order_index=1, text="a lake at night", description="A lake")
    with running() as fakes:
        account = fakes.account("leonardo", "key-shared")
        images = LeonardoImages(buying.workshop(cores, fakes, "key-shared"))
        theirs = images.illustrate(words, 7, (320, 184), tmp_path / "a.png", Remembered())
        fakes.clock.advance(86_400)
        account.next("reset_before", "submit")
        ours = images.illustrate(words, 7, (320, 184), tmp_path / "b.png", Remembered())
    assert ours.provider_id != theirs.provider_id
