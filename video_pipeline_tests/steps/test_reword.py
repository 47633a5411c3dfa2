"""Other words for a piece of music whose former words a vendor refused, before fakes that keep a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from video_pipeline.cores import Cores
from video_pipeline.domain.errors import ConflictError, InvalidInputError, PreconditionError, PromptRefusedError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import TRIALS, Item, Limits, PurchaseState
from video_pipeline.domain.records import JobRecord, fingerprint
from video_pipeline.providers import registry
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.reword import refused, reword_track, rewordable
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.wording import remedy
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.providers import buying
from video_pipeline_tests.steps.test_edits import repaint, waiting
from video_pipeline_tests.steps.test_pipeline import go
from video_pipeline_tests.vendors import Account, Fakes, running

Order = Callable[..., JobRecord]
WORDS = "Slow, warm strings over a soft piano, as in a quiet library; no drums, no voices"
JOB = UUID(int=7)
BEFORE_PICTURES = (Stage.STORYBOARD, Stage.MUSIC)


@pytest.fixture(scope="module")
def fakes() -> Iterator[Fakes]:
    with running() as served:
        yield served


@pytest.fixture(params=["mubert", "beatoven"])
def account(request: pytest.FixtureRequest, fakes: Fakes) -> Account:
    return fakes.account(request.param, f"key-{request.node.name}")


def vendor_of(account: Account) -> str:
    return str(account._vendor.name)


@pytest.fixture
def buyer(studio: Studio, fakes: Fakes, account: Account, cores: Cores) -> Studio:
    """The studio, with this vendor's music."""
    music = registry.music_providers(buying.workshop(cores, fakes, account.key))
    return replace(studio, music=music)


@pytest.fixture
def refused_job(buyer: Studio, account: Account, order: Order) -> JobRecord:
    """A job of three pieces that failed, because the moderation refuses the words of the second one."""
    job = order(music_provider=vendor_of(account))
    planned = go(buyer, job.id, Stage.STORYBOARD)
    assert planned.storyboard is not None
    account.behaviour.refused_words = (planned.storyboard.pieces[1].text[:40].lower(),)
    with pytest.raises(PromptRefusedError):
        go(buyer, job.id, Stage.MUSIC)
    return buyer.jobs.get_job(job.id)


def reword(studio: Studio, job: JobRecord, piece: int = 2, prompt: str = WORDS, **more: str) -> JobRecord:
    return reword_track(studio.jobs, studio.media, job.id, piece, prompt=prompt, by="ada", **more)


def retried(studio: Studio, job: JobRecord, *stages: Stage) -> JobRecord:
    bring_back(studio.jobs, studio.media, job.id)
    return go(studio, job.id, *stages)


def test_after_other_words_a_retry_goes_on_and_buys_no_piece_twice(
    buyer: Studio, account: Account, refused_job: JobRecord
) -> None:
    vendor, job = vendor_of(account), refused_job
    remedy = f"video-pipeline job reword {job.id} 2 --prompt"
    assert job.error_message is not None
    assert "music/02" in job.error_message
    assert remedy in job.error_message
    heard = {track.order_index: track.id for track in buyer.jobs.tracks(job.id)}
    charges, asked = len(account.bill), account.count("submit")

    with pytest.raises(PromptRefusedError, match="not asked for the same again"):
        retried(buyer, job, Stage.MUSIC)
    # Pieces whose turn had not come before are bought now, and the refused one is not asked for.
    assert len(account.refused) == 1
    assert account.count("submit") - asked == len(account.bill) - charges
    assert remedy in str(buyer.jobs.get_job(job.id).error_message)

    after = reword(buyer, job)
    assert (after.status, after.failed_from) == (JobStatus.FAILED, JobStatus.GENERATING_MUSIC)
    assert account.count("submit") - asked == len(account.bill) - charges
    done = retried(buyer, job, Stage.MUSIC, Stage.IMAGES)
    assert done.status is JobStatus.AWAITING_APPROVAL

    tracks = buyer.jobs.tracks(job.id)
    assert [track.prompt_text == WORDS for track in tracks] == [False, True, False]
    assert {track.order_index: track.id for track in tracks if track.order_index in heard} == heard
    settled = buyer.jobs.purchases(job.id, states=(PurchaseState.SETTLED,))
    assert sorted(each.what for each in settled) == ["music/01", "music/02", "music/03"]
    assert len(account.bill) == 3
    paid = sum((each.cost_usd or Decimal(0) for each in settled), Decimal(0))
    assert paid == account.bill.total == done.actual_cost_usd
    assert vendor in {track.provider for track in tracks}


@pytest.mark.parametrize("account", ["mubert"], indirect=True)
def test_what_the_words_stand_for_besides_stays(buyer: Studio, refused_job: JobRecord) -> None:
    assert refused_job.storyboard is not None
    before = refused_job.storyboard.pieces
    after = reword(buyer, refused_job)
    assert after.storyboard is not None
    assert after.storyboard.pieces == (before[0], replace(before[1], text=WORDS), before[2])
    assert after.storyboard.description == refused_job.storyboard.description
    assert (after.refinement_count, after.estimated_cost_usd) == (0, refused_job.estimated_cost_usd)
    event = buyer.jobs.events(refused_job.id)[-1]
    assert (event.kind, event.message) == ("reworded", "piece 2: other words, by ada")


@pytest.mark.parametrize("account", ["mubert"], indirect=True)
def test_what_was_refused_is_known_until_it_has_other_words(buyer: Studio, refused_job: JobRecord) -> None:
    jobs, job = buyer.jobs, refused_job
    assert job.storyboard is not None
    assert refused(job.storyboard, jobs.refused_words(job.id)) == {"music/02": job.storyboard.pieces[1].text}
    assert "music/02" in rewordable(job, jobs.works(job.id))
    assert not {"images/01", "music/04"} & rewordable(job, jobs.works(job.id))
    after = reword(buyer, job)
    assert after.storyboard is not None
    assert refused(after.storyboard, jobs.refused_words(job.id)) == {}
    assert "music/02" in rewordable(after, jobs.works(job.id))


@pytest.mark.parametrize("account", ["mubert"], indirect=True)
def test_words_that_cannot_help_are_refused(buyer: Studio, refused_job: JobRecord) -> None:
    assert refused_job.storyboard is not None
    for piece, prompt, told in (
        (2, refused_job.storyboard.pieces[1].text, "the words that piece 2 has"),
        (2, "short", "10 to 2000"),
        (2, "slow \x1b[31m strings", "control characters"),
        (4, WORDS, "pieces 1 to 3"),
        (0, WORDS, "pieces 1 to 3"),
    ):
        with pytest.raises(InvalidInputError, match=told):
            reword(buyer, refused_job, piece, prompt)
    assert buyer.jobs.get_job(refused_job.id).storyboard == refused_job.storyboard


@pytest.mark.parametrize("account", ["mubert"], indirect=True)
def test_a_piece_that_is_there_keeps_its_words_and_one_that_was_lost_does_not(
    buyer: Studio, refused_job: JobRecord
) -> None:
    there = buyer.jobs.tracks(refused_job.id)[0]
    with pytest.raises(ConflictError, match="is there"):
        reword(buyer, refused_job, there.order_index)
    buyer.media.remove(there.media.key)
    after = reword(buyer, refused_job, there.order_index)
    assert after.storyboard is not None
    assert after.storyboard.pieces[there.order_index - 1].text == WORDS


def test_a_piece_that_a_vendor_makes_already_is_not_paid_for_in_vain(studio: Studio, order: Order) -> None:
    job = order()
    go(studio, job.id, Stage.STORYBOARD)
    lease = studio.jobs.claim(job.id, "a run")
    studio.jobs.move(job.id, JobStatus.PLANNED, JobStatus.GENERATING_MUSIC, lease=lease)
    bought = studio.jobs.reserve(lease, "mubert", Item("music/02", "slow pads", 7), Decimal("0.04"))
    studio.jobs.begin_submission(lease, bought.id, Limits(concurrency=4))
    studio.jobs.record_task(bought.id, "track-1")
    studio.jobs.mark_job_failed(job.id, "the vendor took too long")
    with pytest.raises(ConflictError, match="mubert was asked for music/02 already"):
        reword(studio, job)
    studio.jobs.resolve_purchase(bought.id, None)
    assert reword(studio, job).status is JobStatus.FAILED


def test_a_picture_that_a_vendor_makes_already_keeps_its_words_as_well(studio: Studio, order: Order) -> None:
    job = go(studio, order().id, *BEFORE_PICTURES)
    lease = studio.jobs.claim(job.id, "a run")
    studio.jobs.move(job.id, JobStatus.GENERATING_MUSIC, JobStatus.GENERATING_IMAGE, lease=lease)
    bought = studio.jobs.reserve(lease, "runway", Item("clips/02", "a harbour", 7), Decimal("0.50"))
    studio.jobs.begin_submission(lease, bought.id, Limits(concurrency=4))
    studio.jobs.mark_job_failed(job.id, "the answer was lost")
    with pytest.raises(ConflictError, match="runway was asked for clips/02 already"):
        repaint(studio, job, 2)
    assert repaint(studio, job, 3).status is JobStatus.FAILED


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("music/07", f"job reword {JOB} 7 --prompt \"...\"', then 'video-pipeline job retry {JOB}'"),
        ("images/07", f"job refine {JOB} 7 --prompt \"...\"', then 'video-pipeline job retry {JOB}'"),
        ("clips/07", f"and with them the picture, with 'video-pipeline job refine {JOB} 7 "),
        ("thumbnails/00", "the description of scene 1"),
        ("words/00", "order the video anew"),
    ],
)
def test_whoever_reads_of_refused_words_hears_what_to_do(what: str, told: str) -> None:
    assert told in remedy(JOB, what)
    assert "always the same" in remedy(TRIALS, what)


def test_words_are_changed_as_they_were_seen_or_not_at_all(studio: Studio, order: Order, database: Database) -> None:
    job = go(studio, order().id, *BEFORE_PICTURES)
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audio_tracks WHERE order_index = 2"))
    studio.jobs.mark_job_failed(job.id, "a test wants it so")
    assert job.storyboard is not None
    seen = fingerprint(job.storyboard, studio.jobs.works(job.id))
    with pytest.raises(PreconditionError):
        reword(studio, job, expected="0" * 64)
    reword(studio, job, expected=seen)
    with pytest.raises(PreconditionError):
        reword(studio, job, prompt=f"{WORDS}, slower", expected=seen)


def test_a_job_that_did_not_fail_over_its_music_gets_no_other_words_for_it(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    with pytest.raises(ConflictError, match="is awaiting_approval; a piece of music"):
        reword(studio, job)
    studio.jobs.mark_job_failed(job.id, "a test wants it so")
    with pytest.raises(ConflictError, match="is failed in awaiting_approval"):
        reword(studio, job)
    unplanned = order()
    studio.jobs.mark_job_failed(unplanned.id, "before there was a plan")
    with pytest.raises(InvalidInputError, match="no storyboard yet"):
        reword(studio, unplanned)
