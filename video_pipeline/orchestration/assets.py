"""Owns the asset graph of a job: storyboard, music, images, master, exports; hides nothing but the call of the step."""

from functools import partial
from uuid import UUID

import dagster as dg

from video_pipeline.domain.progress import Stage
from video_pipeline.domain.records import JobRecord
from video_pipeline.orchestration import metadata
from video_pipeline.orchestration.failures import RETRIES_MAX, translated
from video_pipeline.orchestration.partitions import VIDEO_JOBS
from video_pipeline.orchestration.resources import StudioResource
from video_pipeline.steps.attempt import rest
from video_pipeline.steps.pipeline import perform

OWNERS = ["team:producers"]

Result = dg.MaterializeResult[None]
"""Metadata only: files are named by the books, no IO manager pickles media."""


def _perform(context: dg.AssetExecutionContext, studio: StudioResource, stage: Stage) -> JobRecord:
    last_try = context.retry_number >= RETRIES_MAX
    opened, job_id = studio.open(), UUID(context.partition_key)
    with translated(context.retry_number, partial(rest, opened.jobs, job_id)):
        return perform(opened, job_id, stage, context.run.run_id, last_try=last_try)


@dg.asset(partitions_def=VIDEO_JOBS, group_name="storyboard", kinds={"python", "postgres"}, owners=OWNERS)
def storyboard(context: dg.AssetExecutionContext, studio: StudioResource) -> Result:
    """The plan of the video: 20 scenes, each a music prompt and a picture prompt, with titles, chapters and tags."""
    job = _perform(context, studio, Stage.STORYBOARD)
    return Result(metadata=metadata.of_storyboard(studio.open(), job))


@dg.asset(
    partitions_def=VIDEO_JOBS, deps=[storyboard], group_name="storyboard", kinds={"flac", "postgres"}, owners=OWNERS
)
def music(context: dg.AssetExecutionContext, studio: StudioResource) -> Result:
    """One piece of music per scene, obtained from the job's provider, measured and checked."""
    job = _perform(context, studio, Stage.MUSIC)
    return Result(metadata=metadata.of_music(studio.open(), job))


@dg.asset(partitions_def=VIDEO_JOBS, deps=[music], group_name="storyboard", kinds={"png", "postgres"}, owners=OWNERS)
def images(context: dg.AssetExecutionContext, studio: StudioResource) -> Result:
    """One picture per scene, measured and checked; with them the storyboard is ready for approval."""
    job = _perform(context, studio, Stage.IMAGES)
    return Result(metadata=metadata.of_images(studio.open(), job))


@dg.asset(partitions_def=VIDEO_JOBS, deps=[images], group_name="delivery", kinds={"ffmpeg", "h264"}, owners=OWNERS)
def master(context: dg.AssetExecutionContext, studio: StudioResource) -> Result:
    """The finished programme, 1920x1080 at 30 frames a second and -14 LUFS, rendered from what was approved."""
    job = _perform(context, studio, Stage.MASTER)
    return Result(metadata=metadata.of_master(studio.open(), job))


@dg.asset(partitions_def=VIDEO_JOBS, deps=[master], group_name="delivery", kinds={"ffmpeg", "mp4"}, owners=OWNERS)
def exports(context: dg.AssetExecutionContext, studio: StudioResource) -> Result:
    """The files to hand out; mp4/high always, other formats and qualities on demand."""
    job = _perform(context, studio, Stage.EXPORTS)
    return Result(metadata=metadata.of_exports(studio.open(), job))


STORYBOARD_ASSETS = [storyboard, music, images]
DELIVERY_ASSETS = [master, exports]
