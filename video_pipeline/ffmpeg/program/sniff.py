"""Owns recognising a file by its first bytes; hides the signatures."""

from __future__ import annotations

import stat
from pathlib import Path

from video_pipeline.domain.errors import MediaError

_HEAD = 16


def audio_demuxer(path: Path) -> str:
    """The demuxer for a sound file; MediaError when it is none of the kinds that are accepted, whatever its name."""
    head = _head(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mov"
    for signature, demuxer in ((b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3")):
        if head.startswith(signature):
            return demuxer
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # layer bits 00: ADTS
        return "aac"
    if head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # layer bits 01: MPEG layer III
        return "mp3"
    raise MediaError(f"{path.name} is no sound file (FLAC, WAV, AIFF, MP3, Ogg, MP4 or AAC): it begins {head!r}")


def video_demuxer(path: Path) -> str:
    """The demuxer for a video file; MediaError when it is neither MP4/MOV nor WebM."""
    head = _head(path)
    if head[4:8] == b"ftyp":
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    raise MediaError(f"{path.name} is no video file (MP4, MOV or WebM): it begins {head!r}")


_PICTURES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
_UNREAD_PICTURES = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}
"""By the brand of their first box, which they share with films (ISO/IEC 23008-12)."""


def picture_extension(path: Path) -> str | None:
    """The extension of a still picture that is read here (png, jpg, webp); None when it begins like none.

    MediaError for the kinds that phones make and that are not read here, because they begin like films.
    """
    head = _head(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _UNREAD_PICTURES:
        kind = _UNREAD_PICTURES[head[8:12]]
        raise MediaError(f"{path.name} is a picture of the kind {kind}, which is not read here; save it as JPEG or PNG")
    return next((extension for signature, extension in _PICTURES if head.startswith(signature)), None)


_QUICKTIME = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""Boxes with which a film begins; those of the cameras before 2005 had no ftyp."""

_TRANSPORT_SYNC = 0x47
# A packet of 188 bytes; in the files of camcorders (M2TS) each stands behind a time stamp of four.
_TRANSPORT_GRIDS = ((0, 188), (4, 192))
_TRANSPORT_PACKETS = 4


def foreign_demuxer(path: Path) -> str:
    """The demuxer for a video file that somebody else made; MediaError when it is of no accepted kind.

    Accepted are what phones, cameras, recorders and editors write: MP4/MOV, WebM/MKV, MPEG-TS/M2TS and AVI. Each
    further demuxer is one more parser for hostile bytes; playlists and scripts begin like none of these.
    """
    head = _head(path)
    if head[4:8] in _QUICKTIME:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if _is_transport_stream(path):
        return "mpegts"
    raise MediaError(f"{path.name} is no video file (MP4, MOV, WebM, MKV, MPEG-TS or AVI): it begins {head!r}")


def _is_transport_stream(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_TRANSPORT_PACKETS * 192)
    return any(
        len(start) > first + step * (_TRANSPORT_PACKETS - 1)
        and all(start[first + step * packet] == _TRANSPORT_SYNC for packet in range(_TRANSPORT_PACKETS))
        for first, step in _TRANSPORT_GRIDS
    )


def _head(path: Path) -> bytes:
    try:
        # A pipe or a device would be waited for without end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise MediaError(f"{path.name} is no regular file")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise MediaError(f"cannot read {path.name}: {error}") from error
    if len(head) < _HEAD:
        raise MediaError(f"{path.name} has only {len(head)} bytes: it is no media file")
    return head
