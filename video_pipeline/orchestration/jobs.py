"""Owns the Dagster jobs: the two halves of the asset graph and the op jobs; hides nothing.

A video takes two runs: up to the approval gate, and after it. No process waits for a person in between.
"""

from pathlib import Path
from typing import Any
from uuid import UUID

import dagster as dg

from video_pipeline import bootstrap
from video_pipeline.domain.delivery import renditions_of
from video_pipeline.orchestration import metadata
from video_pipeline.orchestration.assets import DELIVERY_ASSETS, STORYBOARD_ASSETS
from video_pipeline.orchestration.failures import RETRIES_MAX, translated
from video_pipeline.orchestration.resources import StudioResource
from video_pipeline.steps.check import check_files
from video_pipeline.steps.export import export_all
from video_pipeline.steps.on_demand import perform_order
from video_pipeline.steps.order import order_for_active_channels
from video_pipeline.steps.receive import sweep_uploads
from video_pipeline.steps.retention import cleanup_old_jobs
from video_pipeline.steps.upkeep import settle_open

storyboard_job = dg.define_asset_job(
    "storyboard_job",
    selection=dg.AssetSelection.assets(*STORYBOARD_ASSETS),
    description="Plan a video and obtain its music and pictures, up to the approval of the storyboard.",
    executor_def=dg.in_process_executor,
)

delivery_job = dg.define_asset_job(
    "delivery_job",
    selection=dg.AssetSelection.assets(*DELIVERY_ASSETS),
    description="Render an approved storyboard and export it.",
    executor_def=dg.in_process_executor,
)


class ExportConfig(dg.Config):
    """Which exports to make: each format in each quality; lists have commas, and `all` stands for the usual ones."""

    job_id: str
    format: str = "webm"
    quality: str = "low"


@dg.op(description="Make exports of a finished job from its timeline, all in one go.")
def make_export(context: dg.OpExecutionContext, config: ExportConfig, studio: StudioResource) -> None:
    """Make the exports, or find that they are there already."""
    opened = studio.open()
    with translated(context.retry_number):
        job = opened.jobs.get_job(UUID(config.job_id))
        records = export_all(
            opened,
            job,
            renditions_of(config.format, config.quality),
            report=lambda share, message: context.log.debug(f"{share:.0%} {message}"),
            cancelled=lambda: False,
        )
    context.add_output_metadata(metadata.of_files(opened, records))


@dg.job(executor_def=dg.in_process_executor, description="Make exports of a finished job on demand.")
def export_job() -> None:
    """Exports on demand."""
    make_export()


class OrderConfig(dg.Config):
    """Which work order to perform."""

    order_id: str


@dg.op(name="perform", description="Perform what was ordered on the page or by REST: exports, a preview, a refinement.")
def perform_placed(context: dg.OpExecutionContext, config: OrderConfig, studio: StudioResource) -> None:
    """Make one attempt at a work order; the books decide whether there is another one, so Dagster repeats nothing."""
    opened = studio.open()
    with translated(RETRIES_MAX):
        order = perform_order(opened, UUID(config.order_id), context.run.run_id)
    context.add_output_metadata(metadata.of_order(opened, order))


@dg.job(executor_def=dg.in_process_executor, description="Perform one work order.")
def order_job() -> None:
    """Work on demand, asked for by the sensor `placed_orders`."""
    perform_placed()


@dg.op(description="Order an album for each active channel that has no unfinished job.")
def order_albums(context: dg.OpExecutionContext, studio: StudioResource) -> None:
    """Order the albums; the sensor picks them up."""
    with translated(context.retry_number):
        ordered = order_for_active_channels(studio.open())
    context.add_output_metadata({"ordered": [str(job.id) for job in ordered]})


@dg.job(executor_def=dg.in_process_executor, description="Order an album for each active channel that waits for one.")
def order_albums_job() -> None:
    """Orders by schedule."""
    order_albums()


@dg.op(description="Forget uploads for which nothing came for too long, with what had come of them.")
def sweep_stale_uploads(context: dg.OpExecutionContext, studio: StudioResource) -> None:
    """Sweep; whoever is still sending keeps what was sent."""
    opened = studio.open()
    with translated(context.retry_number):
        swept = sweep_uploads(opened.jobs, opened.media)
    context.add_output_metadata({"swept": swept})


@dg.op(description="End purchases that were left open for jobs that are over: what was ordered counts as paid.")
def settle_open_purchases(context: dg.OpExecutionContext, studio: StudioResource) -> None:
    """Settle; what somebody still works on, or may take up again, stays open."""
    with translated(context.retry_number):
        ended = settle_open(studio.open())
    context.add_output_metadata({"purchases": [str(each.id) for each in ended]})


@dg.job(
    executor_def=dg.in_process_executor,
    description="Forget uploads for which nothing came for too long, and end purchases that nobody will go on with.",
)
def sweep_uploads_job() -> None:
    """Tidying up after those who left in the middle of an upload or a purchase."""
    sweep_stale_uploads()
    settle_open_purchases()


class CleanupConfig(dg.Config):
    """How long jobs are kept after they ended."""

    days: int


@dg.op(description="Give up jobs that ended long ago, with their files; published ones stay.")
def clean_up(context: dg.OpExecutionContext, config: CleanupConfig, studio: StudioResource) -> None:
    """Clean up; what each job took stands beside the run."""
    with translated(context.retry_number):
        gone = cleanup_old_jobs(studio.open(), config.days)
    context.add_output_metadata(
        {"jobs": [str(each.job.id) for each in gone], "bytes": sum(each.bytes for each in gone)}
    )


@dg.job(executor_def=dg.in_process_executor, description="Give up jobs that ended long ago, with their files.")
def cleanup_job() -> None:
    """Retention, by schedule or by hand."""
    clean_up()


class BackupConfig(dg.Config):
    """Where a backup goes: a folder that does not exist yet."""

    folder: str
    media: bool = False


@dg.op(description="Write the books and a list of the files, or the files too, to a folder.")
def back_up(context: dg.OpExecutionContext, config: BackupConfig) -> None:
    """Make the backup; what it holds stands beside the run."""
    with translated(context.retry_number):
        facts = bootstrap.backups().make(Path(config.folder).absolute(), with_media=config.media)
    context.add_output_metadata(metadata.of_backup(facts))


@dg.job(executor_def=dg.in_process_executor, description="Write a backup to a folder.")
def backup_job() -> None:
    """A backup, by hand or by a schedule of one's own."""
    back_up()


class CheckConfig(dg.Config):
    """What is looked at: the files of one job or of all, their sizes or their contents."""

    job_id: str | None = None
    deep: bool = False


@dg.op(description="Compare the books with the media store; a file that is not right is a failure.")
def check_media(context: dg.OpExecutionContext, config: CheckConfig, studio: StudioResource) -> None:
    """Look, and fail with what was found."""
    opened = studio.open()
    with translated(context.retry_number):
        job_id = UUID(config.job_id) if config.job_id else None
        found = check_files(opened.jobs, opened.media, job_id, deep=config.deep)
    context.add_output_metadata(metadata.of_check(found))
    if not found.passed:
        raise dg.Failure(f"{len(found.findings)} files", metadata=metadata.of_check(found), allow_retries=False)


@dg.job(executor_def=dg.in_process_executor, description="Compare the books with the media store; changes nothing.")
def check_job() -> None:
    """A look at all files, by schedule or by hand."""
    check_media()


JOBS: list[Any] = [
    storyboard_job,
    delivery_job,
    export_job,
    order_job,
    order_albums_job,
    sweep_uploads_job,
    cleanup_job,
    backup_job,
    check_job,
]
