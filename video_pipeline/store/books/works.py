"""Owns what is made for a job, in the books: storyboard, music, pictures, renders, exports; hides the upserts.

Each write holds the lease of its attempt, except an export on demand, which changes nothing that an attempt owns.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import AudioFacts, Generation, ImageFacts, MediaReference
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.records import (
    BedRecord,
    Clip,
    ExportRecord,
    ImageRecord,
    Lease,
    RenderReport,
    TrackRecord,
    Works,
)
from video_pipeline.domain.storyboard import BedPlan, MusicPrompt, Song, Storyboard, VisualPrompt
from video_pipeline.store.books.base import (
    BEDS,
    EXPORTS,
    IMAGES,
    JOBS,
    RENDER_TASKS,
    TRACKS,
    Books,
    find_row,
    write_event,
)
from video_pipeline.store.books.codec import (
    audio_columns,
    bed_record,
    clean,
    clip_columns,
    export_record,
    image_columns,
    image_record,
    report_from_json,
    report_to_json,
    storyboard_columns,
    track_record,
    words_of_people,
)
from video_pipeline.store.books.entries import settle
from video_pipeline.store.books.fences import hold
from video_pipeline.store.books.licences import write_licence
from video_pipeline.store.books.moves import NO_APPROVAL, version_of, works_of
from video_pipeline.store.schema.tables.base import RenderStatus
from video_pipeline.store.schema.version import known_providers

_NOW = func.clock_timestamp()


class WorkBooks(Books):
    """Verbs about storyboards and what is made from them."""

    def save_storyboard(
        self,
        lease: Lease,
        storyboard: Storyboard,
        *,
        by: Generation | None = None,
        expected_usd: Decimal | None = None,
    ) -> None:
        """Record the plan with its texts, and what writing it cost; an approval given to another plan is taken back.

        `expected_usd`, what the job is expected to cost by this plan, replaces what was expected of the order.
        """
        with self._transaction() as connection:
            hold(connection, lease)
            row = find_row(connection, lease.job_id, locked=True)
            values = storyboard_columns(storyboard) | words_of_people(row) | NO_APPROVAL
            if expected_usd is not None:
                values["estimated_cost"] = expected_usd
            connection.execute(update(JOBS).where(JOBS.c.id == lease.job_id).values(values))
            if by is not None:
                settle(connection, lease.job_id, by, "words/00")
            write_event(connection, lease.job_id, "planned", message=storyboard.title, attempt=lease.attempt)
            if row.approved:
                write_event(connection, lease.job_id, "approval_reset", attempt=lease.attempt)

    def works(self, job_id: UUID) -> Works:
        """Music, pictures and sounds of a job, as they were at one moment."""
        with self._transaction() as connection:
            return works_of(connection, job_id)

    def tracks(self, job_id: UUID) -> list[TrackRecord]:
        """The measured pieces of music of a job, in order."""
        return list(self.works(job_id).tracks)

    def save_track(
        self, lease: Lease, prompt: MusicPrompt | Song, generation: Generation, media: MediaReference, facts: AudioFacts
    ) -> TrackRecord:
        """Record one piece of music, made or uploaded, in its place; it replaces one that was there."""
        values = audio_columns(media, facts) | {
            "provider": generation.provider,
            "prompt_text": clean(prompt.text),
            **terms_columns(generation, "provider_track_id"),
        }
        with self._transaction() as connection:
            return track_record(_save(connection, TRACKS, lease, prompt.order_index, values, by=generation))

    def images(self, job_id: UUID) -> list[ImageRecord]:
        """The measured pictures of a job, in order."""
        return list(self.works(job_id).images)

    def save_image(
        self,
        lease: Lease,
        prompt: VisualPrompt,
        generation: Generation,
        media: MediaReference,
        facts: ImageFacts,
        *,
        clip: Clip | None = None,
    ) -> ImageRecord:
        """Record one picture, with the footage shown instead of it, in its place; it replaces what was there."""
        values = image_columns(media, facts, clip) | {
            "provider": generation.provider,
            "prompt_text": prompt.text,
            **terms_columns(generation, "provider_image_id"),
        }
        with self._transaction() as connection:
            image = image_record(_save(connection, IMAGES, lease, prompt.order_index, values, by=generation))
            if clip is not None:  # of which the picture is a still: they were paid once
                same = replace(generation, cost_usd=ZERO_USD)
                _license_clip(connection, lease, prompt.order_index, same, image)
            return image

    def save_clip(self, lease: Lease, order_index: int, generation: Generation, clip: Clip) -> ImageRecord:
        """Record the footage that was made of a picture, to be shown instead of it; it replaces what was there.

        What it cost is added to the cost of the picture. NotFoundError when the job has no such picture.
        """
        here = IMAGES.c.video_job_id == lease.job_id, IMAGES.c.order_index == order_index
        values = clip_columns(clip) | {"cost": IMAGES.c.cost + generation.cost_usd}
        with self._transaction() as connection:
            hold(connection, lease)
            row = connection.execute(update(IMAGES).where(*here).values(values).returning(IMAGES)).one_or_none()
            if row is None:
                raise NotFoundError(f"job {lease.job_id} has no picture {order_index} of which a clip can be shown")
            settle(connection, lease.job_id, generation, f"clips/{order_index:02}")
            image = image_record(row)
            _license_clip(connection, lease, order_index, generation, image)
            return image

    def save_bed(
        self, lease: Lease, plan: BedPlan, generation: Generation, media: MediaReference, facts: AudioFacts
    ) -> BedRecord:
        """Record one sound beneath the music in its place; it replaces one that was there."""
        values = audio_columns(media, facts) | {
            "provider": generation.provider,
            "name": clean(plan.name),
            "level_db": plan.level_db,
            "ducking_db": plan.ducking_db,
            **terms_columns(generation, "provider_sound_id"),
        }
        with self._transaction() as connection:
            hold(connection, lease)
            return bed_record(_put(connection, BEDS, lease, plan.order_index, values, by=generation))

    def open_render_task(self, lease: Lease, resolution: str) -> UUID:
        """Record that rendering begins; a task that an earlier attempt left open is closed as failed."""
        left = RENDER_TASKS.c.video_job_id == lease.job_id, RENDER_TASKS.c.status == RenderStatus.IN_PROGRESS
        abandoned = {"status": RenderStatus.FAILED, "error_message": "its attempt ended without a word"}
        opened = insert(RENDER_TASKS).values(
            video_job_id=lease.job_id,
            ffmpeg_command="",  # known when it has run
            resolution=resolution,
            status=RenderStatus.IN_PROGRESS,
            attempt=lease.attempt,
        )
        with self._transaction() as connection:
            hold(connection, lease)
            connection.execute(update(RENDER_TASKS).where(*left).values(abandoned | {"completed_at": _NOW}))
            task: UUID = connection.execute(opened.returning(RENDER_TASKS.c.id)).scalar_one()
        return task

    def close_render_task(self, lease: Lease, task_id: UUID, outcome: RenderReport | str) -> None:
        """Record the result: a report, or the text of the error. NotFoundError when the job has no such task."""
        with self._transaction() as connection:
            hold(connection, lease)
            _close(connection, lease, task_id, outcome)

    def save_master(self, lease: Lease, report: RenderReport, *, task_id: UUID | None = None) -> None:
        """Record the master, and close its render task; exports that were made from an earlier one are forgotten."""
        values = {
            "local_video_path": report.media.key,
            "duration": round(report.duration_s),
            "master_report": report_to_json(report),
        }
        with self._transaction() as connection:
            hold(connection, lease)
            before = find_row(connection, lease.job_id, locked=True).master_report
            if before is not None and report_from_json(before).media.sha256 != report.media.sha256:
                connection.execute(delete(EXPORTS).where(EXPORTS.c.video_job_id == lease.job_id))
            connection.execute(update(JOBS).where(JOBS.c.id == lease.job_id).values(values))
            write_event(connection, lease.job_id, "rendered", message=report.media.key, attempt=lease.attempt)
            if task_id is not None:
                _close(connection, lease, task_id, report)

    def master(self, job_id: UUID) -> RenderReport | None:
        """The report of the finished master; None before there is one."""
        with self._transaction() as connection:
            row = connection.execute(_MASTER, {"job_id": job_id}).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no job {job_id}")
        return None if row.master_report is None else report_from_json(row.master_report)

    def save_export(self, job_id: UUID, report: RenderReport, *, version: str | None = None) -> ExportRecord:
        """Record one export; it replaces one of the same format and quality.

        ConflictError when the storyboard is not the `version` any more that it shows, or its master was forgotten.
        """
        values = {
            "local_file_path": report.media.key,
            "sha256": report.media.sha256,
            "bytes": report.media.bytes,
            "width": report.width,
            "height": report.height,
            "duration_seconds": round(report.duration_s, 2),
            "report": report_to_json(report),
            "created_at": _NOW,
        }
        place = {
            "video_job_id": job_id,
            "format": str(report.rendition.format),
            "quality": str(report.rendition.quality),
        }
        statement = insert(EXPORTS).values(place | values)
        with self._transaction() as connection:
            row = find_row(connection, job_id, locked=version is not None)
            if version is not None and (row.master_report is None or version != version_of(connection, row)):
                raise ConflictError(
                    f"the storyboard of job {job_id} changed while {report.rendition.name} was made; export it anew"
                )
            upsert = statement.on_conflict_do_update(index_elements=list(place), set_=values).returning(EXPORTS)
            row = connection.execute(upsert).one()
            write_event(connection, job_id, "exported", message=report.rendition.name)
        return export_record(row)

    def exports(self, job_id: UUID) -> list[ExportRecord]:
        """The exports of a job, oldest first."""
        with self._transaction() as connection:
            return [export_record(row) for row in connection.execute(_EXPORTS, {"job_id": job_id})]


_MASTER = select(JOBS.c.master_report).where(JOBS.c.id == bindparam("job_id"))
_EXPORTS = (
    select(EXPORTS).where(EXPORTS.c.video_job_id == bindparam("job_id")).order_by(EXPORTS.c.created_at, EXPORTS.c.id)
)


def _close(connection: Connection, lease: Lease, task_id: UUID, outcome: RenderReport | str) -> None:
    if isinstance(outcome, str):
        values: dict[str, Any] = {"status": RenderStatus.FAILED, "error_message": clean(outcome)}
    else:
        values = {
            "status": RenderStatus.COMPLETED,
            "ffmpeg_command": clean(outcome.command),
            "local_video_path": outcome.media.key,
            "resolution": f"{outcome.width}x{outcome.height}",
            "duration_seconds": round(outcome.duration_s, 2),
            "report": report_to_json(outcome),
        }
    ours = RENDER_TASKS.c.id == task_id, RENDER_TASKS.c.video_job_id == lease.job_id
    statement = update(RENDER_TASKS).where(*ours).values(values | {"completed_at": _NOW})
    if not connection.execute(statement).rowcount:
        raise NotFoundError(f"job {lease.job_id} has no render task {task_id}")


def check_provider(connection: Connection, table: Table, name: str) -> None:
    """Raise InvalidInputError unless the books know a provider of that name for works of `table`."""
    known = known_providers(connection, table.c.provider.type.impl.name)  # type: ignore[attr-defined] # ProviderName
    if name not in known:
        raise InvalidInputError(f"the books know no provider {name!r}; known: {', '.join(known)}")


def terms_columns(generation: Generation, id_column: str) -> dict[str, Any]:
    """What the provider said: its texts come from outside and may hold anything."""
    said = {
        id_column: generation.provider_id,
        "licence": generation.licence.name,
        "license_document_url": generation.licence.url,
    }
    return {name: text and clean(text) for name, text in said.items()} | {"cost": generation.cost_usd}


def _save(
    connection: Connection,
    table: Table,
    lease: Lease,
    order_index: int,
    values: dict[str, Any],
    *,
    by: Generation,
) -> Any:
    hold(connection, lease)
    check_provider(connection, table, by.provider)
    kind = select(JOBS.c.kind).where(JOBS.c.id == lease.job_id).scalar_subquery()
    return _put(connection, table, lease, order_index, values, by=by, kind=kind)


def _put(
    connection: Connection,
    table: Table,
    lease: Lease,
    order_index: int,
    values: dict[str, Any],
    *,
    by: Generation,
    **place: Any,
) -> Any:
    new = {"video_job_id": lease.job_id, "order_index": order_index} | place | values
    changed = values | {"created_at": _NOW}
    statement = (
        insert(table).values(new).on_conflict_do_update(index_elements=["video_job_id", "order_index"], set_=changed)
    )
    row = connection.execute(statement.returning(table)).one()
    settle(connection, lease.job_id, by, f"{table.name}/{order_index:02}")
    prompt = values["name"] if table is BEDS else values["prompt_text"]
    kind = _LICENSED[table.name]
    write_licence(connection, lease.job_id, kind, order_index, by, prompt=prompt, sha256=values["sha256"])
    return row


_LICENSED = {"audio_tracks": LicensedKind.TRACK, "images": LicensedKind.IMAGE, "sound_beds": LicensedKind.BED}


def _license_clip(connection: Connection, lease: Lease, order_index: int, by: Generation, image: ImageRecord) -> None:
    if image.clip is not None:
        clip, prompt = image.clip.media.sha256, image.prompt_text
        write_licence(connection, lease.job_id, LicensedKind.CLIP, order_index, by, prompt=prompt, sha256=clip)
