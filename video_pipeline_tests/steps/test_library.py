"""A job whose music and pictures come from the operator's own library."""

from __future__ import annotations

from collections.abc import Callable

from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.providers.workshop import Workshop
from video_pipeline.steps.pipeline import perform
from video_pipeline.steps.studio import Studio
from video_pipeline.store import admit_providers
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.providers.library import LICENCE, write_library


def test_a_job_shows_and_plays_each_file_once_and_keeps_its_licence(
    studio: Studio, order: Callable[..., JobRecord], workshop: Workshop, database: Database
) -> None:
    admit_providers(database.engine, music=("folder",), visual=("folder",))
    write_library(workshop.library, seconds=20, size=(1280, 720))
    job = order(music_provider="folder", visual_provider="folder")
    for stage in (Stage.STORYBOARD, Stage.MUSIC, Stage.IMAGES):
        perform(studio, job.id, stage, "run")
    assert studio.jobs.get_job(job.id).status is JobStatus.AWAITING_APPROVAL
    tracks, images = studio.jobs.tracks(job.id), studio.jobs.images(job.id)
    assert len({track.provider_track_id for track in tracks}) == len({image.provider_image_id for image in images}) == 3
    assert {track.licence_url for track in tracks} == {LICENCE["url"]}
