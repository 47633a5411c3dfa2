"""Owns how the form of an order becomes a brief, and what it is expected to take; hides which field is at fault."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from fastapi.exceptions import RequestValidationError

from video_pipeline.api import models
from video_pipeline.api.desk import Desk
from video_pipeline.domain.brief import ALBUM_SCENES, SEED_MAX, AlbumBrief, Brief, StoryboardBrief
from video_pipeline.domain.effort import computing_cost, expected_frames
from video_pipeline.domain.errors import InvalidInputError, NotFoundError
from video_pipeline.domain.job import JobKind
from video_pipeline.domain.timebase import FPS_30

_OWN_FIELDS = {
    JobKind.ALBUM: ("target_duration_minutes",),
    JobKind.STORYBOARD: ("scene_count", "scene_seconds"),
}
"""The fields that one kind needs and no other one has."""

_FIELDS = {"niche": "niche_label", "mood": "mood_keywords", "project": "project_name"}
"""By the word with which the domain begins its complaint."""


def brief_of(desk: Desk, new: models.NewJob, user_id: str) -> Brief:
    """The brief of an order; RequestValidationError names the field that is not usable."""
    _check_fields(new)
    for field, known in (("music_provider", desk.music()), ("visual_provider", desk.images())):
        if getattr(new, field) not in known:
            raise _unusable(field, f"unknown provider; one of: {', '.join(sorted(known))}")
    try:
        desk.jobs.get_channel(new.channel_id)
    except NotFoundError as error:
        raise _unusable("channel_id", str(error)) from error
    values: dict[str, Any] = new.model_dump(exclude={"kind", "preparing", *sum(_OWN_FIELDS.values(), ())})
    values |= {name: getattr(new, name) for name in _OWN_FIELDS[new.kind]}
    values |= {"user_id": user_id, "seed": secrets.randbelow(SEED_MAX + 1) if new.seed is None else new.seed}
    try:
        return AlbumBrief(**values) if new.kind is JobKind.ALBUM else StoryboardBrief(**values)
    except InvalidInputError as error:
        word = str(error).split(maxsplit=1)[0]
        raise _unusable(_FIELDS.get(word, "kind"), str(error)) from error


def _check_fields(new: models.NewJob) -> None:
    for kind, fields in _OWN_FIELDS.items():
        for field in fields:
            if kind is new.kind and getattr(new, field) is None:
                raise _unusable(field, f"a job of the kind {kind} needs it")
            if kind is not new.kind and getattr(new, field) is not None:
                raise _unusable(field, f"a job of the kind {new.kind} has none")


def _unusable(field: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", field), "msg": message, "type": "value_error"}])


def estimate_of(desk: Desk, brief: Brief) -> models.Estimate:
    """What an order is expected to take."""
    scenes = ALBUM_SCENES if isinstance(brief, AlbumBrief) else brief.scene_count
    music = desk.music()[brief.music_provider].capabilities.price_usd
    images = desk.images()[brief.visual_provider].capabilities.price_usd
    frames = FPS_30.frames_in(brief.scene_seconds) * scenes if isinstance(brief, StoryboardBrief) else None
    frames = expected_frames(brief) if frames is None else frames
    return models.Estimate(
        duration_s=float(FPS_30.seconds(frames)),
        scenes=scenes,
        music=_pieces(scenes, music),
        images=_pieces(scenes, images),
        estimated_cost_usd=float(scenes * (music + images)),
        computing=computing_cost(brief, desk.workers, frames),
    )


def _pieces(count: int, price: Decimal) -> models.Pieces:
    return models.Pieces(pieces=count, price_usd=float(price))
