"""Music videos whose scenes are clips: made of their pictures, kept, made anew; real ffmpeg, real store."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from video_pipeline.domain.brief import MusicVideoBrief
from video_pipeline.domain.delivery import Format, Quality, Rendition
from video_pipeline.domain.errors import InvalidInputError, ProviderUnavailableError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.media import Generation
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.storyboard import VisualPrompt
from video_pipeline.domain.uploads import FileType
from video_pipeline.ports import VideoEngine
from video_pipeline.providers.clips_procedural import ProceduralClips
from video_pipeline.providers.dummy import DummyClips
from video_pipeline.providers.runway import RunwayClips
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.assemble import programme_of
from video_pipeline.steps.export import planned
from video_pipeline.steps.files import job_files, remove_unrecorded
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.refine import refine
from video_pipeline.steps.restore import restore
from video_pipeline.steps.start import start_job
from video_pipeline.steps.studio import Studio, check_engine
from video_pipeline.steps.uploads import keep_upload
from video_pipeline_tests.providers.buying import account
from video_pipeline_tests.vendors import running

BEFORE_IMAGES = (Stage.STORYBOARD, Stage.MUSIC)
WORDS = "16:9 background of a lighthouse above a harbour at night, quiet sea; no people, no text"


class SmallClips(ProceduralClips):
    """Two seconds instead of eight, of a sixteenth of the pixels."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self.capabilities = replace(self.capabilities, longest_s=2)

    def animate(self, *order: Any, size: tuple[int, int], **more: Any) -> Generation:
        return super().animate(*order, size=(size[0] // 4, size[1] // 4 // 2 * 2), **more)


class Counting(DummyClips):
    """Counts what is asked for, and does what the test says before it begins."""

    def __init__(self, workshop: Workshop, before: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(workshop)
        self.capabilities = replace(self.capabilities, concurrency=1)
        self.before = before
        self.asked: list[int] = []

    def animate(self, prompt: VisualPrompt, *order: Any, **more: Any) -> Generation:
        self.before(prompt.order_index)
        self.asked.append(prompt.order_index)
        return super().animate(prompt, *order, **more)


def with_engine(studio: Studio, engine: VideoEngine) -> Studio:
    return replace(studio, engines={"dummy": engine})


def ordered(studio: Studio, engine: str = "dummy", seconds: int = 8, cut: int = 4) -> JobRecord:
    """A music video to a song of `seconds`, planned, with scenes of `cut` seconds."""
    time = np.arange(seconds * 48_000) / 48_000
    song = io.BytesIO()
    wave = 0.2 * np.sin(2 * np.pi * 220 * time)
    soundfile.write(song, np.column_stack((wave, wave)), 48_000, format="FLAC")
    brief = MusicVideoBrief(
        channel_id=studio.jobs.create_channel("Channel", "Ambience").id,
        niche_label="Rainy Nights",
        mood_keywords="calm",
        seed=3,
        visual_provider="dummy",
        song_title="Night Train",
        music_file="night.flac",
        genre="synthwave",
        prompt="a train that crosses a sleeping city",
        engine=engine,
        scene_seconds=cut,
    )
    job = studio.jobs.create_job(brief, preparing=True)
    keep_upload(studio, job.id, FileType.MUSIC, "night.flac", [song.getvalue()])
    job = start_job(studio.jobs, studio.media, job.id)
    for stage in BEFORE_IMAGES:
        job = perform(studio, job.id, stage, "run")
    return job


def illustrated(studio: Studio, job: JobRecord) -> JobRecord:
    return perform(studio, job.id, Stage.IMAGES, "run")


def seen(studio: Studio, job: JobRecord, out: Path) -> np.ndarray:
    """The brightness of all frames of a small rendering, from afar."""
    storyboard, brief = planned(job)
    programme = programme_of(storyboard, studio.jobs.works(job.id), brief)
    report = studio.tools.render(
        programme,
        Rendition(Format.MP4, Quality.LOW),
        out,
        locate=studio.media.locate,
        report=lambda *_: None,
        cancelled=lambda: False,
    )
    assert report.frames == storyboard.frames
    with av.open(str(out)) as film:
        frames = [frame.reformat(96, 54, "gray").to_ndarray() for frame in film.decode(video=0)]
    return np.stack(frames).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "usd"), [("runway_standard", "0.45"), ("runway_gen3", "0.80")])
def test_clips_of_a_vendor_are_footage_and_paid_as_long_as_they_are_made(
    studio: Studio, workshop: Workshop, engine: str, usd: str
) -> None:
    with running() as fakes:
        dealing = replace(workshop, accounts={"runway": account(fakes, "runway", "a-key")}, pace=0.01)
        studio = replace(studio, engines={engine: RunwayClips(dealing, engine)})
        job = illustrated(studio, ordered(studio, engine, seconds=4))
        bill = fakes.account("runway", "a-key").bill.total
    (image,) = studio.jobs.images(job.id)
    assert image.clip is not None
    with av.open(str(studio.media.locate(image.clip.media))) as film:
        (stream,) = film.streams.video
        assert (stream.height, stream.average_rate) == (1080 if engine == "runway_gen3" else 720, 30)
        # The loop is shown whole; of the other one half a second fades into its beginning.
        assert stream.frames == image.clip.frames == (240 if engine == "runway_gen3" else 270 - 15)
    assert [(each.what, each.provider, each.cost_usd) for each in studio.jobs.purchases(job.id)] == [
        ("clips/01", engine, bill)
    ]
    assert studio.jobs.get_job(job.id).actual_cost_usd == bill == Decimal(usd)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "frames"), [(SmallClips, 60), (DummyClips, 60 - 15)])
def test_scenes_move_and_their_loops_close_evenly(
    studio: Studio, workshop: Workshop, tmp_path: Path, engine: Callable[[Workshop], VideoEngine], frames: int
) -> None:
    studio = with_engine(studio, engine(workshop))
    job = illustrated(studio, ordered(studio, seconds=4))
    (image,) = studio.jobs.images(job.id)
    assert image.clip is not None
    # One that has no seam is shown whole; of another half a second fades into the beginning.
    assert image.clip.frames == frames
    assert (image.facts.width, image.facts.height) == (1920, 1080)  # the poster
    shown = seen(studio, job, tmp_path / "low.mp4")
    assert np.abs(shown[10] - shown[30]).mean() > 0.5
    steps = np.abs(np.diff(shown, axis=0)).mean(axis=(1, 2))
    assert steps[frames - 1] < 1.5 * np.quantile(np.delete(steps, frames - 1), 0.9)
    assert np.abs(shown[5] - shown[5 + frames]).mean() < 0.3 * np.abs(shown[5] - shown[5 + frames // 2]).mean()


@pytest.mark.slow
def test_what_an_attempt_has_made_outlives_it(studio: Studio, workshop: Workshop) -> None:
    def stopped(scene: int) -> None:
        if scene == 3:
            raise ProviderUnavailableError("the engine is being restarted")

    job = ordered(studio, seconds=6, cut=2)
    with pytest.raises(ProviderUnavailableError, match="being restarted"):
        illustrated(with_engine(studio, Counting(workshop, stopped)), job)
    before = studio.jobs.images(job.id)
    assert [image.clip is not None for image in before] == [True, True, False]
    lost = before[0].clip
    assert lost is not None
    studio.media.remove(lost.media.key)

    studio.jobs.retry(job.id)
    engine = Counting(workshop)
    again = with_engine(replace(studio, images={"dummy": _Never(workshop)}), engine)
    assert illustrated(again, job).status is JobStatus.AWAITING_APPROVAL
    assert engine.asked == [1, 3]  # of the pictures that are there
    after = studio.jobs.images(job.id)
    assert after[1] == before[1]
    assert [image.media for image in after] == [image.media for image in before]
    assert all(image.clip is not None and studio.media.holds(image.clip.media) for image in after)


class _Never:
    """Makes no picture."""

    def __init__(self, workshop: Workshop) -> None:
        self.capabilities = Counting(workshop).capabilities

    def illustrate(self, *_: object) -> Generation:
        raise AssertionError("the picture was there")


@pytest.mark.slow
def test_another_picture_gets_another_clip_and_the_former_one_comes_back(studio: Studio, workshop: Workshop) -> None:
    engine = Counting(workshop)
    studio = with_engine(studio, engine)
    job = illustrated(studio, ordered(studio))
    before = studio.jobs.images(job.id)
    engine.asked.clear()
    refine(studio, job.id, 2, image_prompt=WORDS, description=None, by="ada")
    assert engine.asked == [2]
    first, second = studio.jobs.images(job.id)
    assert first == before[0]
    assert second.clip is not None
    assert second.clip != before[1].clip
    (version,) = studio.jobs.image_versions(job.id)
    assert (version.media, version.clip) == (before[1].media, before[1].clip)
    remove_unrecorded(studio, job.id, Stage.IMAGES)
    kinds = {file.kind for file in job_files(studio, job.id) if file.intact}
    assert {"clip 01", "clip 02", "earlier image 02", "earlier clip 02"} <= kinds

    restore(studio, job.id, 2, version.id, by="ada")
    assert studio.jobs.images(job.id)[1].clip == before[1].clip


@pytest.mark.slow
def test_a_refinement_whose_clip_fails_changes_nothing(studio: Studio, workshop: Workshop) -> None:
    engine = Counting(workshop)
    studio = with_engine(studio, engine)
    job = illustrated(studio, ordered(studio, seconds=4))
    before, files = studio.jobs.images(job.id), studio.media.keys(f"jobs/{job.id}/images/")

    def refuse(_: int) -> None:
        raise ProviderUnavailableError("the engine is being restarted")

    engine.before = refuse
    with pytest.raises(ProviderUnavailableError, match="being restarted"):
        refine(studio, job.id, 1, image_prompt=WORDS, description=None, by="ada")
    assert studio.jobs.images(job.id) == before
    assert studio.jobs.get_job(job.id).refinement_count == 0
    assert studio.media.keys(f"jobs/{job.id}/images/") == files


def test_an_engine_that_is_not_there_is_told_with_those_that_are(studio: Studio) -> None:
    check_engine(studio.engines, "pictures")
    with pytest.raises(InvalidInputError, match="'runway_gen2' is not there; one of: pictures, dummy, procedural,"):
        check_engine(studio.engines, "runway_gen2")
    job = ordered(studio, engine="runway_gen2")
    with pytest.raises(InvalidInputError, match="'runway_gen2' is not there"):
        illustrated(studio, job)
    assert studio.jobs.images(job.id) == []
