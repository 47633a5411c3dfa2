"""Owns small views of a job's media for pages: pictures at some width, waveforms; hides where they are kept.

They follow from the content alone and belong to nobody's books: losing them loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from uuid import UUID

from video_pipeline.domain.media import MediaReference
from video_pipeline.steps.studio import Studio

VIEWS = "jobs/{job_id}/views/"
"""How the keys of a job's views begin."""

WIDTHS = (64, 160, 320, 480, 640, 960, 1280, 1920)
"""Pixels; another width is answered by the next smaller one, so that nobody can fill the disk by asking for all."""


def picture_view(studio: Studio, job_id: UUID, media: MediaReference, width: int) -> Path:
    """`media`, a picture, as a JPEG at most `width` pixels wide, from 64 on; NotFoundError when its file is gone."""
    fitting = max((each for each in WIDTHS if each <= width), default=WIDTHS[0])
    source = studio.media.locate(media)
    return _kept(
        studio, job_id, f"{media.sha256}-{fitting}.jpg", lambda out: studio.tools.preview(source, fitting, out)
    )


def waveform_view(studio: Studio, job_id: UUID, media: MediaReference) -> Path:
    """The waveform of `media`, a piece of music, as a PNG; NotFoundError when its file is gone."""
    source = studio.media.locate(media)
    return _kept(studio, job_id, f"{media.sha256}.png", lambda out: studio.tools.waveform(source, out))


def drawn(studio: Studio, job_id: UUID, key: str, draw: Callable[[Path], None]) -> Path:
    """The file of `key`, drawn anew: whole in its place or not there, also while somebody else lists or copies it."""
    with studio.media.scratch(job_id) as scratch:
        made = scratch / PurePosixPath(key).name
        draw(made)
        studio.media.adopt(made, key)
    return studio.media.path(key)


def _kept(studio: Studio, job_id: UUID, name: str, draw: Callable[[Path], None]) -> Path:
    key = f"{VIEWS.format(job_id=job_id)}{name}"
    path = studio.media.path(key)
    # Two requests at once draw the same twice; each puts a whole file in its place.
    return path if path.is_file() else drawn(studio, job_id, key, draw)
