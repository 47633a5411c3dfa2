"""Owns recognising a file by its first bytes; hides the signatures."""

from __future__ import annotations

import stat
from pathlib import Path

from PIL import features

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
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"heim", b"heis"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_PICTURE_BRANDS = _HEIC_BRANDS | _AVIF_BRANDS | {b"mif1", b"msf1"}
"""Of the first box, which such pictures share with films (ISO/IEC 23008-12); the last two leave the coding open."""


def picture_extension(path: Path) -> str | None:
    """The extension of a still picture that is read here (png, jpg, webp, avif); None when it begins like none.

    MediaError for the kinds that phones make and that are not read here, because they begin like films.
    """
    head = _head(path)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        is_avif = bool(_AVIF_BRANDS & _brands(path))
        if is_avif and features.check("avif"):
            return "avif"
        kind = "AVIF" if is_avif else "HEIC"
        raise MediaError(f"{path.name} is a picture of the kind {kind}, which is not read here; save it as JPEG or PNG")
    return next((extension for signature, extension in _PICTURES if head.startswith(signature)), None)


_MOST_BRANDS = 64


def _brands(path: Path) -> set[bytes]:
    """The brands of the first box of a file, the one that counts most and those with which it goes along."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(4), "big")
        box = file.read(min(max(size - 4, 0), 4 * _MOST_BRANDS))
    return {box[4:8], *(box[place : place + 4] for place in range(12, len(box), 4))}


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
