"""Owns recognising a file by its first bytes; hides the signatures."""

from __future__ import annotations

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


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise MediaError(f"cannot read {path.name}: {error}") from error
    if len(head) < _HEAD:
        raise MediaError(f"{path.name} has only {len(head)} bytes: it is no media file")
    return head
