"""Owns how the form of an order becomes a brief, and what it is expected to take; hides which field is at fault."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError

from video_pipeline.api import models
from video_pipeline.api.desk import Desk
from video_pipeline.domain.brief import KINDS, PICTURES, SEED_MAX, Brief
from video_pipeline.domain.effort import computing_cost
from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.estimates import Share, cap_note
from video_pipeline.domain.job import JobKind
from video_pipeline.domain.timebase import FPS_30
from video_pipeline.domain.wishes import BedWish
from video_pipeline.steps.estimate import estimate
from video_pipeline.steps.studio import Described, check_engine, check_usable, chosen

_NEEDED: Mapping[JobKind, tuple[str, ...]] = {
    JobKind.ALBUM: ("target_duration_minutes",),
    JobKind.STORYBOARD: ("scene_count", "scene_seconds"),
    JobKind.MUSIC_VIDEO: ("song_title", "music_file", "genre", "prompt"),
    JobKind.BUILD: (),
}
"""The fields that a kind cannot do without."""

_POSSIBLE: Mapping[JobKind, tuple[str, ...]] = {
    JobKind.ALBUM: (),
    JobKind.STORYBOARD: ("prompt", "style"),
    JobKind.MUSIC_VIDEO: ("style", "bpm", "engine", "scene_seconds"),
    JobKind.BUILD: ("arrangement", "picture_seconds"),
}
"""Those that it has besides, and that other kinds may lack."""

_OWN_FIELDS = frozenset(name for fields in (_NEEDED, _POSSIBLE) for names in fields.values() for name in names)

_FIELDS = {
    "niche": "niche_label",
    "mood": "mood_keywords",
    "project": "project_name",
    "sound": "ambience",
    "a scene": "scene_seconds",
    "a picture": "picture_seconds",
    "song": "song_title",
    "music": "music_file",
    **{name: name for name in ("genre", "prompt", "style", "bpm", "engine", "quotes")},
}
"""By the words with which the domain begins its complaint."""


def brief_of(desk: Desk, new: models.NewJob, user_id: str | None, *, ordering: bool = True) -> Brief:
    """The brief of an order, or of what is only estimated; RequestValidationError names the field that is not usable.

    Nothing is ordered of a provider whose key is missing.
    """
    _check_fields(new)
    _check_providers(desk, new, ordering)
    try:
        desk.jobs.get_channel(new.channel_id)
    except NotFoundError as error:
        raise _unusable("channel_id", str(error)) from error
    values: dict[str, Any] = new.model_dump(exclude={"kind", "preparing", "ambience", *_OWN_FIELDS})
    own = {name: getattr(new, name) for name in (*_NEEDED[new.kind], *_POSSIBLE[new.kind])}
    values |= {name: value for name, value in own.items() if value is not None}
    values |= {"user_id": user_id, "seed": secrets.randbelow(SEED_MAX + 1) if new.seed is None else new.seed}
    try:
        values["ambience"] = tuple(BedWish(**bed.model_dump()) for bed in new.ambience)
        return KINDS[new.kind](**values)
    except InvalidInputError as error:
        text = str(error)
        field = next((field for words, field in _FIELDS.items() if text.startswith(words)), "kind")
        raise _unusable(field, text) from error


def _check_providers(desk: Desk, new: models.NewJob, ordering: bool) -> None:
    check = check_usable if ordering else chosen
    try:
        check_engine(desk.engines(), PICTURES if new.engine is None else new.engine)
    except InvalidInputError as error:
        raise _unusable("engine", str(error)) from error
    asked: list[tuple[str, Mapping[str, Described], str]] = [
        ("music_provider", desk.music(), new.music_provider),
        ("visual_provider", desk.images(), new.visual_provider),
    ]
    if new.engine is not None and new.engine != PICTURES:
        asked.append(("engine", desk.engines(), new.engine))
    for field, known, name in asked:
        try:
            check(known, name)
        except InvalidInputError as error:
            raise _unusable(field, str(error)) from error


def _check_fields(new: models.NewJob) -> None:
    for field in _NEEDED[new.kind]:
        if getattr(new, field) is None:
            raise _unusable(field, f"a job of the kind {new.kind} needs it")
    for field in sorted(_OWN_FIELDS.difference(_NEEDED[new.kind], _POSSIBLE[new.kind])):
        if getattr(new, field) is not None:
            raise _unusable(field, f"a job of the kind {new.kind} has none")


def _unusable(field: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", field), "msg": message, "type": "value_error"}])


def estimate_of(desk: Desk, brief: Brief) -> models.Estimate:
    """What an order is expected to take."""
    told = estimate(desk.sellers(), brief)
    return models.Estimate(
        duration_s=float(FPS_30.seconds(told.frames)),
        length_note=told.length_note,
        scenes=told.scenes,
        music=_pieces(told.music),
        images=_pieces(told.images),
        clips=_pieces(told.clips),
        thumbnail=_pieces(told.thumbnail),
        words_usd=float(told.words_usd),
        estimated_cost_usd=float(told.total_usd),
        cap_note=cap_note(told.total_usd, desk.jobs.spending(channel_id=brief.channel_id)) if told.total_usd else None,
        computing=computing_cost(brief, desk.workers, told.frames),
    )


def _pieces(share: Share) -> models.Pieces:
    return models.Pieces(pieces=share.pieces, price_usd=float(share.price_usd))
