"""Owns the truth about a file's packets and headers; hides demuxing and boxes. No picture is decoded to be looked at.

Time stamps are compared with the exact time of each frame, not with each other: errors cannot add up unseen.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from video_pipeline.domain.delivery import Format
from video_pipeline.domain.timeline import Motion
from video_pipeline_tests.ffmpeg.truth.claim import Claim, Finding, at_most, same

KEY_DISTANCE_S = {True: 5, False: 10}
"""A player decodes up to this much to reach a frame, in a programme of still scenes (True) and in one with motion."""

CODECS: dict[Format, tuple[str, ...]] = {
    Format.MP4: ("h264", "aac"),
    Format.MOV: ("h264", "aac"),
    Format.WEBM: ("vp9", "opus"),
    Format.AV1: ("av1", "aac"),
    Format.M4A: ("aac",),
    Format.OPUS: ("opus",),
    Format.FLAC: ("flac",),
}
PROFILES = {"h264": "High", "vp9": "Profile 0", "av1": "Main"}
OPUS_SKIP = 312
"""Samples that an Opus stream of libopus says are to be skipped, and has before zero."""

_SAMPLED_DECODES = 12


@dataclass(frozen=True)
class Track:
    """The packets of one stream in the order of the file; times in units of `base` seconds."""

    base: Fraction
    pts: NDArray[np.int64]
    dts: NDArray[np.int64]
    durations: NDArray[np.int64]
    keys: NDArray[np.bool_]

    @property
    def end(self) -> Fraction:
        """Where the last packet ends, in seconds."""
        last = int(np.argmax(self.pts))
        return (int(self.pts[last]) + int(self.durations[last])) * self.base


def tracks_of(file: Path) -> dict[str, Track]:
    """The picture and sound tracks of a file, read to its end."""
    with av.open(str(file)) as container:
        streams = {stream.index: stream for stream in container.streams if stream.type in ("video", "audio")}
        rows: dict[int, list[tuple[int, int, int, bool]]] = {index: [] for index in streams}
        for packet in container.demux(list(streams.values())):
            if packet.pts is not None:
                rows[packet.stream.index].append((packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe))
        found = {}
        for index, stream in streams.items():
            pts, dts, durations, keys = (np.array(column) for column in zip(*rows[index], strict=True))
            found[stream.type] = Track(stream.time_base, pts, dts, durations, keys)
        return found


def container_findings(claim: Claim, tracks: dict[str, Track]) -> Iterator[Finding]:
    """Everything about time stamps, headers and whether decoders are content."""
    if "video" in tracks:
        yield from _picture_times(claim, tracks["video"])
        yield from _ends(claim, tracks)
    yield from _sound_times(claim, tracks["audio"])
    yield from _tags(claim)
    yield from _layout(claim.file)
    yield _decoding(claim)


def _tolerance(claim: Claim) -> Fraction:
    """Matroska counts in milliseconds, the other containers in units of a frame and a sample."""
    return Fraction(1, 1000) if claim.kind == "webm" else Fraction(0)


def _picture_times(claim: Claim, track: Track) -> Iterator[Finding]:
    rate = claim.timeline.rate.fraction
    yield same("frames", len(track.pts), claim.timeline.frames)
    shown = np.sort(track.pts)
    yield same("first frame at", int(shown[0]) * track.base, 0)
    # Both sides of time * base = number / rate as whole numbers.
    unit = Fraction(1, track.base.denominator * rate.numerator)
    late = shown * (track.base / unit).numerator - np.arange(len(shown)) * (1 / rate / unit).numerator
    yield at_most("a frame off its time", float(int(np.abs(late).max()) * unit), float(_tolerance(claim)), " s")
    yield at_most("decoding times that do not grow", int((np.diff(track.dts) <= 0).sum()), 0)
    places = np.sort(track.pts[track.keys])
    groups = np.diff(np.append(places, track.pts.max())) * float(track.base)
    still = all(clip.motion is Motion.STILL for clip in claim.timeline.pictures)
    longest = max((t.frames for t in claim.timeline.transitions), default=0)
    limit = max(claim.timeline.rate.frames_in(KEY_DISTANCE_S[still]), longest) * claim.frame_s
    yield at_most("key frame distance", float(groups.max()), limit + 0.002, " s")
    # Two key frames side by side would be taken for one picture (ITU-T H.264, 7.4.3: idr_pic_id).
    yield at_most("key frames side by side", int((track.keys[1:] & track.keys[:-1]).sum()), 0)


def _sound_times(claim: Claim, track: Track) -> Iterator[Finding]:
    early = Fraction(OPUS_SKIP, 48_000) if claim.kind in ("webm", "opus") else 0
    tolerance = _tolerance(claim)
    start = int(track.pts[0]) * track.base
    yield at_most("sound starts off its time", float(abs(start + early)), float(tolerance), " s")
    # For packets of one length, also where a container rounds each time: the gaps cannot add up.
    off = track.pts - track.pts[0] - np.arange(len(track.pts)) * track.durations[0]
    yield at_most("sound packets not contiguous", float(int(np.abs(off).max()) * track.base), float(tolerance), " s")
    yield at_most("sound packet times that do not grow", int((np.diff(track.dts) <= 0).sum()), 0)


def _ends(claim: Claim, tracks: dict[str, Track]) -> Iterator[Finding]:
    video, audio = tracks["video"].end, tracks["audio"].end
    promised = claim.timeline.rate.seconds(claim.timeline.frames)
    # Two milliseconds: the start and the length of the last frame are both rounded in Matroska.
    yield at_most("length", float(abs(video - promised)), 2 * float(_tolerance(claim)), " s off")
    yield at_most("sound ends apart from picture", float(abs(audio - video)), claim.frame_s, " s")


def _tags(claim: Claim) -> Iterator[Finding]:
    with av.open(str(claim.file)) as container:
        streams = [*container.streams.video, *container.streams.audio]
        codecs = tuple({"libdav1d": "av1"}.get(s.codec_context.name, s.codec_context.name) for s in streams)
        yield same("codecs", codecs, CODECS[claim.rendition.format])
        sound = container.streams.audio[0].codec_context
        yield same("sound rate and channels", (sound.sample_rate, sound.channels), (48_000, 2))
        yield from _chapters(claim, container)
        if not container.streams.video:
            return
        stream, context = streams[0], streams[0].codec_context
        yield same("size", (context.width, context.height), (claim.rung.width, claim.rung.height))
        yield same("profile", context.profile, PROFILES[codecs[0]])
        yield same("pixel format", context.pix_fmt, "yuv420p")
        yield same("pixels are square", stream.sample_aspect_ratio, 1)
        # ITU-T H.273: 1 is BT.709 for all three; FFmpeg's range 1 is limited.
        colours = tuple(map(int, (context.color_primaries, context.color_trc, context.colorspace, context.color_range)))
        yield same("colour tags", colours, (1, 1, 1, 1))
        yield same("frame rate", stream.average_rate, claim.timeline.rate.fraction)


def _chapters(claim: Claim, container: InputContainer) -> Iterator[Finding]:
    """One a scene, from cut to cut; several pictures of one name are one scene, and a single one needs no list."""
    rate, clips = claim.timeline.rate, claim.timeline.pictures
    promised = [
        (clip.name, rate.seconds(start))
        for number, (clip, start) in enumerate(zip(clips, claim.timeline.picture_starts, strict=True))
        if number == 0 or clip.name != clips[number - 1].name
    ]
    listed = [(mark["metadata"].get("title"), mark["start"] * mark["time_base"]) for mark in container.chapters()]
    yield same("chapters", [name for name, _ in listed], [name for name, _ in promised] if len(promised) > 1 else [])
    off = max((abs(start - wanted) for (_, start), (_, wanted) in zip(listed, promised, strict=False)), default=0)
    yield at_most("a chapter off its time", float(off), 0.001, " s")


def _layout(file: Path) -> Iterator[Finding]:
    with file.open("rb") as content:
        kinds = list(_elements(content)) if file.suffix == ".webm" else list(_boxes(content))
        index, media = (b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75") if file.suffix == ".webm" else (b"moov", b"mdat")
        order = [kind for kind, _ in kinds]
        if index not in order and file.suffix not in (".webm", ".mp4", ".mov", ".m4a"):
            return
        yield Finding("index first", index in order and order.index(index) < order.index(media), f"{len(order)} parts")
        if index == b"moov":
            place, size = dict(kinds)[index]
            content.seek(place)
            yield at_most("edit lists", content.read(size).count(b"elst"), 0)


def _boxes(content: IO[bytes]) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Kind, place and size of the boxes on the top level of an ISO base media file (ISO 14496-12, 4.2)."""
    place = 0
    while len(head := content.read(16)) >= 8:
        size = int.from_bytes(head[:4], "big")
        size = int.from_bytes(head[8:16], "big") if size == 1 else size
        yield head[4:8], (place, size)
        if size < 8:
            return
        place += size
        content.seek(place)


def _elements(content: IO[bytes]) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Kind, place and size of the elements inside the segment of a Matroska file (RFC 8794, 4 and 5)."""
    place = 0
    while first := content.read(1):
        kind = first + content.read(8 - first[0].bit_length())
        lead = content.read(1)[0]
        more = 8 - lead.bit_length()
        size = int.from_bytes(bytes([lead & (0x7F >> more)]) + content.read(more), "big")
        yield kind, (place, size)
        if kind != b"\x18\x53\x80\x67":  # the segment is entered, everything else is skipped
            content.seek(size, 1)
        place = content.tell()


def _decoding(claim: Claim) -> Finding:
    """What a decoder says about the whole file, or about places of a long one."""
    seconds = float(claim.timeline.rate.seconds(claim.timeline.frames))
    spans: list[list[str]] = [[]]
    if claim.long:
        starts = [*np.linspace(0, seconds - 8, _SAMPLED_DECODES - 1), seconds - 3]
        spans = [["-ss", f"{start:.3f}", "-t", "6"] for start in starts]
    said = [
        subprocess.run(
            [str(claim.ffmpeg), "-v", "warning", "-xerror", *span, "-i", str(claim.file), "-f", "null", "-"],
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )
        for span in spans
    ]
    complaints = [line for done in said for line in done.stderr.splitlines()]
    failed = any(done.returncode for done in said)
    return Finding("decodes without a message", not complaints and not failed, "; ".join(complaints[:3]) or "silent")
