"""Owns changes of a delivered storyboard in the books: refine, reorder, restore; hides how rows follow their scene.

Each verb holds the lease of an edit and is one transaction, so that a process that is killed in an edit leaves the job
as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Table, bindparam, case, delete, func, insert, select, update

from video_pipeline.domain.editing import check_editable, check_order, check_refinable, repainted, scene_of
from video_pipeline.domain.errors import ConflictError, InvalidInputError, NotFoundError
from video_pipeline.domain.licences import LicensedKind
from video_pipeline.domain.media import UPLOADED
from video_pipeline.domain.records import ImageVersion, JobRecord, Lease, NewPicture
from video_pipeline.domain.storyboard import SourceFile, Storyboard, seed_of
from video_pipeline.store.books.base import IMAGE_VERSIONS, IMAGES, JOBS, TRACKS, Books, find_row
from video_pipeline.store.books.codec import (
    clean,
    image_columns,
    job_record,
    storyboard_columns,
    version_record,
    words_of_people,
)
from video_pipeline.store.books.entries import move_unfinished, settle
from video_pipeline.store.books.fences import hold
from video_pipeline.store.books.licences import write_licence
from video_pipeline.store.books.moves import check_version, reopen, version_of
from video_pipeline.store.books.works import check_provider, terms_columns

_NOW = func.clock_timestamp()

_SHARED = (
    *("provider", "provider_image_id", "local_file_path", "sha256", "bytes", "width", "height", "mean_luma"),
    *("perceptual_hash", "licence", "license_document_url", "cost", "created_at"),
    *("clip_path", "clip_sha256", "clip_bytes", "clip_frames"),
)
"""What a picture and an earlier picture have in common."""


_VERSIONS = (
    select(IMAGE_VERSIONS)
    .where(IMAGE_VERSIONS.c.video_job_id == bindparam("job_id"))
    .order_by(IMAGE_VERSIONS.c.replaced_at.desc(), IMAGE_VERSIONS.c.id)
)


class EditBooks(Books):
    """Verbs that change a storyboard for which everything is delivered."""

    def storyboard_version(self, job_id: UUID) -> str | None:
        """The fingerprint of the plan and its files; None while scenes lack their music or picture."""
        with self._transaction() as connection:
            row = find_row(connection, job_id)
            try:
                return version_of(connection, row)
            except ConflictError:
                return None

    def refine_scene_in_storyboard(
        self,
        lease: Lease,
        scene_number: int,
        *,
        by: str,
        picture: NewPicture | None = None,
        description: str | None = None,
        expected: str | None = None,
    ) -> JobRecord:
        """Give a scene another picture, another description or both, and count the refinement.

        The former picture goes into the history, and the money set aside for the new one is settled. Raises
        LimitReachedError when all refinements are used up, PreconditionError when the storyboard is not the `expected`
        version, ConflictError when the job's status allows no edit, InvalidInputError for a scene that there is not.
        """
        if picture is None and description is None:
            raise InvalidInputError("a refinement needs an image prompt, a description or both")
        with self._transaction() as connection:
            row, plan = _opened(connection, lease, expected)
            check_refinable(row.id, row.refinement_count)
            scene_of(plan, scene_number)
            values: dict[str, Any] = {"refinement_count": JOBS.c.refinement_count + 1}
            changed = [noun for noun, given in (("picture", picture), ("description", description)) if given]
            if picture is not None:
                check_provider(connection, IMAGES, picture.generation.provider)
                _archive(connection, row, plan, scene_number)
                _show(connection, row.id, scene_number, _columns(picture) | {"created_at": _NOW})
                _license(connection, row.id, scene_number, picture)
                what = f"images/{scene_number:02}"
                prices = [settle(connection, row.id, each, what) for each in picture.generations]
                values["estimated_cost"] = JOBS.c.estimated_cost + sum(prices)
            after = repainted(
                plan,
                scene_number,
                prompt=picture.prompt if picture else None,
                seed=picture.seed if picture else None,
                description=description,
            )
            message = f"scene {scene_number}: {' and '.join(changed)}, by {by}"
            return _edited(connection, row, after, "refined", message, **values)

    def reorder_storyboard_scenes(
        self, lease: Lease, scene_order: Sequence[int], storyboard: Storyboard, *, by: str, expected: str | None = None
    ) -> JobRecord:
        """Put the scenes, with all that was made for them, into another order; `storyboard` is the plan in that order.

        The order that there is changes nothing and takes no approval back. Raises InvalidInputError, naming what is
        missing, doubled or unknown, unless each scene is named once; else as `refine_scene_in_storyboard`.
        """
        with self._transaction() as connection:
            row, plan = _opened(connection, lease, expected)
            check_order(scene_order, len(plan.scenes))
            if list(scene_order) == sorted(scene_order):
                return job_record(row)
            if [scene.title for scene in storyboard.scenes] != [
                plan.scenes[number - 1].title for number in scene_order
            ]:
                raise InvalidInputError("the storyboard given does not have its scenes in the order given")
            places = {number: place for place, number in enumerate(scene_order, 1)}
            for table in (IMAGES,) if plan.songs else (TRACKS, IMAGES):
                _renumber(connection, table, row.id, places)
            moved = case(places, value=IMAGE_VERSIONS.c.order_index, else_=IMAGE_VERSIONS.c.order_index)
            history = update(IMAGE_VERSIONS).where(IMAGE_VERSIONS.c.video_job_id == row.id)
            connection.execute(history.values(order_index=moved))
            kinds = ("images", "clips") if plan.songs else ("music", "images", "clips")
            move_unfinished(connection, row.id, places, kinds)
            message = f"{', '.join(map(str, scene_order))}, by {by}"
            return _edited(connection, row, storyboard, "reordered", message)

    def image_versions(self, job_id: UUID, order_index: int | None = None) -> list[ImageVersion]:
        """Earlier pictures of one scene or of all, the last replaced first."""
        query = _VERSIONS if order_index is None else _VERSIONS.where(IMAGE_VERSIONS.c.order_index == order_index)
        with self._transaction() as connection:
            return [version_record(row) for row in connection.execute(query, {"job_id": job_id})]

    def restore_image(
        self, lease: Lease, scene_number: int, version_id: UUID, *, by: str, expected: str | None = None
    ) -> JobRecord:
        """Let a scene show an earlier picture again, with its prompt and description; the present one goes into the
        history.

        It is no refinement and costs nothing. NotFoundError when the scene never showed it, else as
        `refine_scene_in_storyboard`.
        """
        with self._transaction() as connection:
            row, plan = _opened(connection, lease, expected)
            scene_of(plan, scene_number)
            chosen = delete(IMAGE_VERSIONS).where(
                IMAGE_VERSIONS.c.id == version_id,
                IMAGE_VERSIONS.c.video_job_id == row.id,
                IMAGE_VERSIONS.c.order_index == scene_number,
            )
            version = connection.execute(chosen.returning(IMAGE_VERSIONS)).one_or_none()
            if version is None:
                raise NotFoundError(f"scene {scene_number} of job {row.id} has no earlier picture {version_id}")
            _archive(connection, row, plan, scene_number)
            shown = {name: version._mapping[name] for name in _SHARED} | {"prompt_text": version.image_prompt}
            _show(connection, row.id, scene_number, shown)
            after = repainted(
                plan,
                scene_number,
                prompt=version.image_prompt,
                seed=version.seed,
                description=version.description,
                footage=_uploaded(version),
            )
            message = f"scene {scene_number}: picture {version_id}, by {by}"
            return _edited(connection, row, after, "restored", message)


def _opened(connection: Connection, lease: Lease, expected: str | None) -> tuple[Row[Any], Storyboard]:
    """The locked job of an edit and its plan, of the expected version."""
    hold(connection, lease)
    row = find_row(connection, lease.job_id, locked=True)
    if row.storyboard_data is None:
        raise InvalidInputError(f"job {row.id} is {row.status} and has no storyboard yet")
    check_editable(row.id, row.status)
    check_version(connection, row, expected)
    return row, Storyboard.from_json(row.storyboard_data)


def _edited(
    connection: Connection, row: Row[Any], storyboard: Storyboard, kind: str, message: str, **values: Any
) -> JobRecord:
    """The job with its other storyboard, awaiting approval."""
    reopen(connection, row, kind, message, values=storyboard_columns(storyboard) | words_of_people(row) | values)
    return job_record(find_row(connection, row.id))


def _archive(connection: Connection, row: Row[Any], plan: Storyboard, scene_number: int) -> None:
    """Put the picture that a scene shows into the history."""
    here = IMAGES.c.video_job_id == row.id, IMAGES.c.order_index == scene_number
    image = connection.execute(select(IMAGES).where(*here)).one()
    visual = plan.scenes[scene_number - 1].visual
    values = {name: image._mapping[name] for name in _SHARED} | {
        "video_job_id": row.id,
        "order_index": scene_number,
        "image_prompt": image.prompt_text,
        "description": visual.description,
        "seed": seed_of(visual, row.brief["seed"]),
        "replaced_at": _NOW,
    }
    connection.execute(insert(IMAGE_VERSIONS).values(values))


def _uploaded(version: Row[Any]) -> SourceFile | None:
    """The file of an earlier picture that somebody uploaded."""
    if version.provider != UPLOADED:
        return None
    return SourceFile(version.description, version.provider_image_id)


def _show(connection: Connection, job_id: UUID, scene_number: int, values: dict[str, Any]) -> None:
    """Let a scene show another picture; the row stays the same."""
    here = IMAGES.c.video_job_id == job_id, IMAGES.c.order_index == scene_number
    connection.execute(update(IMAGES).where(*here).values(values))


def _columns(picture: NewPicture) -> dict[str, Any]:
    return image_columns(picture.media, picture.facts, picture.clip) | {
        "provider": picture.generation.provider,
        "prompt_text": clean(picture.prompt),
        **terms_columns(picture.generation, "provider_image_id"),
        "cost": picture.cost_usd,
    }


def _license(connection: Connection, job_id: UUID, scene_number: int, picture: NewPicture) -> None:
    """Write under which rights a new picture and its clip were made."""
    files = [(LicensedKind.IMAGE, picture.generation, picture.media)]
    if picture.moved and picture.clip:
        files.append((LicensedKind.CLIP, picture.moved, picture.clip.media))
    for kind, by, media in files:
        write_licence(connection, job_id, kind, scene_number, by, prompt=picture.prompt, sha256=media.sha256)


def _renumber(connection: Connection, table: Table, job_id: UUID, places: dict[int, int]) -> None:
    """Give the works of scenes their new numbers, everything else as it was.

    A number is unique in its job at every moment, so the rows go and come again instead of changing one by one.
    """
    numbered = delete(table).where(table.c.video_job_id == job_id, table.c.order_index.in_(places)).returning(table)
    rows = [dict(row._mapping) for row in connection.execute(numbered).all()]
    connection.execute(insert(table), [row | {"order_index": places[row["order_index"]]} for row in rows])
