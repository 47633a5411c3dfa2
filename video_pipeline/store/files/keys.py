"""Owns the form of a media key: a relative path with forward slashes that stays inside the store; hides nothing."""

from __future__ import annotations

from pathlib import PurePosixPath

from video_pipeline.domain.errors import InvalidInputError

KEY_MAX_BYTES = 1024
NAME_MAX_BYTES = 255
"""Of one part of a key: the limit of ext4 and most other file systems."""


def checked_key(key: str) -> PurePosixPath:
    """`key` as a path; InvalidInputError when it is empty, absolute, too long or could leave the store."""
    parts = key.split("/")
    unusable = (
        not key.isprintable()
        or "\\" in key
        or len(key.encode("utf-8", "replace")) > KEY_MAX_BYTES
        or any(part in ("", ".", "..") or len(part.encode("utf-8", "replace")) > NAME_MAX_BYTES for part in parts)
        # Names with a dot in front belong to the store itself.
        or parts[0].startswith(".")
    )
    if unusable:
        raise InvalidInputError(
            f"{key[:200]!r} is no media key; give a relative path with forward slashes, without empty or dotted parts"
        )
    return PurePosixPath(key)
