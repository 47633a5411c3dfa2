"""Owns telling what an uploaded file is by its content; hides how far it is opened for that.

The first bytes choose the one parser that may see it, and the parser looks in a cell at whether there is something to
decode in it. The name of the file plays no part.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import av

from video_pipeline.domain.errors import MediaError
from video_pipeline.ffmpeg.foreign.cell import alone
from video_pipeline.ffmpeg.foreign.survey import survey
from video_pipeline.ffmpeg.picture.pictures import check_still, open_picture
from video_pipeline.ffmpeg.program.command import MUSIC_DECODERS
from video_pipeline.ffmpeg.program.sniff import audio_demuxer, picture_extension

_LOOK_S = 60.0
_SAMPLED_FRAMES = 24
_HEAD = 64

_SOUND_EXTENSIONS = {
    "wav": "wav",
    "aiff": "aiff",
    "mov": "m4a",
    "flac": "flac",
    "ogg": "ogg",
    "aac": "aac",
    "mp3": "mp3",
}
_FILM_EXTENSIONS = {"avi": "avi", "mpegts": "ts"}


def pictured_kind(path: Path) -> str:
    """The extension that a video or a still picture deserves; MediaError when it is neither, or not usable."""
    still = picture_extension(path)
    if still is None:
        return film_kind(path)
    alone(_see, str(path), name=path.name, limit_s=_LOOK_S)
    return still


def _see(picture: str) -> dict[str, Any]:
    """Decode a still picture whole. Runs in a cell."""
    path = Path(picture)
    check_still(path)
    seen = open_picture(path)
    return {"width": seen.width, "height": seen.height}


def film_kind(path: Path) -> str:
    """The extension that a video deserves; MediaError when it is no usable video."""
    demuxer = survey(path).demuxer
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if demuxer == "matroska":
        return "webm" if b"webm" in head else "mkv"
    if demuxer == "mov":
        # QuickTime's own brand, or a file from before there were brands (ISO/IEC 14496-12, annex on brands).
        return "mov" if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else "mp4"
    return _FILM_EXTENSIONS[demuxer]


def sound_kind(path: Path) -> str:
    """The extension that a sound file deserves; MediaError when there is no sound in it that can be decoded."""
    demuxer = audio_demuxer(path)
    alone(_listen, str(path), demuxer, name=path.name, limit_s=_LOOK_S)
    return _SOUND_EXTENSIONS[demuxer]


def _listen(sound: str, demuxer: str) -> dict[str, Any]:
    """Decode the beginning of the first sound stream. Runs in a cell."""
    name = Path(sound).name
    options = {"protocol_whitelist": "file", "codec_whitelist": ",".join(MUSIC_DECODERS)}
    try:
        with av.open(
            f"file:{Path(sound).absolute()}", format=demuxer, options=options, metadata_errors="replace"
        ) as file:
            if not file.streams.audio:
                raise MediaError(f"{name} has no sound stream")
            stream = file.streams.audio[0]
            codec = stream.codec_context.name
            if codec not in MUSIC_DECODERS:
                raise MediaError(f"{name} is encoded with {codec}, which is not accepted")
            samples = sum(frame.samples for frame in islice(file.decode(stream), _SAMPLED_FRAMES))
    except (av.FFmpegError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise MediaError(f"{name} cannot be read: {error}") from error
    if not samples:
        raise MediaError(f"{name} holds no sound")
    return {"samples": samples}
