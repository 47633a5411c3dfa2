"""The verifier finds what is wrong: each kind of damage, done to a good file or to what it is said to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from video_pipeline.domain.timebase import TimeRange
from video_pipeline.domain.timeline import Timeline
from video_pipeline_tests.ffmpeg.material import Workshop, reference
from video_pipeline_tests.ffmpeg.programme import album, claimed
from video_pipeline_tests.ffmpeg.truth import Claim, verify, wrong
from video_pipeline_tests.ffmpeg.truth.promise import Planes, colour_error, ssim

pytestmark = pytest.mark.slow

Packets = list[Any]

SMALL = "mp4_426x240@1000k"


@pytest.fixture(scope="module")
def good(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Claim:
    timeline = album(workshop, 2, seconds=7)
    file = tmp_path_factory.mktemp("good") / "good.mp4"
    workshop.render(timeline, SMALL, file)
    return claimed(workshop, timeline, SMALL, file)


def test_a_good_file_is_good(good: Claim) -> None:
    assert wrong(verify(good, seeks=50)) == []


def names(claim: Claim) -> set[str]:
    return {finding.name for finding in verify(claim, seeks=5) if not finding.good}


def another_picture(timeline: Timeline, workshop: Workshop) -> Timeline:
    clip = replace(timeline.pictures[1], media=reference(workshop.picture(7)))
    return replace(timeline, pictures=(timeline.pictures[0], clip))


def one_frame_later(timeline: Timeline, workshop: Workshop) -> Timeline:
    first, second = timeline.pictures
    pictures = (replace(first, frames=first.frames + 1), replace(second, frames=second.frames - 1))
    return replace(timeline, pictures=pictures)


def longer_dissolve(timeline: Timeline, workshop: Workshop) -> Timeline:
    fade = timeline.transitions[0]
    return replace(timeline, transitions=(replace(fade, out_offset=fade.out_offset + 1),))


def one_frame_more(timeline: Timeline, workshop: Workshop) -> Timeline:
    first, second = timeline.pictures
    sound = timeline.sounds[1]
    more = TimeRange(sound.source_range.start, sound.source_range.duration + 1600)
    return replace(
        timeline,
        pictures=(first, replace(second, frames=second.frames + 1)),
        sounds=(timeline.sounds[0], replace(sound, source_range=more)),
    )


def one_sample_earlier(timeline: Timeline, workshop: Workshop) -> Timeline:
    sound = timeline.sounds[1]
    moved = TimeRange(sound.source_range.start + 1, sound.source_range.duration)
    return replace(timeline, sounds=(timeline.sounds[0], replace(sound, source_range=moved)))


def shorter_crossfade(timeline: Timeline, workshop: Workshop) -> Timeline:
    fade = timeline.crossfades[0]
    return replace(timeline, crossfades=(TimeRange(fade.start + 12_000, fade.duration - 24_000),))


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (another_picture, "still scenes like their sources"),
        (one_frame_later, "transitions off their place"),
        (longer_dissolve, "transitions off their place"),
        (one_frame_more, "frames"),
        (one_sample_earlier, "sound in its place"),
        (shorter_crossfade, "levels inside of crossfades"),
    ],
)
def test_a_file_of_another_timeline_is_not_it(
    good: Claim, workshop: Workshop, other: Callable[[Timeline, Workshop], Timeline], found: str
) -> None:
    timeline = other(good.timeline, workshop)
    assert found in names(claimed(workshop, timeline, SMALL, good.file))


def nothing(video: Packets, audio: Packets) -> Iterator[av.Packet]:
    yield from (*video, *audio)


def a_frame_is_missing(video: Packets, audio: Packets) -> Iterator[av.Packet]:
    yield from (*video[:100], *video[101:], *audio)


def a_frame_is_late(video: Packets, audio: Packets) -> Iterator[av.Packet]:
    video[50].pts = (video[50].pts or 0) + 1
    yield from (*video, *audio)


def sound_is_late(video: Packets, audio: Packets) -> Iterator[av.Packet]:
    for packet in audio:
        packet.pts = packet.dts = (packet.pts or 0) + 1024
    yield from (*video, *audio)


def a_key_frame_is_another_one(video: Packets, audio: Packets) -> Iterator[av.Packet]:
    keys = [number for number, packet in enumerate(video) if packet.is_keyframe]
    yield from (*video[: keys[1]], replaced(video[keys[1]], video[keys[-1]]), *video[keys[1] + 1 :], *audio)


def a_packet_of_sound_is_another_one(video: Packets, audio: Packets) -> Iterator[av.Packet]:
    yield from (*video, *audio[:150], replaced(audio[150], audio[120]), *audio[151:])


def replaced(packet: av.Packet, content: av.Packet) -> av.Packet:
    other = av.Packet(bytes(content))
    other.pts, other.dts, other.time_base, other.duration = packet.pts, packet.dts, packet.time_base, packet.duration
    other.stream, other.is_keyframe = packet.stream, packet.is_keyframe
    return other


def remuxed(file: Path, out: Path, edit: Callable[[Packets, Packets], Iterator[av.Packet]]) -> None:
    """Copy a file as PyAV does when nothing is asked for."""
    with av.open(str(file)) as source, av.open(str(out), "w") as target:
        kept = [source.streams.video[0], source.streams.audio[0]]
        streams = {stream.index: target.add_stream_from_template(stream) for stream in kept}
        kinds: dict[str, Packets] = {"video": [], "audio": []}
        for packet in source.demux(kept):
            if packet.dts is not None:
                kinds[packet.stream.type].append(packet)
        for packet in sorted(edit(**kinds), key=lambda packet: packet.dts * packet.time_base):
            packet.stream = streams[packet.stream.index]
            target.mux(packet)


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (nothing, {"index first", "edit lists"}),
        (a_frame_is_missing, {"frames", "a frame off its time"}),
        (a_frame_is_late, {"a frame off its time"}),
        (sound_is_late, {"sound starts off its time"}),
        (a_key_frame_is_another_one, {"different pictures in a still scene", "still scenes like their sources"}),
        (a_packet_of_sound_is_another_one, {"clicks anywhere"}),
    ],
)
def test_a_damaged_file_is_found_out(
    good: Claim, tmp_path: Path, edit: Callable[[Packets, Packets], Iterator[av.Packet]], found: set[str]
) -> None:
    file = tmp_path / "bad.mp4"
    remuxed(good.file, file, edit)
    assert found <= names(replace(good, file=file))


@pytest.mark.parametrize(("volume", "found"), [("-2dB", "loudness"), ("5dB", "true peak")])
def test_a_wrong_level_is_found_out(good: Claim, workshop: Workshop, tmp_path: Path, volume: str, found: str) -> None:
    file = tmp_path / "bad.mp4"
    workshop.run("-i", str(good.file), "-c:v", "copy", "-af", f"volume={volume}", "-b:a", "192k", str(file))
    assert found in names(replace(good, file=file))


def test_a_step_at_a_join_is_found_out(good: Claim, workshop: Workshop, tmp_path: Path) -> None:
    sound = workshop.sound_of(good.file).copy()
    cut = good.timeline.crossfades[0].end
    fading = np.exp(-np.arange(len(sound) - cut) / 480)[:, None]
    sound[cut:] += 0.03 * fading  # 14 dB below the music
    sound.tofile(tmp_path / "raw")
    file = tmp_path / "bad.mp4"
    raw = ("-f", "f32le", "-ar", "48000", "-ac", "2", "-i", str(tmp_path / "raw"))
    workshop.run("-i", str(good.file), *raw, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-b:a", "256k", str(file))
    assert "clicks at joins" in names(replace(good, file=file))


def converted(workshop: Workshop, picture: Path, matrix: str, range_: str) -> Planes:
    raw = workshop.folder / f"{matrix}{range_}.raw"
    graph = f"scale=640:360:out_color_matrix={matrix}:out_range={range_},format=yuv420p"
    workshop.run("-y", "-i", str(picture), "-vf", graph, "-f", "rawvideo", str(raw))
    return np.fromfile(raw, np.uint8).reshape(540, 640)


def test_wrong_colours_and_other_pictures_are_told_apart(workshop: Workshop) -> None:
    right = converted(workshop, workshop.picture(1), "bt709", "tv")
    assert colour_error(right, right) == 0
    assert colour_error(right, converted(workshop, workshop.picture(1), "bt601", "tv")) > 3
    assert colour_error(right, converted(workshop, workshop.picture(1), "bt709", "pc")) > 3
    luma = right[:360].astype(np.float32)
    assert ssim(luma, luma) == pytest.approx(1)
    # A picture one pixel off, as a wrong crop makes it.
    assert ssim(luma, np.roll(luma, 1, axis=1)) < 0.9
