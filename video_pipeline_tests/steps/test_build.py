"""Videos whose music somebody brought, from uploaded files to a finished master: real ffmpeg, real store."""

from __future__ import annotations

import io
import subprocess
from copy import copy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from video_pipeline.domain.brief import Arrangement, BuildBrief, MusicVideoBrief, brief_from_json
from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.errors import CancelledError, InvalidInputError
from video_pipeline.domain.job import Approval, JobStatus
from video_pipeline.domain.media import UPLOADED
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.purchases import CapScope
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.uploads import FileType
from video_pipeline.domain.wishes import BedWish
from video_pipeline.ffmpeg import find_ffmpeg
from video_pipeline.outbound import HttpMessenger
from video_pipeline.steps.attempt import attempt
from video_pipeline.steps.estimate import Sellers, put_down_estimate
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.reorder import reorder
from video_pipeline.steps.start import start_job
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.survey import survey
from video_pipeline.steps.uploads import keep_upload
from video_pipeline_tests.receivers import receiver, status

BEFORE_APPROVAL = (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES)
COMMON: dict[str, Any] = {"niche_label": "Rainy Nights", "mood_keywords": "calm", "seed": 3, "visual_provider": "dummy"}


def tune(seconds: float, tone: float = 220.0) -> bytes:
    """A FLAC of a tone that swells and fades."""
    time = np.arange(round(seconds * 48_000)) / 48_000
    wave = 0.3 * np.sin(2 * np.pi * tone * time) * (0.6 + 0.4 * np.sin(2 * np.pi * time / 3))
    made = io.BytesIO()
    soundfile.write(made, np.column_stack((wave, wave)), 48_000, format="FLAC")
    return made.getvalue()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of a moving test picture at 25 frames a second, with a tone of its own."""
    out = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3", "-f", "lavfi", "-i", "sine=880:d=3")
    command = [str(find_ffmpeg(None).path), "-v", "error", *source, "-pix_fmt", "yuv420p", "-shortest", str(out)]
    subprocess.run(command, check=True, timeout=60)
    return out.read_bytes()


def picture() -> bytes:
    """A JPEG that a camera held upright took: it lies on its side, and says so."""
    made = io.BytesIO()
    image = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(made, "JPEG", exif=exif.tobytes())
    return made.getvalue()


def ordered(studio: Studio, brief: Any, files: dict[tuple[FileType, str], bytes]) -> JobRecord:
    channel = studio.jobs.create_channel("Channel", "Ambience").id
    job = studio.jobs.create_job(brief(channel_id=channel, **COMMON), preparing=bool(files))
    for (file_type, name), content in files.items():
        keep_upload(studio, job.id, file_type, name, [content])
    return start_job(studio.jobs, studio.media, job.id) if files else job


def prepared(studio: Studio, job: JobRecord) -> JobRecord:
    for stage in BEFORE_APPROVAL:
        job = perform(studio, job.id, stage, "run")
    return job


def build(**more: Any) -> Any:
    return lambda **values: BuildBrief(**values, approval=Approval.AUTO, **more)


@pytest.mark.slow
def test_a_build_is_made_of_what_was_uploaded(studio: Studio, film: bytes) -> None:
    files = {
        (FileType.VIDEOS, "2 film.mp4"): film,
        (FileType.VIDEOS, "10 still.jpg"): picture(),
        (FileType.MUSIC, "01 - Tune.flac"): tune(7),
        (FileType.MUSIC, "02 - Other.flac"): tune(6, 330),
        (FileType.SOUNDS, "brook.flac"): tune(3, 90),
        (FileType.QUOTES, "q.txt"): b"[00:00:04 +5s] Breathe in.\n",
    }
    order = build(picture_seconds=3, ambience=(BedWish("file:brook.flac", -12, 0), BedWish("rain")))
    job = prepared(studio, ordered(studio, order, files))
    plan, works = job.storyboard, studio.jobs.works(job.id)
    assert plan is not None
    assert job.status is JobStatus.AWAITING_APPROVAL
    assert works.complete(plan)
    assert [song.title for song in plan.songs] == ["Tune", "Other"]
    assert [(track.provider, track.media) for track in works.tracks] == [
        (UPLOADED, file.media) for file in studio.jobs.get_job_files(job.id, FileType.MUSIC)
    ]
    moving, still = works.images
    assert moving.clip is not None
    assert moving.clip.frames == plan.scenes[0].frames == 3 * 30 - 15  # the seam takes half a second
    assert (still.clip, still.facts.width, still.facts.height) == (None, 200, 300)
    assert [(bed.name, bed.provider) for bed in works.beds] == [("brook.flac", UPLOADED), ("rain", "procedural")]
    assert [each.text for each in plan.captions] == ["Breathe in."]

    job = perform(studio, job.id, Stage.MASTER, "run")
    master = studio.jobs.master(job.id)
    assert master is not None
    assert job.status is JobStatus.READY_FOR_EXPORT
    assert master.frames == plan.frames == pytest.approx((7 + 6 - 3) * 30, abs=31)
    assert job.target_duration_minutes == 1
    assert master.loudness.integrated_lufs == pytest.approx(-14, abs=0.5)
    again = prepared(studio, job)
    assert studio.jobs.works(job.id) == works
    assert again.status is JobStatus.READY_FOR_EXPORT

    moved = reorder(studio, job.id, [2, 1], by="anna")
    assert moved.storyboard is not None
    assert [scene.frames for scene in moved.storyboard.scenes] == [90, 75]
    assert studio.jobs.works(job.id).tracks == works.tracks


def test_what_is_missing_of_a_build_is_made(studio: Studio) -> None:
    job = prepared(
        studio,
        ordered(studio, build(arrangement=Arrangement.LOOP), {(FileType.MUSIC, "tune.flac"): tune(5)}),
    )
    (image,) = studio.jobs.images(job.id)
    assert (image.provider, image.clip) == ("dummy", None)


def test_a_broken_quote_is_told_with_its_file(studio: Studio) -> None:
    files = {(FileType.MUSIC, "tune.flac"): tune(5), (FileType.QUOTES, "q.txt"): b"[9:99:99 +1s] Too late.\n"}
    job = ordered(studio, build(), files)
    with pytest.raises(InvalidInputError, match=r"q\.txt: "):
        perform(studio, job.id, Stage.STORYBOARD, "run")
    assert studio.jobs.get_job(job.id).status is JobStatus.FAILED


def test_quotes_of_the_order_are_shown_before_those_of_files_and_must_be_drawable(studio: Studio) -> None:
    files = {(FileType.MUSIC, "tune.flac"): tune(40), (FileType.QUOTES, "q.txt"): b"Breathe out.\n"}
    job = ordered(studio, build(quotes="Breathe in."), files)
    plan = perform(studio, job.id, Stage.STORYBOARD, "run").storyboard
    assert plan is not None
    assert [each.text for each in plan.captions] == ["Breathe in.", "Breathe out."]
    odd = ordered(studio, build(quotes="What is \ue123?"), {(FileType.MUSIC, "tune.flac"): tune(20)})
    with pytest.raises(InvalidInputError, match=r"the order: .*U\+E123"):
        perform(studio, odd.id, Stage.STORYBOARD, "run")


def test_quotes_of_all_files_together_are_as_many_as_one_video_shows(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 files of 500 quotes each would be looked at for hours; 500 is what can be shown."""
    monkeypatch.setattr(studio.tools, "check_caption", lambda _: pytest.fail("it was looked at too early"))
    many = {(FileType.QUOTES, f"{number}.txt"): b"Again.\n\n" * 200 for number in range(3)}
    job = ordered(studio, build(), {(FileType.MUSIC, "tune.flac"): tune(5)} | many)
    with pytest.raises(InvalidInputError, match=r"with 2\.txt there are 600 quotes; at most 500"):
        perform(studio, job.id, Stage.STORYBOARD, "run")


def test_quotes_are_looked_at_once_and_no_more_when_the_job_is_cancelled(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    files = {(FileType.MUSIC, "tune.flac"): tune(5), (FileType.QUOTES, "q.txt"): b"A.\n\nA.\n\nB.\n\nC.\n"}
    job = ordered(studio, build(), files)

    def surveyed() -> None:
        with attempt(studio.jobs, job.id, Stage.STORYBOARD, "run") as current:

            def look(words: str) -> None:
                seen.append(words)
                if words == "B.":
                    studio.jobs.cancel(job.id)
                    current.watch()

            monkeypatch.setattr(studio.tools, "check_caption", look)
            survey(studio, current, brief_from_json(job.brief))

    with pytest.raises(CancelledError):
        surveyed()
    assert seen == ["A.", "B."]


def music_video(music_file: str) -> Any:
    return lambda **values: MusicVideoBrief(
        **values,
        song_title="Night Train",
        music_file=music_file,
        genre="synthwave",
        prompt="a train that crosses a sleeping city",
        aspect_ratio=AspectRatio.SQUARE,
        scene_seconds=2,
    )


def test_a_music_video_fetches_its_song_once(studio: Studio, tmp_path: Path) -> None:
    fetching = replace(studio, web=HttpMessenger(allow_private=True))
    with receiver(status(200, tune(6))) as told:
        job = ordered(fetching, music_video(told.url.replace("/hook", "/songs/night%20train.flac")), {})
        job = prepared(fetching, job)
        assert len(told.messages) == 1
    (file,) = studio.jobs.get_job_files(job.id)
    assert (file.filename, file.file_type) == ("night train.flac", FileType.MUSIC)
    assert job.storyboard is not None
    assert job.storyboard.frames == 6 * 30
    assert (job.target_duration_minutes, job.storyboard.songs[0].tempo_bpm) == (1, None)
    assert {(image.facts.width, image.facts.height) for image in studio.jobs.images(job.id)} == {(1080, 1080)}
    with pytest.raises(InvalidInputError, match="upload the song"):
        prepared(studio, ordered(studio, music_video("https://songs.example.org/x.flac"), {}))


def test_the_estimate_of_a_job_follows_its_song_when_it_is_planned(studio: Studio) -> None:
    """It stayed that of a song of 3:30."""
    painter: Any = copy(studio.images["dummy"])
    painter.capabilities = replace(painter.capabilities, price_usd=Decimal("0.04"))
    dear = replace(studio, images={**studio.images, "dummy": painter})
    brief = music_video("night.flac")
    job = ordered(dear, brief, {(FileType.MUSIC, "night.flac"): tune(6)})
    put_down_estimate(dear.jobs, Sellers.of(dear), brief_from_json(job.brief), job.id)
    assert dear.jobs.get_job(job.id).estimated_cost_usd == 60 * Decimal("0.04")
    planned = perform(dear, job.id, Stage.STORYBOARD, "run")
    assert planned.storyboard is not None
    assert planned.estimated_cost_usd == len(planned.storyboard.scenes) * Decimal("0.04") == Decimal("0.12")


def test_a_plan_that_a_cap_would_stop_says_so_before_anything_is_bought(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    painter: Any = copy(studio.images["dummy"])
    painter.capabilities = replace(painter.capabilities, price_usd=Decimal("0.04"))
    dear = replace(studio, images={**studio.images, "dummy": painter})
    for cap, warned in (("0.12", False), ("0.11", True)):
        studio.jobs.set_cap(CapScope.JOB, Decimal(cap))
        job = ordered(dear, music_video("night.flac"), {(FileType.MUSIC, "night.flac"): tune(6)})
        perform(dear, job.id, Stage.STORYBOARD, "run")
        assert ("the cap of $0.11 for this job leaves $0.11 of about $0.12" in caplog.text) == warned


def test_a_music_video_names_the_song_that_is_not_there(studio: Studio) -> None:
    files = {(FileType.MUSIC, "a.flac"): tune(5), (FileType.MUSIC, "b.flac"): tune(5)}
    job = ordered(studio, music_video("night.flac"), files)
    with pytest.raises(InvalidInputError, match=r"night\.flac was not uploaded; there are: a\.flac, b\.flac"):
        perform(studio, job.id, Stage.STORYBOARD, "run")
