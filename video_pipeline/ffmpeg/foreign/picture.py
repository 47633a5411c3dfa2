"""Owns one pass over a foreign picture: decoded, made ours, encoded; hides how it is known that all of it came."""

from __future__ import annotations

from pathlib import Path

from video_pipeline.domain.errors import MediaError
from video_pipeline.ffmpeg.foreign.conform import is_bright, picture_filters
from video_pipeline.ffmpeg.foreign.workpiece import STALL_S, Workpiece
from video_pipeline.ffmpeg.program.binary import parts
from video_pipeline.ffmpeg.program.command import Coding, foreign_picture_command
from video_pipeline.ffmpeg.program.probe import open_video


def encode_picture(
    work: Workpiece, coding: Coding, out: Path, span: tuple[float, float], stall_s: float = STALL_S
) -> int:
    """Encode the picture of `work` to `out` and return its frames; MediaError when it is not all of it.

    `span` is the part of the progress that this takes.
    """
    filters = picture_filters(work.footage, work.frame, can_convert_light=_can_convert_light(work))
    command = foreign_picture_command(work.source, filters, coding, out)
    complaints = work.run(command, span, f"encoding the picture with {coding.encoder}", stall_s)
    frames = frames_of(out)
    reached = float(work.rate.seconds(frames))
    if frames == 0 or work.is_cut_short(frames):
        raise MediaError(
            f"{work.video.name} is cut off or damaged: {reached:.1f} of {work.footage.duration_s:.1f} s were encoded "
            f"by {coding.encoder}; {complaints or 'no message'}"
        )
    if reached > work.longest_s - 1:
        raise MediaError(f"{work.video.name} goes on after the {work.footage.duration_s:.1f} s that it says it lasts")
    work.note_damage("the picture", complaints)
    return frames


def _can_convert_light(work: Workpiece) -> bool:
    able = parts(work.binary, "-filters") >= {"zscale", "tonemap"}
    if not able and is_bright(work.footage.colour):
        work.note("this ffmpeg has no zscale and tonemap: light was not mapped, colours look pale")
    return able


def frames_of(picture: Path) -> int:
    """The frames of a picture that this room encoded."""
    with open_video(picture) as file:
        stream = file.streams.video[0]
        return stream.frames or sum(packet.size > 0 for packet in file.demux(stream))
