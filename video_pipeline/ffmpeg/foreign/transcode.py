"""Owns making a foreign video ours: one file in, one rendition out; hides the steps and what is kept between them.

    look     in a cell of its own: what it is, whether it is too much
    sound    decoded to raw samples
    picture  decoded, brought to size, rate and colour, encoded by hardware or software
    voice    the sound cut to the picture's length, levelled, encoded, measured as encoded
    join     packets copied into one file beside the wanted one, which is renamed when all is well

What lies between the steps is in a session of the cache, which removes it after a killed process as well.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import av

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import Loudness, MediaReference
from video_pipeline.domain.records import RenderReport
from video_pipeline.ffmpeg.foreign.conform import Frame
from video_pipeline.ffmpeg.foreign.encoders import KEY_DISTANCE_S, SOFTWARE, Encoder
from video_pipeline.ffmpeg.foreign.hardware import Hardware
from video_pipeline.ffmpeg.foreign.levelling import (
    apply_trim,
    encoded_loudness,
    fit_length,
    missed,
    next_trim,
    settled_trim,
    soften_edges,
)
from video_pipeline.ffmpeg.foreign.picture import encode_picture, frames_of
from video_pipeline.ffmpeg.foreign.survey import ForeignChapter, survey
from video_pipeline.ffmpeg.foreign.wish import Wish, check_room, check_wish
from video_pipeline.ffmpeg.foreign.workpiece import STALL_S, Workpiece, seldom
from video_pipeline.ffmpeg.program.binary import FfmpegBinary
from video_pipeline.ffmpeg.program.command import (
    Coding,
    foreign_sound_command,
    join_command,
    voice_command,
)
from video_pipeline.ffmpeg.program.probe import inspect
from video_pipeline.ffmpeg.sound.voice import AudioCodec
from video_pipeline.ffmpeg.work.aside import aside, not_made
from video_pipeline.ffmpeg.work.cache import Cache
from video_pipeline.ports import IsCancelled, ReportProgress

log = logging.getLogger(__name__)

# Spans of the progress; of anything that takes long, the picture takes nearly all.
_SOUND, _PICTURE, _VOICE, _JOIN = (0.01, 0.05), (0.05, 0.92), (0.92, 0.98), (0.98, 1.0)

_HARDWARE_STALL_S = 60.0
_ROUNDS = 3
_LEEWAY = 1.05

# Presentation may run ahead of decoding: the first frame is shown at 0 without an edit list.
_FROM_ZERO = {"use_editlist": "0", "movflags": "+negative_cts_offsets"}
_BETWEEN = {"mp4": _FROM_ZERO, "mov": _FROM_ZERO}
_FINAL = {
    "mp4": {**_FROM_ZERO, "movflags": "+faststart+negative_cts_offsets"},
    "mov": {**_FROM_ZERO, "movflags": "+faststart+negative_cts_offsets"},
    # Without cues in front a player must read to the end before it can seek.
    "webm": {"cues_to_front": "1"},
}
_WITHOUT_PRIMING = {
    # The first packet only fills the encoder; without it sound starts at 0 without an edit list.
    AudioCodec.AAC: {**_FROM_ZERO, "bsf:a": "noise=drop=eq(n\\,0)"},
    AudioCodec.OPUS: {},
}


@dataclass(frozen=True, slots=True)
class Foundry:
    """What every transcode on this machine uses."""

    binary: FfmpegBinary
    cache: Cache
    hardware: Hardware


def transcode(foundry: Foundry, wish: Wish, report: ReportProgress, cancelled: IsCancelled) -> RenderReport:
    """Make `wish`, written aside and renamed; see ports.MediaTools.transcode."""
    began = time.monotonic()
    check_wish(wish)
    report(0.0, "looking at the video")
    is_stopped = seldom(cancelled)
    footage = survey(wish.video, is_stopped)
    rung = wish.rendition.rung
    with foundry.cache.session() as session:
        work = Workpiece(
            binary=foundry.binary.path,
            video=wish.video,
            aim=wish.rendition.name,
            frame=Frame(rung.width, rung.height, wish.crop),
            footage=footage,
            own=session.own,
            report=report,
            is_stopped=is_stopped,
        )
        try:
            work.check()
            check_room(work, wish)
            pcm = _decoded_sound(work)
            picture, encoder = _encoded_picture(work, wish, foundry.hardware)
            frames = frames_of(picture)
            voice, loudness = _encoded_sound(work, wish, pcm, frames)
            with aside(wish.out) as part:
                _join(work, wish, picture, voice, part)
                result = _report(work, wish, part, encoder, loudness)
                work.check()
        except (OSError, av.FFmpegError) as error:
            raise not_made(wish.out, error) from error
    report(1.0, "finished")
    return replace(result, wall_s=time.monotonic() - began)


def _decoded_sound(work: Workpiece) -> Path:
    """The raw sound as it lies under the picture; an empty file when there is none."""
    pcm = work.own / "sound.f32"
    pcm.touch()
    if not work.footage.channels:
        work.note("it has no sound: a silent track was added")
        return pcm
    command = foreign_sound_command(work.source, work.footage.sound_late_s, pcm)
    work.note_damage("the sound", work.run(command, _SOUND, "decoding the sound"))
    return pcm


def _encoded_picture(work: Workpiece, wish: Wish, hardware: Hardware) -> tuple[Path, Encoder]:
    """The picture alone, by hardware if that works, else by software; and which encoder made it."""
    software = SOFTWARE[wish.codec]
    chosen = hardware.choice(wish.codec, work.footage.duration_s, work.is_stopped)
    if refusal := hardware.refusal(wish.codec):
        work.note(refusal)
    if chosen is None:
        return _picture_by(work, wish, software, STALL_S), software
    try:
        return _picture_by(work, wish, chosen, _HARDWARE_STALL_S), chosen
    except MediaError as first:
        log.warning("%s failed on %s, %s goes on: %s", chosen.name, work.video.name, software.name, first)
        try:
            made = _picture_by(work, wish, software, STALL_S)
        except MediaError as second:
            raise MediaError(
                f"{work.video.name} was encoded neither by {chosen.name} ({first}) nor by {software.name} ({second})"
            ) from first
        # The video was not to blame.
        hardware.distrust(chosen.name, str(first))
        work.note(f"{chosen.name} failed, {software.name} took over: {first}")
        return made, software


def _picture_by(work: Workpiece, wish: Wish, encoder: Encoder, stall_s: float) -> Path:
    """The picture encoded below the ceiling; a second time, aiming lower, when the encoder exceeds what it was told."""
    ceiling = wish.rendition.rung.video_bps
    picture, frames = _coded_picture(work, wish, encoder, ceiling, stall_s)
    bits, seconds = picture.stat().st_size * 8, float(work.rate.seconds(frames))
    # A player's buffer of two seconds may be filled before the first frame is shown.
    if bits <= _LEEWAY * ceiling * (seconds + KEY_DISTANCE_S):
        return picture
    target = int(ceiling * ceiling * seconds / bits)
    work.note(f"{encoder.name} used {bits / seconds / 1000:.0f} kbit/s and was told to aim at {target // 1000}")
    return _coded_picture(work, wish, encoder, target, stall_s)[0]


def _coded_picture(work: Workpiece, wish: Wish, encoder: Encoder, bit_rate: int, stall_s: float) -> tuple[Path, int]:
    """The picture encoded once, and its frames; MediaError when it is not all of it."""
    muxer = wish.container.muxer
    picture = work.own / f"picture.{muxer}"
    options = {**encoder.arguments(bit_rate, work.rate), **_BETWEEN.get(muxer, {})}
    coding = Coding(muxer, encoder.name, options, encoder.device, encoder.upload)
    return picture, encode_picture(work, coding, picture, _PICTURE, stall_s)


def _encoded_sound(work: Workpiece, wish: Wish, pcm: Path, frames: int) -> tuple[Path, Loudness]:
    """The sound as long as the picture, levelled and encoded, and what it then measures."""
    work.tell(_VOICE[0], "levelling the sound")
    fit_length(pcm, work.rate.samples_at(frames))
    soften_edges(pcm)
    trim = settled_trim(pcm, work.check)
    voice, muxer = wish.voice, wish.container.muxer
    file = work.own / f"sound.{muxer}"
    options = {"b:a": str(voice.bit_rate), **voice.options, **_WITHOUT_PRIMING[voice.codec]}
    command = voice_command(work.binary, pcm, Coding(muxer, voice.facts.encoder, options), file)
    for _ in range(_ROUNDS):
        apply_trim(pcm, trim, work.check)
        work.run(command, _VOICE, "encoding the sound")
        loudness = encoded_loudness(file, work.check)
        again = next_trim(loudness, trim)
        if again is None:
            break
        trim = again
    if complaint := missed(loudness):
        work.note(complaint)
    return file, loudness


def _join(work: Workpiece, wish: Wish, picture: Path, voice: Path, part: Path) -> None:
    chapters = None
    if work.footage.chapters:
        chapters = work.own / "chapters.txt"
        chapters.write_text(chapters_text(work.footage.chapters))
    coding = Coding(wish.container.muxer, "copy", {**_FINAL[wish.container.muxer], "fflags": "+bitexact"})
    work.run(join_command(work.binary, (picture, voice), chapters, coding, part), _JOIN, "joining picture and sound")


def chapters_text(chapters: tuple[ForeignChapter, ...]) -> str:
    """The chapters in ffmpeg's metadata format, in which five characters stand behind a backslash."""
    escaped = str.maketrans({each: f"\\{each}" for each in "=;#\\\n"})
    blocks = [
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={chapter.start_ms}\nEND={chapter.end_ms}\n"
        f"title={chapter.title.translate(escaped)}\n"
        for chapter in chapters
    ]
    return ";FFMETADATA1\n" + "".join(blocks)


def _report(work: Workpiece, wish: Wish, part: Path, encoder: Encoder, loudness: Loudness) -> RenderReport:
    facts = inspect(part)
    with part.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    options = " ".join(
        f"-{name} {value}" for name, value in encoder.arguments(wish.rendition.rung.video_bps, work.rate).items()
    )
    steps = [
        f"picture: -c:v {encoder.name} -s {facts['width']}x{facts['height']} -r {work.rate} {options}",
        f"sound: {wish.voice}",
        *work.notes,
    ]
    return RenderReport(
        rendition=wish.rendition,
        media=MediaReference(wish.out.name, sha256, part.stat().st_size),
        frames=facts["frames"],
        width=facts["width"],
        height=facts["height"],
        duration_s=float(work.rate.seconds(facts["frames"])),
        loudness=loudness,
        video_codec=wish.codec,
        audio_codec=str(wish.container.audio),
        stretches_encoded=1,
        stretches_reused=0,
        command=" | ".join(steps),
        wall_s=0.0,
    )
