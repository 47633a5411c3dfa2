"""The preview and the drawn programme: where they are cut, what they show, how they end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from video_pipeline.domain.errors import CancelledError, MachineError, MediaError
from video_pipeline.domain.records import RenderReport
from video_pipeline.domain.timebase import TimeRange
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.previews.excerpts import extract_sound
from video_pipeline.ffmpeg.program.probe import inspect
from video_pipeline_tests.ffmpeg.material import Workshop, luma_frames, music, reference, write_sound


def made_preview(
    workshop: Workshop, timeline: Timeline, master: Path, out: Path, *, cancelled: bool = False
) -> RenderReport:
    return workshop.tools.preview_clip(
        timeline, master, out, locate=lambda media: workshop.folder / media.key, cancelled=lambda: cancelled
    )


def test_a_preview_is_twenty_seconds_around_the_first_transition(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(2, seconds=14, fade=2)
    master, out = tmp_path / "master.mp4", tmp_path / "preview.mp4"
    workshop.render(timeline, "mp4_low", master)
    report = made_preview(workshop, timeline, master, out)
    facts = inspect(out)
    assert (facts["frames"], facts["video_s"], facts["height"]) == (600, 20.0, 480)
    assert report.media.bytes == facts["bytes"] < 3_000_000
    assert (facts["chapters"], facts["edit_lists"], facts["index_first"]) == (2, 0, True)
    assert [path.name for path in tmp_path.iterdir() if "preview" in path.name] == ["preview.mp4"]
    # The pictures are those of the master, from the frame on from which the cut lies in the middle.
    start = timeline.picture_starts[1] - 300
    numbers = [0, 299, 300, 310, 599]
    ours, theirs = luma_frames(out, numbers), luma_frames(master, [start + number for number in numbers])
    for number in numbers:
        assert np.abs(ours[number][:480].astype(int) - theirs[start + number][:480]).mean() < 2
    # So is the sound: the place where both agree best is that frame, to the sample; its ends are faded.
    whole, part = workshop.sound_of(master)[:, 0], workshop.sound_of(out)[:, 0]
    piece = part[5 * 48_000 : 9 * 48_000]
    size = 1 << 21
    likeness = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(piece, size)), size)
    assert int(np.argmax(likeness)) - 5 * 48_000 == start * 1600
    loud = np.abs(piece).max()
    assert np.abs(part[:2400]).max() < 0.05 * loud
    assert np.abs(part[598 * 1600 : 600 * 1600]).max() < 0.05 * loud


def test_a_short_programme_is_shown_whole(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(2, seconds=4)
    master, out = tmp_path / "master.mp4", tmp_path / "preview.mp4"
    neighbour = tmp_path / "preview.mp4.flac"
    neighbour.write_bytes(b"the user's own")
    workshop.render(timeline, "mp4_low", master)
    made_preview(workshop, timeline, master, out)
    assert inspect(out)["frames"] == timeline.frames
    assert neighbour.read_bytes() == b"the user's own"
    assert {path.name for path in tmp_path.iterdir()} == {"master.mp4", "preview.mp4", "preview.mp4.flac"}


def test_a_preview_can_be_cancelled(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(2, seconds=4)
    master = tmp_path / "master.mp4"
    workshop.render(timeline, "mp4_low", master)
    with pytest.raises(CancelledError):
        made_preview(workshop, timeline, master, tmp_path / "preview.mp4", cancelled=True)
    assert [path.name for path in tmp_path.iterdir()] == ["master.mp4"]


def test_sound_is_taken_to_the_sample_and_silence_follows_its_end(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(1, seconds=4)
    file, out = tmp_path / "m.mp4", tmp_path / "piece.flac"
    workshop.render(timeline, "mp4_low", file)
    whole = workshop.sound_of(file)
    extract_sound(file, TimeRange(96_123, 192_000), out)
    found = workshop.sound_of(out)
    assert found.shape == (192_000, 2)
    inside = slice(48_000, len(whole) - 96_123)
    assert np.abs(found[inside] - whole[96_123:][inside]).max() < 1e-4
    assert np.abs(found[len(whole) - 96_123 :]).max() == 0
    with pytest.raises(MediaError):
        extract_sound(workshop.picture(0), TimeRange(0, 10), out)
    with pytest.raises(MachineError, match=r"cannot write piece\.flac"):
        extract_sound(file, TimeRange(0, 10), tmp_path / "gone" / "piece.flac")


def test_the_programmes_waveform_shows_its_pieces_evened_out(workshop: Workshop, tmp_path: Path) -> None:
    """A soft and a loud piece are drawn at one height, what is silent in one of them is a line."""
    names = ("soft.flac", "loud.flac")
    pieces = (music(12, 1, 0.02), music(12, 2, 0.2))
    pieces[1][5 * 48_000 : 8 * 48_000] = 0
    sounds = [write_sound(workshop.folder / name, piece) for name, piece in zip(names, pieces, strict=True)]
    timeline = workshop.album(2, seconds=12, fade=1, sounds=sounds)
    out = tmp_path / "wave.png"
    workshop.tools.programme_waveform(timeline, out, locate=lambda media: workshop.folder / media.key)
    image = np.asarray(Image.open(out).convert("L")).astype(float)
    assert image.shape == (300, 1600)
    lit = (image > 90).sum(axis=0)
    second = 1600 / float(timeline.rate.seconds(timeline.frames))
    soft, loud = lit[round(2 * second) : round(9 * second)], lit[round(20 * second) : round(22 * second)]
    assert soft.mean() == pytest.approx(loud.mean(), rel=0.4)
    assert lit[round(17 * second) : round(18 * second)].max() <= 4


def test_a_piece_that_was_never_measured_is(fresh: Workshop, tmp_path: Path) -> None:
    timeline = fresh.album(1, seconds=4)
    named = replace(
        timeline, sounds=tuple(replace(s, media=reference(fresh.folder / s.media.key)) for s in timeline.sounds)
    )
    fresh.tools.programme_waveform(named, tmp_path / "w.png", locate=lambda media: fresh.folder / media.key)
    assert np.asarray(Image.open(tmp_path / "w.png")).shape == (300, 1600, 3)
