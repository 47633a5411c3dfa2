"""Owns what a form may offer: kinds, motions, providers, limits; hides in which room each is defined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from video_pipeline.api import models
from video_pipeline.api.caller import Reader
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.problems import answers
from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.brief import (
    ALBUM_MINUTES,
    ALBUM_SCENES,
    BPM,
    CUT_SECONDS,
    KINDS,
    PICTURE_SECONDS,
    PICTURES,
    SCENE_SECONDS,
    SCENES,
    Arrangement,
    MotionWish,
    TransitionWish,
)
from video_pipeline.domain.delivery import AspectRatio, Format, Quality
from video_pipeline.domain.editing import DESCRIPTION_CHARACTERS
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.money import REFINEMENTS_MAX, REGENERATED_IMAGE_USD
from video_pipeline.domain.timeline import Overlay
from video_pipeline.domain.uploads import JOB_MAX_BYTES, JOB_MAX_FILES, UPLOAD_MAX_BYTES, FileType
from video_pipeline.domain.wishes import BEDS_MAX, DUCKING_DB_MAX, LEVEL_DB, PROMPT_CHARACTERS

router = APIRouter(prefix="/options", tags=["operations"])


@router.get("", summary="What can be ordered", responses=answers(401))
def options(desk: AtDesk, caller: Reader) -> dict[str, Any]:
    """Kinds, looks, providers with their prices, and limits, as a form needs them."""
    return {
        "kinds": list(KINDS),
        "motions": list(MotionWish),
        "transitions": list(TransitionWish),
        "overlays": list(Overlay),
        "music_providers": _providers(desk.music()),
        "image_providers": _providers(desk.images()),
        "album": {"minutes": _limits(ALBUM_MINUTES), "scenes": ALBUM_SCENES},
        "storyboard": {"scenes": _limits(SCENES), "scene_seconds": _limits(SCENE_SECONDS)},
        "music_video": {
            "engines": [PICTURES, *desk.engines()],
            "missing": {
                name: each.capabilities.missing for name, each in desk.engines().items() if each.capabilities.missing
            },
            "bpm": _limits(BPM),
            "scene_seconds": _limits(CUT_SECONDS),
        },
        "build": {"arrangements": list(Arrangement), "picture_seconds": _limits(PICTURE_SECONDS)},
        "aspect_ratios": list(AspectRatio),
        "ambience": {
            "sounds": {each: each.label for each in Ambience},
            "count_max": BEDS_MAX,
            "level_db": LEVEL_DB,
            "ducking_db": [0, DUCKING_DB_MAX],
        },
        "files": {
            "types": {each: UPLOAD_MAX_BYTES[each] for each in FileType},
            "count_max": JOB_MAX_FILES,
            "bytes_max": JOB_MAX_BYTES,
        },
        "formats": list(Format),
        "qualities": list(Quality),
        "statuses": list(JobStatus),
        "prompt": _limits(PROMPT_CHARACTERS),
        "description": _limits(DESCRIPTION_CHARACTERS),
        "refinements_max": REFINEMENTS_MAX,
        "refinement_price_usd": float(REGENERATED_IMAGE_USD),
    }


def _limits(allowed: range) -> list[int]:
    return [allowed.start, allowed.stop - 1]


def _providers(known: Mapping[str, Any]) -> list[models.ProviderChoice]:
    return [
        models.ProviderChoice(
            name=name, price_usd=float(each.capabilities.price_usd), missing=each.capabilities.missing or None
        )
        for name, each in known.items()
    ]
