"""Owns skipping what this machine has no fonts for; `.ci/run` installs them where it may."""

from __future__ import annotations

import pytest

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ffmpeg.lettering.setting import set_words
from video_pipeline.ffmpeg.lettering.shelf import installed_shelf


def need(letters: str) -> None:
    """Skip the test when no font has `letters`, and say what to install."""
    try:
        set_words(letters, 1920, 1080, installed_shelf())
    except InvalidInputError as error:
        pytest.skip(str(error))
