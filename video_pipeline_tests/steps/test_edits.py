"""Editing a storyboard with real tools: refine, reorder, restore, discard, and what is rendered afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from sqlalchemy import text

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.delivery import Rendition
from video_pipeline.domain.errors import (
    BeingEditedError,
    CancelledError,
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    MediaError,
    NotFoundError,
    PreconditionError,
    ProviderRefusedError,
    StudioError,
)
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.media import Generation
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.ports import JobStore
from video_pipeline.providers.dummy import DummyImages, tone_hz
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.discard import discard
from video_pipeline.steps.export import export, timeline_of
from video_pipeline.steps.files import cleanup_old_exports, job_files
from video_pipeline.steps.paint import picture_size
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.recover import bring_back
from video_pipeline.steps.refine import refine
from video_pipeline.steps.reorder import reorder
from video_pipeline.steps.restore import restore
from video_pipeline.steps.studio import Studio
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.steps.test_pipeline import BEFORE, go
from video_pipeline_tests.store.material import report

Order = Callable[..., JobRecord]
WORDS = "A lighthouse above a grey sea, in fog"
CAPTION = "A lighthouse, seen from the quay"


def waiting(studio: Studio, order: Order, **changes: object) -> JobRecord:
    """A job that awaits approval."""
    return go(studio, order(**changes).id, *BEFORE)


def repaint(studio: Studio, job: JobRecord, scene: int = 2, prompt: str = WORDS, **more: str | None) -> JobRecord:
    """Refine the picture of a scene."""
    wish = {"description": None, "by": "ada"} | more
    return refine(studio, job.id, scene, image_prompt=prompt, **wish)  # type: ignore[arg-type] # by is no None


def deliver(studio: Studio, job: JobRecord) -> JobRecord:
    """Approve and make the video."""
    studio.jobs.approve_storyboard(job.id)
    return go(studio, job.id, Stage.MASTER, Stage.EXPORTS)


def told_delivered(studio: Studio, job: JobRecord) -> JobRecord:
    """As the books would have it after `deliver`, without the work."""
    studio.jobs.approve_storyboard(job.id)
    lease = studio.jobs.claim(job.id, "run")
    studio.jobs.move(job.id, JobStatus.AWAITING_APPROVAL, JobStatus.RENDERING, lease=lease)
    studio.jobs.save_master(lease, report())
    studio.jobs.move(job.id, JobStatus.RENDERING, JobStatus.READY_FOR_EXPORT, lease=lease)
    studio.jobs.save_export(job.id, report())
    studio.jobs.move(job.id, JobStatus.READY_FOR_EXPORT, JobStatus.COMPLETED, lease=lease)
    studio.jobs.release(lease)
    return studio.jobs.get_job(job.id)


def ledger(database: Database) -> list[tuple[object, ...]]:
    """Kinds and amounts in the ledger."""
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT entry, amount FROM cost_ledger ORDER BY id"))]


def unchanged(studio: Studio, job: JobRecord) -> tuple[object, ...]:
    """All of a job that must survive an edit that failed."""
    now = studio.jobs.get_job(job.id)
    same = replace(now, attempt=0, updated_at=now.created_at)
    files = studio.media.keys(f"jobs/{job.id}/")
    made = studio.jobs.images(job.id), studio.jobs.master(job.id), studio.jobs.exports(job.id)
    return same, studio.jobs.image_versions(job.id), studio.jobs.events(job.id), *made, files


class Painter(DummyImages):
    """Asks a price, and does what the test says before it paints."""

    def __init__(self, workshop: Workshop, before: Callable[[], None] = lambda: None, price: str = "0.05") -> None:
        super().__init__(workshop)
        self.capabilities = replace(self.capabilities, regeneration_usd=Decimal(price))
        self.before = before
        self.asked: list[tuple[str, int, tuple[int, int]]] = []

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, _: object = None
    ) -> Generation:
        """Note what is asked for, and paint it."""
        self.asked.append((prompt.text, seed, size))
        self.before()
        return replace(super().illustrate(prompt, seed, size, out), cost_usd=Decimal("0.04"))


def painted_by(studio: Studio, painter: Painter) -> Studio:
    """The studio with another provider of pictures."""
    return replace(studio, images={"dummy": painter})


def stretches(studio: Studio, job: JobRecord) -> tuple[int, int]:
    """How many stretches of the master's picture were encoded, and how many were there already."""
    master = studio.jobs.master(job.id)
    assert master is not None
    return master.stretches_encoded, master.stretches_reused


@pytest.mark.own_cache
@pytest.mark.slow
def test_only_what_an_edit_changed_is_encoded_again(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    deliver(studio, job)
    first = studio.jobs.master(job.id)
    assert first is not None
    assert stretches(studio, job) == (5, 0)  # three pictures and two dissolves

    after = repaint(studio, job, description=CAPTION, expected=studio.jobs.storyboard_version(job.id))
    assert (after.status, after.approved, after.refinement_count) == (JobStatus.AWAITING_APPROVAL, False, 1)
    assert studio.jobs.master(job.id) is None
    assert studio.jobs.exports(job.id) == []
    with pytest.raises(ConflictError, match="awaits approval"):
        perform(studio, job.id, Stage.MASTER, "too-early")
    deliver(studio, job)
    second = studio.jobs.master(job.id)
    assert second is not None
    # The picture in the middle takes part in both dissolves; the other two pictures are as they were.
    assert stretches(studio, job) == (3, 2)
    assert (second.media.sha256 != first.media.sha256, second.frames) == (True, first.frames)
    (delivered,) = studio.jobs.exports(job.id)
    assert delivered.report.media.sha256 == second.media.sha256
    assert all(file.intact for file in job_files(studio, job.id))

    repaint(studio, job, 3)
    deliver(studio, job)
    assert stretches(studio, job) == (2, 3)

    for scene in (2, 3):
        restore(studio, job.id, scene, studio.jobs.image_versions(job.id, scene)[0].id, by="ada")
    deliver(studio, job)
    assert stretches(studio, job) == (0, 5)
    # What was replaced now has outlived sweeps of files that nobody recorded.
    assert all(studio.media.holds(version.media) for version in studio.jobs.image_versions(job.id))


def test_exports_of_an_earlier_storyboard_are_cleaned_up(studio: Studio, order: Order) -> None:
    job = deliver(studio, waiting(studio, order))
    low = Rendition.parse("webm", "low")
    made = export(studio, job, low, report=lambda share, text: None, cancelled=lambda: False)
    old = studio.media.path(made.report.media.key)
    assert old.is_file()
    assert cleanup_old_exports(studio, job.id) == 0  # what is in the books stays
    refine(studio, job.id, 1, image_prompt=None, description=CAPTION, by="ada")
    assert old.is_file()  # until the next master replaces it
    deliver(studio, studio.jobs.get_job(job.id))
    assert not old.exists()
    assert {each.report.rendition.name for each in studio.jobs.exports(job.id)} == {"mp4_high"}


def test_the_same_words_give_another_picture_each_time(studio: Studio, order: Order, workshop: Workshop) -> None:
    painter = Painter(workshop)
    studio = painted_by(studio, painter)
    job = waiting(studio, order)
    assert job.storyboard is not None
    words = job.storyboard.scenes[1].visual.text
    painter.asked.clear()
    seen = {studio.jobs.images(job.id)[1].media.sha256}
    for number in range(1, 6):
        after = repaint(studio, job, prompt=f"  {words}\n")
        assert after.storyboard is not None
        assert after.storyboard.scenes[1].visual.text == words
        seen.add(studio.jobs.images(job.id)[1].media.sha256)
        assert len(seen) == number + 1
    assert {(text, size) for text, _, size in painter.asked} == {(words, picture_size(brief_from_json(job.brief)))}
    assert len({seed for _, seed, _ in painter.asked}) == 5
    with pytest.raises(LimitReachedError):
        repaint(studio, job)
    assert len(painter.asked) == 5
    assert after.estimated_cost_usd == Decimal("0.25")


def test_a_lost_picture_is_made_again_with_its_pinned_seed(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    repaint(studio, job)
    reorder(studio, job.id, [2, 3, 1], by="ada")
    studio.jobs.approve_storyboard(job.id)
    approved = studio.jobs.get_job(job.id).approved_fingerprint
    before = [file.media.sha256 for file in (*studio.jobs.tracks(job.id), *studio.jobs.images(job.id))]
    for work in (*studio.jobs.tracks(job.id), *studio.jobs.images(job.id)):
        studio.media.remove(work.media.key)
    assert bring_back(studio.jobs, studio.media, job.id) is JobStatus.GENERATING_MUSIC
    again = go(studio, job.id, Stage.MUSIC, Stage.IMAGES)
    assert [file.media.sha256 for file in (*studio.jobs.tracks(job.id), *studio.jobs.images(job.id))] == before
    assert (again.approved, again.approved_fingerprint) == (True, approved)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ProviderRefusedError("the vendor will not paint this"), ProviderRefusedError),
        (OSError("no space left"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_provider_that_fails_leaves_everything_as_it_was(
    studio: Studio,
    order: Order,
    workshop: Workshop,
    database: Database,
    error: BaseException,
    raised: type[BaseException],
) -> None:
    job = waiting(studio, order)
    told_delivered(studio, job)
    before = unchanged(studio, job)

    def fail() -> None:
        raise error

    with pytest.raises(raised):
        repaint(painted_by(studio, Painter(workshop, fail)), job)
    assert unchanged(studio, job) == before
    assert studio.jobs.get_job(job.id).approved
    assert studio.jobs.master(job.id) is not None
    assert ledger(database) == [("reserve", Decimal("0.05")), ("release", Decimal("0.05"))]
    assert not studio.jobs.is_held(job.id)


class Black(Painter):
    """Paints it black."""

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, _: object = None
    ) -> Generation:
        """Nothing to be seen, and not for nothing."""
        generation = super().illustrate(prompt, seed, size, out)
        with av.open(str(out), "w", format="image2", options={"update": "1"}) as container:
            stream = container.add_stream("png", rate=1)
            stream.width, stream.height, stream.pix_fmt = *size, "rgb24"  # type: ignore[attr-defined] # of a picture
            frame = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="rgb24")
            for packet in (*stream.encode(frame), *stream.encode(None)):  # type: ignore[attr-defined] # of a picture
                container.mux(packet)
        return generation


def test_a_picture_that_is_not_taken_was_paid_all_the_same(
    studio: Studio, order: Order, workshop: Workshop, database: Database
) -> None:
    job = waiting(studio, order)
    before = unchanged(studio, job)
    with pytest.raises(MediaError, match="picture 2 is black"):
        repaint(painted_by(studio, Black(workshop)), job)
    paid = Decimal("0.04")
    assert ledger(database) == [("reserve", Decimal("0.05")), ("settle", paid)]
    assert studio.jobs.get_job(job.id).actual_cost_usd == paid
    changed = replace(unchanged(studio, job)[0], actual_cost_usd=Decimal(0))  # type: ignore[type-var] # a job
    assert (changed, *unchanged(studio, job)[1:]) == before


def test_a_job_that_is_cancelled_meanwhile_gets_no_picture(
    studio: Studio, order: Order, workshop: Workshop, database: Database
) -> None:
    job = waiting(studio, order)
    files = studio.media.keys(f"jobs/{job.id}/")
    painter = Painter(workshop, lambda: studio.jobs.cancel(job.id))
    with pytest.raises((CancelledError, ConflictError)):
        repaint(painted_by(studio, painter), job)
    assert studio.jobs.get_job(job.id).status is JobStatus.CANCELLED
    assert studio.media.keys(f"jobs/{job.id}/") == files
    assert [entry for entry, _ in ledger(database)] == ["reserve", "settle"]


def test_what_does_not_fit_is_told_before_anything_is_bought(studio: Studio, order: Order, workshop: Workshop) -> None:
    painter = Painter(workshop)
    studio = painted_by(studio, painter)
    job = waiting(studio, order)
    painter.asked.clear()
    stale = studio.jobs.storyboard_version(job.id)
    refine(studio, job.id, 1, image_prompt=None, description=CAPTION, by="ada")
    before = unchanged(studio, job)
    wrong: list[tuple[dict[str, object], type[StudioError], str]] = [
        ({"scene": 4}, InvalidInputError, "scenes 1 to 3"),
        ({"prompt": "too short"}, InvalidInputError, "image prompt has 9 characters; 10 to 2000"),
        ({"prompt": "x" * 2001}, InvalidInputError, "2001 characters"),
        ({"prompt": "a < b, painted"}, InvalidInputError, "< or >"),
        ({"description": "short"}, InvalidInputError, "description has 5 characters; 10 to 1000"),
        ({"expected": stale}, PreconditionError, "changed since it was read"),
    ]
    for changes, error, words in wrong:
        with pytest.raises(error, match=words):
            repaint(studio, job, **changes)  # type: ignore[arg-type] # the table says what is wrong
    with pytest.raises(InvalidInputError, match="or both"):
        refine(studio, job.id, 1, image_prompt=None, description=None, by="ada")
    with pytest.raises(InvalidInputError, match="no storyboard"):
        repaint(studio, order())
    with pytest.raises(NotFoundError):
        refine(studio, uuid4(), 1, image_prompt=WORDS, description=None, by="ada")
    lease = studio.jobs.claim(job.id, "a run")
    with pytest.raises(ConflictError, match=r"\(run a run\)"):
        repaint(studio, job)
    studio.jobs.release(lease)
    assert painter.asked == []
    now = unchanged(studio, job)  # but for the line that the run's claim has left
    assert (now[1], now[3]) == (before[1], before[3])
    assert studio.jobs.get_job(job.id).refinement_count == 1


def test_of_two_refinements_at_once_the_fifth_is_bought_once(studio: Studio, order: Order, workshop: Workshop) -> None:
    job = waiting(studio, order)
    for _ in range(4):
        refine(studio, job.id, 1, image_prompt=None, description=CAPTION, by="ada")
    ready = threading.Barrier(2)
    painters = [Painter(workshop), Painter(workshop)]

    def work(painter: Painter) -> str:
        ready.wait()
        try:
            repaint(painted_by(studio, painter), job)
        except StudioError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(work, painters))
    assert outcomes in (["BeingEditedError", "done"], ["LimitReachedError", "done"])
    assert sum(len(painter.asked) for painter in painters) == 1
    assert studio.jobs.get_job(job.id).refinement_count == 5
    assert len(studio.jobs.image_versions(job.id)) == 1


def test_nobody_renders_while_a_picture_is_painted(studio: Studio, order: Order, workshop: Workshop) -> None:
    job = waiting(studio, order)
    studio.jobs.approve_storyboard(job.id)
    caught: list[StudioError] = []

    def render() -> None:
        for attempt in (lambda: perform(studio, job.id, Stage.MASTER, "run"), lambda: repaint(studio, job, 1)):
            try:
                attempt()
            except BeingEditedError as error:
                caught.append(error)

    repaint(painted_by(studio, Painter(workshop, render)), job)
    assert [error.retryable for error in caught] == [True, True]
    assert "refinement of scene 2 by ada" in str(caught[0])
    assert studio.jobs.get_job(job.id).refinement_count == 1


KILLED = """
import sys, time, uuid
from pathlib import Path
from video_pipeline.cores import Cores
from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg
from video_pipeline.providers.dummy import DummyImages
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.refine import refine
from video_pipeline.steps.studio import Studio
from video_pipeline.store import LocalMediaStore, PostgresJobStore, connect

url, root, job, where = sys.argv[1:]
jobs, media = PostgresJobStore(connect(url)), LocalMediaStore(Path(root))

def stop(*_, **__):
    print("here", flush=True)
    time.sleep(600)

with Cores(1) as cores:
    painter = DummyImages(Workshop(cores, Path(root) / "library"))
    if where == "painting":
        painter.illustrate = stop
    else:
        jobs.refine_scene_in_storyboard = stop
    tools = FfmpegTools(find_ffmpeg(None), cores, Path(root) / "cache")
    studio = Studio(jobs=jobs, media=media, tools=tools, music={}, images={"dummy": painter}, writer=None)
    refine(studio, uuid.UUID(job), 2, image_prompt="A lighthouse above a grey sea", description=None, by="bob")
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["painting", "recording"])
def test_a_process_that_is_killed_in_a_refinement_leaves_the_job_as_it_was(
    studio: Studio, order: Order, database: Database, tmp_path: Path, where: str
) -> None:
    job = waiting(studio, order)
    done = told_delivered(studio, job)
    before = unchanged(studio, job)
    arguments = [sys.executable, "-c", KILLED, database.url, str(tmp_path / "media"), str(job.id), where]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        assert studio.jobs.is_held(job.id)
        child.kill()
    stray = set(studio.media.keys(f"jobs/{job.id}/")) - set(before[-1])  # type: ignore[call-overload] # keys
    assert len(stray) == (where == "recording")
    assert unchanged(studio, job)[:-1] == before[:-1]
    assert studio.jobs.lost_jobs() == []
    assert ledger(database) == [("reserve", Decimal("0.02"))]

    after = repaint(studio, job)
    assert (after.refinement_count, after.status) == (1, JobStatus.AWAITING_APPROVAL)
    assert done.status is JobStatus.COMPLETED
    assert not stray & set(studio.media.keys(f"jobs/{job.id}/"))
    assert [entry for entry, _ in ledger(database)] == ["reserve", "release", "reserve", "settle"]


def pitches(video: Path, cuts: list[int]) -> list[float]:
    """The strongest tone in the middle of each scene, in Hz."""
    with av.open(str(video)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(frames)
    found = []
    for start, end in pairwise(cuts):
        middle = FPS_30.samples_at((start + end) // 2)
        part = sound[middle - 48_000 : middle + 48_000] * np.hanning(96_000)
        found.append(float(np.argmax(np.abs(np.fft.rfft(part)))) / 2)
    return found


def colours(video: Path, cuts: list[int], picture: Path) -> list[float]:
    """How far the frame in the middle of each scene is from a picture, as a mean over all values."""
    with av.open(str(picture)) as container:
        wanted = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(float)
    middles = [(start + end) // 2 for start, end in pairwise(cuts)]
    with av.open(str(video)) as container:
        shown = {
            number: frame.to_ndarray(format="rgb24").astype(float)
            for number, frame in enumerate(container.decode(video=0))
            if number in middles
        }
    return [float(np.abs(shown[number] - wanted).mean()) for number in middles]


@pytest.mark.slow
def test_reordered_scenes_are_seen_and_heard_in_their_order(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    repaint(studio, job, 2)
    tracks, images, (version,) = (
        studio.jobs.tracks(job.id),
        studio.jobs.images(job.id),
        studio.jobs.image_versions(job.id),
    )
    total = timeline_of(studio, studio.jobs.get_job(job.id)).frames
    after = reorder(studio, job.id, [3, 1, 2], by="ada")
    assert [track.media for track in studio.jobs.tracks(job.id)] == [tracks[n].media for n in (2, 0, 1)]
    assert [image.media for image in studio.jobs.images(job.id)] == [images[n].media for n in (2, 0, 1)]
    assert [each.media for each in studio.jobs.image_versions(job.id, 3)] == [version.media]
    timeline = timeline_of(studio, after)
    assert [clip.frames for clip in timeline.pictures] == [scene.frames for scene in after.storyboard.scenes]  # type: ignore[union-attr]
    assert timeline.frames == total == 900

    deliver(studio, job)
    master = studio.jobs.master(job.id)
    assert master is not None
    cuts = [0, *np.cumsum([clip.frames for clip in timeline.pictures]).tolist()]
    video = studio.media.locate(master.media)
    for heard, number in zip(pitches(video, cuts), (3, 1, 2), strict=True):
        assert heard == pytest.approx(tone_hz(number), abs=1)
    for place, number in enumerate((3, 1, 2)):
        away = colours(video, cuts, studio.media.locate(images[number - 1].media))
        assert int(np.argmin(away)) == place
        assert away[place] < 4


def test_lengths_and_chapters_follow_the_order_and_come_back(studio: Studio, order: Order) -> None:
    job = waiting(studio, order, scene_count=4, scene_seconds=20)
    before, version = job.storyboard, studio.jobs.storyboard_version(job.id)
    assert before is not None
    after = reorder(studio, job.id, [4, 2, 3, 1], by="ada", expected=version).storyboard
    assert after is not None
    # The pieces of both ends have no crossfade there, so they are half a crossfade (2 s) short in the middle.
    assert [scene.frames for scene in after.scenes] == [600] * 4
    after = reorder(studio, job.id, [2, 1, 3, 4], by="ada").storyboard
    assert after is not None
    assert [scene.frames for scene in after.scenes] == [660, 540, 600, 600]
    prose, chapters = after.description.split("\n\nChapters\n")
    assert before.description.startswith(f"{prose}\n\nChapters\n0:00 ")
    titles = [scene.music.title for scene in after.scenes]
    assert chapters.splitlines() == [
        f"{at} {title}" for at, title in zip(("0:00", "0:22", "0:40", "1:00"), titles, strict=True)
    ]
    assert titles == [before.scenes[number].music.title for number in (1, 3, 2, 0)]
    assert [scene.order_index for scene in after.scenes] == [1, 2, 3, 4]
    back = reorder(studio, job.id, [4, 1, 3, 2], by="ada")
    assert back.storyboard == before
    assert studio.jobs.storyboard_version(job.id) == version


def test_scenes_too_short_for_chapters_lose_them_and_get_them_back(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    assert job.storyboard is not None
    assert "Chapters" in job.storyboard.description
    after = reorder(studio, job.id, [2, 1, 3], by="ada").storyboard
    assert after is not None
    assert [scene.frames for scene in after.scenes] == [360, 240, 300]  # 8 s is no chapter
    assert "Chapters" not in after.description
    assert reorder(studio, job.id, [2, 1, 3], by="ada").storyboard == job.storyboard


def test_an_order_that_is_none_changes_nothing(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    studio.jobs.approve_storyboard(job.id)
    before = unchanged(studio, job)
    for wrong in ([1, 2], [1, 2, 2], [1, 2, 3, 4], []):
        with pytest.raises(InvalidInputError, match="name each of the scenes 1 to 3 once"):
            reorder(studio, job.id, wrong, by="ada")
    with pytest.raises(PreconditionError):
        reorder(studio, job.id, [1, 2, 3], by="ada", expected="x")
    assert reorder(studio, job.id, [1, 2, 3], by="ada").approved
    assert unchanged(studio, job) == before
    with pytest.raises(InvalidInputError, match="no storyboard"):
        reorder(studio, order().id, [1, 2, 3], by="ada")


def test_an_earlier_picture_is_restored_with_its_file(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    old = studio.jobs.images(job.id)[1]
    repaint(studio, job)
    (version,) = studio.jobs.image_versions(job.id, 2)
    kinds = [file.kind for file in job_files(studio, job.id) if file.intact]
    assert kinds.count("earlier image 02") == 1
    seen = studio.jobs.storyboard_version(job.id)
    with pytest.raises(PreconditionError):
        restore(studio, job.id, 2, version.id, by="ada", expected=f"{seen}x")
    after = restore(studio, job.id, 2, version.id, by="ada", expected=seen)
    assert after.storyboard is not None
    assert job.storyboard is not None
    assert after.storyboard.scenes[1].visual.text == job.storyboard.scenes[1].visual.text
    assert studio.jobs.images(job.id)[1].media == old.media
    assert studio.media.holds(studio.jobs.image_versions(job.id, 2)[0].media)


def test_a_picture_whose_file_is_gone_or_damaged_is_not_restored(studio: Studio, order: Order) -> None:
    job = waiting(studio, order)
    repaint(studio, job)
    (version,) = studio.jobs.image_versions(job.id, 2)
    before = unchanged(studio, job)[:-1]
    with pytest.raises(NotFoundError, match="no earlier picture"):
        restore(studio, job.id, 1, version.id, by="ada")
    path = studio.media.locate(version.media)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    with pytest.raises(MediaError, match="damaged"):
        restore(studio, job.id, 2, version.id, by="ada")
    studio.media.remove(version.media.key)
    with pytest.raises(NotFoundError, match="not in the media store"):
        restore(studio, job.id, 2, version.id, by="ada")
    assert unchanged(studio, job)[:-1] == before


def test_an_export_that_began_before_an_edit_is_not_kept(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = waiting(studio, order)
    done = told_delivered(studio, job)
    render_all = studio.tools.render_all

    def slow(*arguments: object, **more: object) -> object:
        refine(studio, job.id, 1, image_prompt=None, description=CAPTION, by="ada")
        return render_all(*arguments, **more)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(studio.tools, "render_all", slow)
    with pytest.raises(ConflictError, match="changed while mp4_64x64 was made"):
        export(studio, done, Rendition.parse("mp4", "64x64"), report=lambda *_: None, cancelled=lambda: False)
    assert studio.jobs.exports(job.id) == []


def test_a_deleted_job_leaves_nothing_but_its_costs(
    studio: Studio, order: Order, workshop: Workshop, store: JobStore, database: Database
) -> None:
    job, other = waiting(studio, order), waiting(studio, order, scene_count=1)
    repaint(painted_by(studio, Painter(workshop)), job)
    with pytest.raises(ConflictError, match="cancel it before"):
        discard(studio, job.id)
    told_delivered(studio, job)
    kept = studio.media.keys(f"jobs/{other.id}/")
    count = len(studio.media.keys(f"jobs/{job.id}/")) + len(studio.media.keys(f"exports/{job.id}/"))
    assert discard(studio, job.id) == count >= 7
    assert studio.media.keys(f"jobs/{job.id}/") == studio.media.keys(f"exports/{job.id}/") == []
    assert studio.media.keys(f"jobs/{other.id}/") == kept
    assert [entry for entry, _ in ledger(database)] == ["reserve", "settle"]
    for again in (discard, lambda studio, job_id: studio.jobs.get_job(job_id)):
        with pytest.raises(NotFoundError):
            again(studio, job.id)


def test_a_file_that_cannot_be_removed_is_left_and_the_rest_goes(
    studio: Studio, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = waiting(studio, order, scene_count=1)
    studio.jobs.cancel(job.id)
    keys, remove = studio.media.keys(f"jobs/{job.id}/"), studio.media.remove
    stays = [key for key in keys if key.endswith(".png")]
    assert len(keys) > len(stays) == 1

    def stubborn(key: str) -> None:
        if key in stays:
            raise InvalidInputError("read-only")
        remove(key)

    monkeypatch.setattr(studio.media, "remove", stubborn)
    assert discard(studio, job.id) == len(keys) - 1
    assert studio.media.keys(f"jobs/{job.id}/") == stays


def test_the_order_of_a_storyboard_of_equal_scenes_keeps_its_length(studio: Studio, order: Order) -> None:
    job = waiting(studio, order, scene_count=5, approval=Approval.AUTO)
    for permutation in ([5, 4, 3, 2, 1], [2, 3, 4, 5, 1], [3, 1, 5, 2, 4]):
        after = reorder(studio, job.id, permutation, by="ada").storyboard
        assert after is not None
        assert after.frames == 1500
