"""The mix and its encoding: levels, crossfades, positions to the sample, chunks without a seam."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import correlate

from video_pipeline.domain.media import AudioFacts, Loudness, MediaReference
from video_pipeline.domain.timebase import SAMPLE_RATE, FrameRate, TimeRange
from video_pipeline.domain.timeline import PictureClip, SoundClip, Timeline
from video_pipeline.ffmpeg.sound.forecast import predicted_limiting, predicted_powers
from video_pipeline.ffmpeg.sound.lossless import LosslessWork
from video_pipeline.ffmpeg.sound.loudness import STEP
from video_pipeline.ffmpeg.sound.mixing import (
    GRID,
    Mix,
    Part,
    mix_span,
    mixed,
    track_gain_db,
)
from video_pipeline.ffmpeg.sound.programme import SoundWork
from video_pipeline.ffmpeg.sound.tracks import Analysis
from video_pipeline.ffmpeg.sound.voice import (
    VOICES,
    AudioCodec,
    Chunk,
    Voice,
    _decoded,
    _in_steps,
    chunks_of,
    encode_chunk,
)
from video_pipeline.ffmpeg.work.cache import Cache
from video_pipeline.ffmpeg.work.coded import read_coded
from video_pipeline.ffmpeg.work.crew import Crew, StopFlag
from video_pipeline_tests.ffmpeg.material import Workshop, music, write_sound

LENGTH, FADE = 9 * SAMPLE_RATE, SAMPLE_RATE


def raw_file(path: Path, samples: NDArray[np.float64]) -> Path:
    samples.astype(np.float32).tofile(path)
    return path


def two_parts(folder: Path, first: NDArray[np.float64], second: NDArray[np.float64]) -> Mix:
    """Two pieces of nine seconds that cross for one second."""
    parts = (
        Part("one", raw_file(folder / "one.f32", first), 0, 0, LENGTH, 0, FADE, 1.0),
        Part("two", raw_file(folder / "two.f32", second), 0, LENGTH - FADE, LENGTH, FADE, 0, 1.0),
    )
    return Mix(parts, 2 * LENGTH - FADE, 0.8)


def test_crossfade_keeps_the_power_of_different_sounds(tmp_path: Path) -> None:
    noise = np.random.default_rng(1)
    mix = two_parts(tmp_path, *(noise.standard_normal((LENGTH, 2)) * 0.1 for _ in range(2)))
    sound = mixed(mix, 0, mix.length)
    steps = sound[:, : mix.length // 4800 * 4800].reshape(2, -1, 4800)
    powers = np.square(steps).mean(axis=(0, 2))
    crossing = powers[(LENGTH - FADE) // 4800 : LENGTH // 4800]
    assert 10 * np.log10(crossing / powers[5:40].mean()) == pytest.approx(np.zeros(10), abs=0.5)


def test_crossfade_has_no_click(tmp_path: Path) -> None:
    # Equal power on equal sound is 3 dB up in the middle; what counts is that the wave stays smooth.
    time = np.arange(LENGTH) / SAMPLE_RATE
    wave = np.tile(np.sin(2 * np.pi * 100 * time)[:, None], (1, 2)) * 0.2
    mix = two_parts(tmp_path, wave, wave)
    sound = mixed(mix, SAMPLE_RATE, mix.length - SAMPLE_RATE)
    steepest = 0.2 * np.sqrt(2) * 2 * np.pi * 100 / SAMPLE_RATE
    assert np.abs(np.diff(sound)).max() < steepest * 1.01


def test_pieces_start_and_end_to_the_sample(tmp_path: Path) -> None:
    mix = two_parts(tmp_path, np.full((LENGTH, 2), 0.1), np.full((LENGTH, 2), 0.0))
    sound = mixed(mix, 0, mix.length)
    assert sound[0, LENGTH - FADE - 1] == pytest.approx(0.1)
    assert 0 < sound[0, LENGTH - 1] < 1e-4
    assert np.all(sound[:, LENGTH:] == 0)
    assert sound[0, 0] < 1e-5


def test_mixing_in_parts_gives_the_same_file(tmp_path: Path) -> None:
    mix = two_parts(tmp_path, music(9, 1, 0.4), music(9, 2, 0.4))
    flag = StopFlag(tmp_path / "stop")
    files = []
    for name, spans in (("whole", [(0, mix.length)]), ("parts", [(0, 8 * GRID), (8 * GRID, mix.length)])):
        files.append(tmp_path / name)
        files[-1].write_bytes(bytes(mix.length * 4))
        for span in reversed(spans):
            mix_span(mix, files[-1], *span, flag)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(("lufs", "peak"), [(-8.0, -0.1), (-14.0, -1.0), (-20.0, -1.0), (-30.0, -2.0), (-40.0, -12.0)])
def test_pieces_come_out_within_two_units_of_each_other(lufs: float, peak: float) -> None:
    gain = track_gain_db(AudioFacts(1, 2, Loudness(lufs, peak, 5.0), 0.0), -2.0)
    assert -1.5 - 1e-9 <= lufs + gain - -14.0 <= 0


def test_a_silent_piece_is_not_amplified() -> None:
    assert track_gain_db(AudioFacts(1, 2, Loudness(-70.0, -120.0, 0.0), 5.0), -2.0) == 0


@pytest.mark.parametrize("codec", list(AudioCodec))
@pytest.mark.parametrize("length", [1, 47_999, GRID * 3, GRID * 25 + 12_345])
def test_chunks_cover_every_packet_and_sample_once(codec: AudioCodec, length: int) -> None:
    voice = Voice(codec, 192_000)
    chunks = chunks_of(length, voice, GRID * 8)
    assert chunks[0].first == 0
    assert (chunks[0].start, chunks[-1].stop) == (0, length)
    assert all(one.end == two.first and one.stop == two.start for one, two in pairwise(chunks))
    end = chunks[-1].end * voice.facts.frame - voice.facts.early
    assert abs(end - length) <= max(voice.facts.frame / 2, voice.facts.frame - length)


def encoded(mix: Path, chunks: list[Chunk], voice: Voice, cache: Cache, flag: StopFlag) -> NDArray[np.float32]:
    """The chunks joined and decoded as one stream, shape (2, samples)."""
    with cache.session() as session:
        coded = [read_coded(session.own / encode_chunk(mix, chunk, voice, session, flag).key) for chunk in chunks]
        packets = [packet for part in coded for packet in part.packets]
        return np.concatenate(list(_decoded(packets, coded[0].header, voice.facts, flag)), axis=1)


# FLAC is never encoded in chunks.
@pytest.mark.parametrize("codec", [AudioCodec.AAC, pytest.param(AudioCodec.OPUS, marks=pytest.mark.slow)])
def test_chunks_join_without_a_seam(tmp_path: Path, codec: AudioCodec) -> None:
    original = music(24, 5, 0.12)
    samples = np.rint(original * 32767).astype(np.int16)
    mix = tmp_path / "mix"
    samples.tofile(mix)
    voice, cache, flag = Voice(codec, 256_000), Cache(tmp_path / "cache"), StopFlag(tmp_path / "stop")
    many = list(chunks_of(len(samples), voice, GRID * 5))
    one = list(chunks_of(len(samples), voice, GRID * 100))
    assert (len(many), len(one)) == (3, 1)
    joined, single = (encoded(mix, chunks, voice, cache, flag) for chunks in (many, one))
    delay = VOICES[codec].early
    reference = samples.T / np.float32(32768)
    for chunk in many[1:]:
        around = slice(chunk.start - 2048, chunk.start + 2048)
        truth = reference[:, around]
        noise = [
            np.square(made[:, around.start + delay : around.stop + delay] - truth).mean() for made in (joined, single)
        ]
        assert 10 * np.log10(noise[0] / noise[1]) < 1.0  # dB more noise than a single encode has there


@pytest.mark.parametrize("rendition", ["mp4_high", pytest.param("webm_low", marks=pytest.mark.slow)])
def test_a_marker_after_several_joins_is_where_it_was_put(workshop: Workshop, tmp_path: Path, rendition: str) -> None:
    sounds = []
    chirp = np.sin(2 * np.pi * np.cumsum(np.linspace(300, 6000, 9600)) / SAMPLE_RATE) * np.hanning(9600) * 0.6
    for number in range(4):
        samples = music(5, number, 0.02)
        samples[100_000:109_600] += chirp[:, None]
        sounds.append(write_sound(workshop.folder / f"marked{number}.flac", samples))
    timeline = workshop.album(4, seconds=5, sounds=sounds)
    file = tmp_path / f"out.{rendition.split('_', maxsplit=1)[0]}"
    workshop.render(timeline, rendition, file)
    sound = workshop.sound_of(file)[:, 0]
    assert len(sound) == pytest.approx(timeline.samples, abs=1024)
    for clip, start in zip(timeline.sounds, timeline.sound_starts, strict=True):
        expected = start - clip.source_range.start + 100_000
        around = sound[expected - 2000 : expected + 9600 + 2000]
        assert int(np.argmax(correlate(around, chirp, "valid"))) == 2000


def test_loud_sound_with_hard_peaks_is_limited_in_the_finished_file(fresh: Workshop, tmp_path: Path) -> None:
    samples = music(8, 2, 0.03)
    samples[:: SAMPLE_RATE // 3] = 0.98  # clicks at full scale over quiet music: 20 dB of gain are wanted
    sounds = [write_sound(fresh.folder / "clicks.wav", samples)]
    file = tmp_path / "out.mp4"
    fresh.render(fresh.album(1, sounds=sounds), "mp4_low", file)
    integrated, peak = fresh.loudness(file)
    assert integrated == pytest.approx(-14, abs=0.5)
    assert peak <= -1.0


def test_quiet_and_loud_tracks_come_out_alike(fresh: Workshop, tmp_path: Path) -> None:
    levels = (0.01, 0.3, 0.05)
    sounds = [write_sound(fresh.folder / f"level{n}.flac", music(8, n, level)) for n, level in enumerate(levels)]
    timeline = fresh.album(3, sounds=sounds)
    file = tmp_path / "out.mp4"
    fresh.render(timeline, "mp4_low", file)
    sound = fresh.sound_of(file)
    measured = []
    for number, start in enumerate(timeline.sound_starts):
        piece = tmp_path / f"piece{number}.wav"
        write_sound(piece, sound[start + SAMPLE_RATE : start + 6 * SAMPLE_RATE])
        measured.append(fresh.loudness(piece)[0])
    assert max(measured) - min(measured) <= 2.0


@given(
    pieces=st.lists(st.integers(0, 3 * STEP), min_size=1, max_size=8),
    skip=st.integers(0, 2 * STEP),
    aligned=st.booleans(),
)
def test_sound_is_measured_in_whole_steps_and_never_in_empty_ones(pieces: list[int], skip: int, aligned: bool) -> None:
    """A programme of ten seconds ended exactly on a block, and the empty one behind it broke the filter."""
    pieces = [100 * STEP, *pieces] if aligned else pieces
    total = sum(pieces)
    whole = np.arange(2 * total, dtype=np.float32).reshape(2, total)
    edges = np.cumsum([0, *pieces])
    parts = (whole[:, start:end] for start, end in pairwise(edges))
    length = 100 * STEP if aligned else max(total - skip, 0)
    skip = 0 if aligned else skip
    blocks = list(_in_steps(parts, skip, length))
    assert all(block.shape[1] > 0 for block in blocks)
    assert all(block.shape[1] % STEP == 0 for block in blocks[:-1])
    joined = np.concatenate(blocks, axis=1) if blocks else np.zeros((2, 0), np.float32)
    np.testing.assert_array_equal(joined, whole[:, skip : skip + length])


def test_a_last_piece_within_the_last_tenth_of_a_second_is_no_step_of_loudness() -> None:
    piece = MediaReference("piece.flac", "a" * 64, 1)
    long, short = 10 * STEP + 300, 200
    timeline = Timeline(
        "short end",
        FrameRate(SAMPLE_RATE // 100, 1),
        (PictureClip("picture", piece, (long + short) // 100),),
        (),
        (
            SoundClip("long", piece, TimeRange(0, long), TimeRange(0, long)),
            SoundClip("short", piece, TimeRange(0, short), TimeRange(0, short)),
        ),
        (TimeRange(long, 0),),
    )
    facts = AudioFacts(long, 2, Loudness(-14.0, -1.0, 5.0), 0.0)
    analyses = [Analysis(facts, np.ones(10), np.full(101, 0.5, np.float32)) for _ in range(2)]
    assert len(predicted_powers(timeline, analyses, [0.0, 0.0])) == 10
    assert predicted_limiting(timeline, analyses, [0.0, 0.0], -2.0) == pytest.approx(np.ones(10))


class Ledger:
    """What a crew was told that will be done."""

    def __init__(self) -> None:
        self.announced = 0.0

    def announce(self, cost: float) -> None:
        self.announced += cost

    def share(self, _name: str, make: Callable[[], object]) -> object:
        return make()

    def submit(self, *_: object) -> Future[None]:
        return Future()

    stop = None


def test_lossless_sound_announces_no_encoder(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(2, seconds=4)
    files = {clip.media.sha256: workshop.folder / clip.media.key for clip in timeline.sounds}
    costs = []
    with Cache(tmp_path / "cache").session() as session:
        for kind, codec in ((SoundWork, AudioCodec.AAC), (LosslessWork, AudioCodec.FLAC)):
            ledger = Ledger()
            crew = cast(Crew, ledger)
            kind(timeline, Voice(codec, 256_000), files=files, binary=Path(), session=session, crew=crew).queue()
            costs.append(ledger.announced * 3600 * SAMPLE_RATE / timeline.samples)
    assert costs[0] - costs[1] == pytest.approx(SoundWork.encoding_s - LosslessWork.encoding_s)
    assert LosslessWork.encoding_s < SoundWork.encoding_s / 10
