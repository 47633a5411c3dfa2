"""What becomes of a delivered piece of music, good or hostile."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from video_pipeline.domain.errors import MachineError, MediaError
from video_pipeline.providers.arrival import Kind, kind_of, take_music
from video_pipeline.providers.arrival.rates import PeakMeter, low_pass, resampled

RATE = 48_000
Take = Callable[..., np.ndarray]


def sound_of(seconds: float, rate: int = 44_100, channels: int = 2, peak: float = 0.3) -> np.ndarray:
    """Tones under some noise, each channel with its own."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(1).normal(0, peak / 20, (len(time), channels))
    tones = [0.8 * peak * np.sin(2 * np.pi * 220 * (1 + place / 2) * time) for place in range(channels)]
    return np.column_stack(tones) + noise


def written_as(form: str, sound: np.ndarray, rate: int = 44_100, subtype: str | None = None) -> bytes:
    """A file of the sound."""
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format=form, subtype=subtype)
    return file.getvalue()


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Take bytes for a piece of some seconds and give its sound; the folder of the piece has nothing else."""

    def taken(raw: bytes, seconds: float = 5, tolerance: float = 0.25) -> np.ndarray:
        (tmp_path / "03.raw").write_bytes(raw)
        (out := tmp_path / "out").mkdir()
        try:
            take_music(
                tmp_path / "03.raw", out / "a", vendor="Acme", samples=round(seconds * RATE), tolerance=tolerance
            )
        except MediaError:
            assert list(out.iterdir()) == []
            raise
        assert [path.name for path in out.iterdir()] == ["a"]
        facts = soundfile.info(out / "a")
        assert (facts.format, facts.subtype, facts.samplerate, facts.channels) == ("FLAC", "PCM_16", RATE, 2)
        return soundfile.read(out / "a")[0]

    return taken


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("MP3", None), ("FLAC", "PCM_24"), ("WAV", "FLOAT"), ("RF64", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS")],
)
def test_a_piece_of_any_kind_becomes_flac_of_its_length(take: Take, form: str, subtype: str | None) -> None:
    rate = RATE if subtype == "OPUS" else 44_100
    sound = take(written_as(form, sound_of(5, rate), rate, subtype))
    assert len(sound) == 5 * RATE
    for channel, hertz in enumerate((220, 330)):
        loudest = np.abs(np.fft.rfft(sound[RATE : 2 * RATE, channel])).argmax()
        assert loudest == pytest.approx(hertz, abs=1)


@pytest.mark.parametrize("rate", [8_000, 44_100, 44_101, 96_000, 192_000])
@pytest.mark.slow
def test_a_tone_keeps_its_pitch_and_height_at_any_rate(take: Take, rate: int) -> None:
    time = np.arange(2 * rate) / rate
    sound = take(written_as("WAV", 0.5 * np.sin(2 * np.pi * 1000 * time), rate, "FLOAT"), 2)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)
    assert len(sound) == 2 * RATE
    assert np.abs(sound[500:-500] - expected[500:-500, None]).max() < 1e-3


def test_what_no_rate_of_48_khz_can_hold_is_gone(take: Take) -> None:
    time = np.arange(2 * 96_000) / 96_000
    sound = take(written_as("WAV", 0.5 * np.sin(2 * np.pi * 30_000 * time) + 0.1, 96_000, "FLOAT"), 2)
    assert np.abs(sound[500:-500] - 0.1).max() < 1e-3


@pytest.mark.parametrize("rate", [44_100, 96_000, 32_000])
def test_blocks_leave_no_trace(rate: int) -> None:
    sound = sound_of(8, rate).astype(np.float32)
    borders = np.random.default_rng(2).integers(1, len(sound), 40)
    pieces = list(resampled(iter(np.split(sound, np.sort(borders))), rate))
    assert len(pieces) >= 2
    common = np.gcd(rate, RATE)
    up, down = int(RATE // common), int(rate // common)
    whole = resample_poly(sound, up, down, axis=0, window=low_pass(up, down))
    assert len(whole) == 8 * RATE
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-6


def test_mono_is_heard_on_both_sides(take: Take) -> None:
    sound = take(written_as("WAV", sound_of(5, channels=1)))
    assert np.array_equal(sound[:, 0], sound[:, 1])


def test_what_is_longer_is_cut_and_faded_out(take: Take) -> None:
    sound = take(written_as("FLAC", sound_of(9, RATE), RATE), 5)
    assert len(sound) == 5 * RATE
    assert np.abs(sound[-20:]).max() < 0.001
    assert np.abs(sound[-RATE : -RATE * 3 // 4]).max() > 0.2


def test_what_is_as_long_as_asked_or_a_little_shorter_is_left_as_it_is(take: Take) -> None:
    sound = take(written_as("FLAC", given := sound_of(4, RATE), RATE), 5)
    assert np.abs(sound - given).max() < 1e-4


def test_what_is_much_shorter_is_refused_with_both_lengths(take: Take) -> None:
    with pytest.raises(MediaError, match=r"Acme delivered 03\.raw, which lasts 3\.7 s; asked for were 5\.0 s"):
        take(written_as("WAV", sound_of(3.7)))


def test_what_clips_is_lowered_and_nothing_else(take: Take, tmp_path: Path) -> None:
    time = np.arange(5 * RATE) / RATE
    # Between its samples it is 3 dB higher than at any of them.
    high = 0.8 * np.sin(2 * np.pi * RATE / 4 * time + np.pi / 4) / np.sin(np.pi / 4)
    high *= np.minimum(1, np.minimum(time, time[::-1]) * 4)
    sound = take(written_as("WAV", high, RATE, "FLOAT"))
    peak = np.abs(resample_poly(sound, 8, 1, axis=0)).max()
    assert 20 * np.log10(peak) == pytest.approx(-1, abs=0.1)


def test_the_meter_finds_the_peak_wherever_blocks_meet() -> None:
    time = np.arange(20_000) / RATE
    sound = (0.9 * np.sin(2 * np.pi * RATE / 4 * time + np.pi / 4) * np.hanning(len(time)))[:, None].astype(np.float32)
    exact = np.abs(resample_poly(sound, 4, 1, axis=0)).max()
    for size in (7, 31, 1000, 20_000):
        meter = PeakMeter()
        for start in range(0, len(sound), size):
            meter.add(sound[start : start + size])
        assert meter.true_peak() == pytest.approx(exact, rel=1e-4)


def test_silence_is_refused(take: Take) -> None:
    with pytest.raises(MediaError, match="is silent"):
        take(written_as("WAV", sound_of(5, peak=0.0008)))


def test_a_quiet_piece_is_taken_as_it_is(take: Take) -> None:
    assert np.abs(take(written_as("FLAC", sound_of(5, RATE, peak=0.004), RATE))).max() < 0.005


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(take: Take, value: float) -> None:
    sound = sound_of(7)
    sound[-10] = value  # behind what is kept of it
    with pytest.raises(MediaError, match="no numbers"):
        take(written_as("WAV", sound, subtype="FLOAT"))


@pytest.mark.parametrize(
    ("form", "subtype"), [("MP3", None), ("FLAC", None), ("WAV", "PCM_16"), ("RF64", "PCM_16"), ("OGG", "VORBIS")]
)
@pytest.mark.parametrize("share", [0.5, 0.98])
def test_what_was_cut_off_on_its_way_is_refused(take: Take, form: str, subtype: str | None, share: float) -> None:
    raw = written_as(form, sound_of(20), subtype=subtype)
    with pytest.raises(MediaError, match="cut off"):
        take(raw[: round(len(raw) * share)])


def test_a_wav_that_was_written_to_a_pipe_is_taken(take: Take) -> None:
    raw = bytearray(written_as("WAV", sound_of(5, RATE), RATE))
    place = raw.index(b"data") + 4
    raw[4:8] = raw[place : place + 4] = b"\xff" * 4
    assert len(take(bytes(raw))) == 5 * RATE


def test_noise_in_the_middle_of_a_file_is_refused(take: Take) -> None:
    raw = bytearray(written_as("FLAC", sound_of(20)))
    raw[len(raw) // 2 : len(raw) // 2 + 3000] = os.urandom(3000)
    with pytest.raises(MediaError, match="damaged"):
        take(bytes(raw))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty; expected was one of MP3, WAV, FLAC, OGG"),
        (b"<!DOCTYPE html><html><title>502 Bad\n Gateway</title>", r"web page \(HTML\) that says '502 Bad Gateway'"),
        (b'\n{"error": "quota exceeded"}', 'JSON answer that says \'{"error": "quota exceeded"}\''),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML document that says .*AccessDenied"),
        (b"too many requests", "text that says 'too many requests'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a PNG"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00" + bytes(50), "M4A.*convert it: ffmpeg"),
        (b"\xff\xf1\x50\x80\x2e\x7f\xfc" + bytes(50), "AAC.*ask for MP3"),
        (bytes(5000), "of no kind that is known"),
        (b"fLaC" + bytes(5000), "a FLAC that is damaged or cut off"),
        (b"RIFF\x24\x00\x00\x00WAVE" + bytes(100), "cut off: there is no sound"),
        (b"ID3" + bytes(5000), "an MP3 that is damaged"),
    ],
    ids=lambda value: value[:12].hex() if isinstance(value, bytes) else "",
)
def test_what_is_no_music_is_named(take: Take, raw: bytes, said: str) -> None:
    with pytest.raises(MediaError, match=r"^Acme delivered 03\.raw, ") as refused:
        take(raw)
    assert refused.match(said)


def test_a_file_of_many_channels_is_refused(take: Take) -> None:
    with pytest.raises(MediaError, match="6 channels"):
        take(written_as("WAV", sound_of(5, channels=6)))


def test_a_rate_from_hell_is_refused(take: Take) -> None:
    raw = bytearray(written_as("WAV", sound_of(5)))
    struct.pack_into("<I", raw, 24, 2_000_000_000)
    with pytest.raises(MediaError, match="samples a second"):
        take(bytes(raw))


def test_days_of_silence_in_some_kilobytes_are_not_decoded_to_the_end(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("video_pipeline.providers.arrival.music.LONGEST_S", 3600)
    raw = written_as("FLAC", np.zeros((3700 * 8000, 1), np.int16), 8000)
    with pytest.raises(MediaError, match="goes on after 1 hours"):
        take(raw)


def test_a_pipe_a_folder_and_a_file_that_is_not_there_do_not_hold_it_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(MediaError, match="which is no file"):
            take_music(tmp_path / name, tmp_path / "out", vendor="Acme", samples=RATE, tolerance=0)
    with pytest.raises(MachineError, match=r"cannot read none\.mp3"):
        take_music(tmp_path / "none.mp3", tmp_path / "out", vendor="Acme", samples=RATE, tolerance=0)


def test_a_place_that_cannot_be_written_is_an_error_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(written_as("WAV", sound_of(1)))
    with pytest.raises(MachineError, match=r"cannot write out: .*room"):
        take_music(tmp_path / "a", tmp_path / "missing" / "out", vendor="Acme", samples=RATE, tolerance=0)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", Kind.AVIF),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", Kind.MOV),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomavc1", Kind.MP4),
        (b"\xff\xfb\x90\x64" + bytes(9), Kind.MP3),
        ("ä".encode() * 3000, Kind.TEXT),
        (("x" + "ä" * 3000).encode(), Kind.TEXT),
    ],
)
def test_a_kind_is_told_by_what_is_in_a_file(head: bytes, kind: Kind) -> None:
    assert kind_of(head) is kind
