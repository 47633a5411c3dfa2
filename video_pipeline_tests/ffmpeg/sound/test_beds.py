"""Sounds under the whole programme: how loud, where they step back, whether a seam can be heard."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import butter, sosfiltfilt

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import Bed, PictureClip, SoundClip, Timeline
from video_pipeline.ffmpeg.sound.beds import Loop, bed_powers, bed_sound, lay_beds, loop_of, opened, stepping_back
from video_pipeline.ffmpeg.sound.loudness import STEP, Meter
from video_pipeline.ffmpeg.sound.mixing import GRID, Mix, mix_span
from video_pipeline.ffmpeg.sound.programme import _sound_key
from video_pipeline.ffmpeg.sound.tracks import analyse
from video_pipeline.ffmpeg.work.crew import StopFlag
from video_pipeline_tests.ffmpeg.material import Workshop, reference, write_sound

Stereo = NDArray[np.float64]


def band(seconds: float, low: float, high: float, seed: int, level: float = 0.1) -> Stereo:
    """Noise between two frequencies, shape (samples, 2), its effective level `level`."""
    noise = np.random.default_rng(seed).standard_normal((round(seconds * SAMPLE_RATE), 2))
    kept = only(noise, low, high)
    return kept * level / np.sqrt(np.square(kept).mean())


def only(sound: Stereo, low: float, high: float) -> Stereo:
    return np.asarray(sosfiltfilt(butter(6, (low, high), "bandpass", fs=SAMPLE_RATE, output="sos"), sound, axis=0))


def hum(seconds: float) -> Stereo:
    """What stands for music: all of it below 400 Hz."""
    return band(seconds, 100, 400, 1)


def hiss(seconds: float, seed: int = 2) -> Stereo:
    """What stands for a bed: all of it above 2 kHz."""
    return band(seconds, 2000, 6000, seed, 0.02)


HIGH, LOW = (1500, 8000), (60, 600)


def lufs(sound: Stereo) -> float:
    """Loudness without a gate, of sound of shape (samples, 2)."""
    meter = Meter()
    meter.add(np.ascontiguousarray(sound[: len(sound) // STEP * STEP].T, np.float32))
    return float(-0.691 + 10 * np.log10(meter.powers.mean()))


def bed_of(path: Path, seconds: float, level_db: float = -12.0, ducking_db: float = 0.0) -> Bed:
    return Bed(path.stem, reference(path), round(seconds * SAMPLE_RATE), level_db, ducking_db)


def programme(workshop: Workshop, piece: Path, seconds: float, *beds: Bed) -> Timeline:
    samples = round(seconds * SAMPLE_RATE)
    sound = SoundClip("piece", reference(piece), TimeRange(0, samples), TimeRange(0, samples))
    picture = PictureClip("picture", reference(workshop.picture(0)), FPS_30.frame_at(samples))
    return Timeline("programme", FPS_30, (picture,), (), (sound,), (), beds=beds)


def heard(workshop: Workshop, timeline: Timeline, out: Path) -> Stereo:
    workshop.render(timeline, "flac_high", out)
    return np.asarray(workshop.sound_of(out), np.float64)


@pytest.fixture(scope="module")
def piece(workshop: Workshop) -> Path:
    """Music for 20 s, with a pause from 9 s to 15 s."""
    sound = hum(20)
    sound[9 * SAMPLE_RATE : 15 * SAMPLE_RATE] *= 1e-4
    return write_sound(workshop.folder / "hum.flac", sound)


@pytest.fixture(scope="module")
def rain(workshop: Workshop) -> Path:
    return write_sound(workshop.folder / "rain.flac", hiss(7))


def test_a_bed_lies_at_its_level_and_the_sum_at_the_target(
    workshop: Workshop, piece: Path, rain: Path, tmp_path: Path
) -> None:
    timeline = programme(workshop, piece, 20, bed_of(rain, 7, -12.0))
    sound = heard(workshop, timeline, tmp_path / "out.flac")
    part = slice(4 * SAMPLE_RATE, 8 * SAMPLE_RATE)
    bed, music = lufs(only(sound, *HIGH)[part]), lufs(only(sound, *LOW)[part])
    assert bed - music == pytest.approx(-12.0, abs=0.5)
    integrated, peak = workshop.loudness(tmp_path / "out.flac")
    assert integrated == pytest.approx(-14.0, abs=0.4)
    assert peak <= -1.0


def test_a_bed_steps_back_in_the_music_and_forward_in_a_pause(
    workshop: Workshop, piece: Path, rain: Path, tmp_path: Path
) -> None:
    timeline = programme(workshop, piece, 20, bed_of(rain, 7, -10.0, ducking_db=9.0))
    bed = only(heard(workshop, timeline, tmp_path / "out.flac"), *HIGH)
    in_music, in_pause = bed[4 * SAMPLE_RATE : 8 * SAMPLE_RATE], bed[12 * SAMPLE_RATE : 14 * SAMPLE_RATE]
    assert lufs(in_pause) - lufs(in_music) == pytest.approx(9.0, abs=0.7)
    # Slowly: from one fifth of a second to the next by no more than the rates say, and the noise itself varies.
    fifths = [lufs(bed[start : start + 2 * STEP]) for start in range(4 * SAMPLE_RATE, 14 * SAMPLE_RATE, 2 * STEP)]
    assert np.abs(np.diff(fifths)).max() < 9.0 / 4 + 1.0


def test_encoded_sound_has_the_beds_though_the_same_without_is_kept(
    fresh: Workshop, piece: Path, rain: Path, tmp_path: Path
) -> None:
    plain = programme(fresh, piece, 20)
    high = []
    for number, timeline in enumerate((plain, replace(plain, beds=(bed_of(rain, 7, -12.0),)))):
        file = tmp_path / f"{number}.m4a"
        fresh.render(timeline, "m4a_low", file)
        high.append(lufs(only(np.asarray(fresh.sound_of(file), np.float64), *HIGH)[: 8 * SAMPLE_RATE]))
    assert high[1] > high[0] + 20


def test_what_is_kept_of_a_sound_is_named_by_all_of_its_beds(workshop: Workshop, piece: Path, rain: Path) -> None:
    """A bed, another level, another file: each is another sound; what a bed is called is not heard."""
    plain = programme(workshop, piece, 20)
    bed = bed_of(rain, 7, -12.0)
    other = replace(bed, media=reference(piece))
    wishes = [(), (bed,), (replace(bed, level_db=-24.0),), (replace(bed, ducking_db=6.0),), (other,), (bed, other)]
    wishes.append((replace(bed, samples=bed.samples - 1),))
    assert len({_sound_key(replace(plain, beds=wish)) for wish in wishes}) == len(wishes)
    assert _sound_key(replace(plain, beds=(replace(bed, name="drizzle"),))) == _sound_key(replace(plain, beds=(bed,)))


def test_the_same_programme_has_the_same_bytes(
    workshop: Workshop, fresh: Workshop, piece: Path, rain: Path, tmp_path: Path
) -> None:
    timeline = programme(workshop, piece, 20, bed_of(rain, 7, -12.0, 6.0))
    for number, tools in enumerate((workshop, fresh)):
        tools.render(timeline, "flac_high", tmp_path / f"{number}.flac")
    assert (tmp_path / "0.flac").read_bytes() == (tmp_path / "1.flac").read_bytes()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("phone.wav", ["-ar", "8000", "-ac", "1", "-c:a", "pcm_mulaw"]),
        ("song.mp3", ["-ar", "44100", "-b:a", "128k"]),
        ("wide.flac", ["-ar", "96000", "-ac", "6"]),
    ],
)
def test_foreign_sounds_are_beds_too(
    workshop: Workshop, piece: Path, rain: Path, tmp_path: Path, name: str, options: list[str]
) -> None:
    file = workshop.folder / name
    workshop.run("-y", "-v", "error", "-i", str(rain), *options, str(file))
    facts = workshop.tools.audio_facts(file)
    bed = Bed(name, reference(file), facts.samples, -12.0)
    sound = heard(workshop, programme(workshop, piece, 20, bed), tmp_path / "out.flac")
    part = slice(4 * SAMPLE_RATE, 8 * SAMPLE_RATE)
    assert lufs(only(sound, *HIGH)[part]) - lufs(only(sound, *LOW)[part]) == pytest.approx(-12.0, abs=1.2)


def test_beds_without_music_come_to_the_target(workshop: Workshop, rain: Path, tmp_path: Path) -> None:
    silence = write_sound(workshop.folder / "silence.flac", np.zeros((8 * SAMPLE_RATE, 2)))
    heard(workshop, programme(workshop, silence, 8, bed_of(rain, 7, -18.0, 6.0)), tmp_path / "out.flac")
    integrated, peak = workshop.loudness(tmp_path / "out.flac")
    assert integrated == pytest.approx(-14.0, abs=0.5)
    assert peak <= -1.0


def test_a_rattle_is_refused(workshop: Workshop, piece: Path, tmp_path: Path) -> None:
    click = write_sound(workshop.folder / "click.flac", hiss(0.3))
    with pytest.raises(MediaError, match=r"click lasts 0\.30 s"):
        heard(workshop, programme(workshop, piece, 20, bed_of(click, 0.3)), tmp_path / "out.flac")
    assert not list(tmp_path.iterdir())


def test_the_preview_has_the_beds_once(workshop: Workshop, piece: Path, rain: Path, tmp_path: Path) -> None:
    timeline = programme(workshop, piece, 20, bed_of(rain, 7, -12.0))
    master, out = tmp_path / "master.mp4", tmp_path / "preview.mp4"
    workshop.render(timeline, "mp4_low", master)
    workshop.tools.preview_clip(
        timeline, master, out, locate=lambda media: workshop.folder / media.key, cancelled=lambda: False
    )
    part = slice(4 * SAMPLE_RATE, 8 * SAMPLE_RATE)
    ratios = []
    for file in (master, out):
        sound = np.asarray(workshop.sound_of(file), np.float64)[part]
        ratios.append(lufs(only(sound, *HIGH)) - lufs(only(sound, *LOW)))
    assert ratios[1] == pytest.approx(ratios[0], abs=0.4)


def test_the_drawn_programme_shows_the_beds(workshop: Workshop, piece: Path, rain: Path, tmp_path: Path) -> None:
    heights = []
    for beds in ((), (bed_of(rain, 7, -6.0),)):
        out = tmp_path / "wave.png"
        workshop.tools.programme_waveform(
            programme(workshop, piece, 20, *beds), out, locate=lambda media: workshop.folder / media.key
        )
        lit = (np.asarray(Image.open(out).convert("L")).astype(float) > 90).sum(axis=0)
        heights.append(lit[800:1120].mean())  # in the pause, from 10 s to 14 s
    assert heights[0] < 6
    assert heights[1] > 3 * heights[0]


def laid(folder: Path, sound: Stereo, seconds: float, music: NDArray[np.float64] | None = None, ducking: float = 0.0):
    """A bed under a programme of so many seconds, at the gain of its file."""
    pcm = folder / "bed.f32"
    sound.astype(np.float32).tofile(pcm)
    analysis = analyse(np.asarray(sound, np.float32), 2)
    length = round(seconds * SAMPLE_RATE) // 1600 * 1600
    media = MediaReference("bed", "b" * 64, 1)
    timeline = Timeline(
        "laid",
        FPS_30,
        (PictureClip("picture", media, length // 1600),),
        (),
        (SoundClip("piece", media, TimeRange(0, length), TimeRange(0, length)),),
        (),
        beds=(Bed("bed", media, len(sound), analysis.facts.loudness.integrated_lufs - -14.0, ducking),),
    )
    part = lay_beds(timeline, [analysis], np.zeros(length // STEP) if music is None else music)[0]
    return opened(part, pcm, 0.0), analysis


@pytest.mark.parametrize("pitch", [137.0, 440.0, 1000.0])
def test_a_tone_goes_on_in_phase_over_every_seam(tmp_path: Path, pitch: float) -> None:
    time = np.arange(round(5.37 * SAMPLE_RATE)) / SAMPLE_RATE
    part, _ = laid(tmp_path, np.tile(0.2 * np.sin(2 * np.pi * pitch * time)[:, None], (1, 2)), 30)
    sound = bed_sound(part, 0, part.length)[0, 4 * SAMPLE_RATE : 23 * SAMPLE_RATE]
    assert part.loop.likeness > 0.98
    assert part.loop.period < 5 * SAMPLE_RATE  # it has seams
    assert np.abs(np.diff(sound)).max() <= 0.2 * part.gain * 2 * np.pi * pitch / SAMPLE_RATE * 1.05
    waves = np.square(sound[: len(sound) // 4800 * 4800].reshape(-1, 4800)).mean(axis=1)
    assert 10 * np.log10(waves.max() / waves.min()) < 0.5


def test_noise_has_no_seam_in_its_level_and_no_click(tmp_path: Path) -> None:
    part, _ = laid(tmp_path, band(6, 200, 3000, 4), 40)
    sound = bed_sound(part, 0, part.length)[:, 4 * SAMPLE_RATE : 33 * SAMPLE_RATE].astype(np.float64).T
    levels = np.square(sound.reshape(-1, SAMPLE_RATE // 2, 2)).mean(axis=(1, 2))
    assert 10 * np.log10(levels.max() / levels.min()) < 1.6  # half a second of such noise varies by 0.9 dB
    above = np.abs(only(sound, 9000, 20000))  # nothing of the sound is there, all of a click would be
    assert above[SAMPLE_RATE:-SAMPLE_RATE].max() < 1e-3 * np.abs(sound).max()


def test_a_recording_that_was_faded_does_not_sink_at_its_seams(tmp_path: Path) -> None:
    sound = band(20, 200, 3000, 4)
    fade = np.linspace(0, 1, 2 * SAMPLE_RATE)[:, None]
    sound[: len(fade)] *= fade
    sound[-len(fade) :] *= fade[::-1]
    part, _ = laid(tmp_path, sound, 60)
    played = bed_sound(part, 0, part.length)[:, 4 * SAMPLE_RATE : 53 * SAMPLE_RATE].astype(np.float64)
    levels = np.square(played.reshape(2, -1, SAMPLE_RATE)).mean(axis=(0, 2))
    assert 10 * np.log10(np.median(levels) / levels.min()) < 3.0


def test_a_bed_comes_and_goes_with_the_programme(tmp_path: Path) -> None:
    part, _ = laid(tmp_path, band(6, 200, 3000, 4), 40)
    sound = bed_sound(part, -100, part.length + 100)
    assert not sound[:, :100].any()
    assert not sound[:, -100:].any()
    loud = np.abs(sound[:, 10 * SAMPLE_RATE : 20 * SAMPLE_RATE]).max()
    assert np.abs(sound[:, : SAMPLE_RATE // 10]).max() < 0.02 * loud
    assert np.abs(sound[:, -SAMPLE_RATE // 10 :]).max() < 0.02 * loud


def test_any_part_of_a_bed_is_the_same_as_of_the_whole(tmp_path: Path) -> None:
    music = np.where(np.arange(300) % 100 < 50, 0.01, 1e-9)
    part, _ = laid(tmp_path, band(3.3, 200, 3000, 4), 30, music, 9.0)
    assert part.steps_back.size
    whole = bed_sound(part, 0, part.length)
    cuts = [0, 1, 77, 4801, 200_000, 200_001, 900_000, part.length]
    pieces = [bed_sound(part, first, last) for first, last in pairwise(cuts)]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)


def test_mixing_beds_in_parts_gives_the_same_file(tmp_path: Path) -> None:
    part, _ = laid(tmp_path, band(3, 200, 3000, 4, 0.4), 13)
    mix = Mix((), part.length, 0.5, (part,))
    files = []
    for name, spans in (("whole", [(0, mix.length)]), ("parts", [(0, 4 * GRID), (4 * GRID, mix.length)])):
        files.append(tmp_path / name)
        files[-1].write_bytes(bytes(mix.length * 4))
        for span in reversed(spans):
            mix_span(mix, files[-1], *span, StopFlag(tmp_path / "stop"))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_power_of_a_bed_is_foreseen(tmp_path: Path) -> None:
    music = np.where(np.arange(300) % 100 < 50, 0.01, 1e-9)
    swelling = band(7.7, 200, 3000, 4) * (1 + 0.8 * np.sin(np.arange(round(7.7 * SAMPLE_RATE)) / SAMPLE_RATE))[:, None]
    part, analysis = laid(tmp_path, swelling, 30, music, 9.0)
    meter = Meter()
    meter.add(bed_sound(part, 0, part.length))
    foreseen = bed_powers(part, analysis)
    # Of a second, not of each step: noise is noise.
    seconds = [np.convolve(each, np.full(10, 0.1), "valid") for each in (foreseen, meter.powers)]
    inside = slice(10, 260)
    assert np.abs(10 * np.log10(seconds[0][inside] / seconds[1][inside])).max() < 2.5
    assert 10 * np.log10(foreseen.mean() / meter.powers.mean()) == pytest.approx(0, abs=0.4)


def test_stepping_back_is_begun_before_the_music_and_ended_after_it() -> None:
    music = np.where((np.arange(400) >= 100) & (np.arange(400) < 200), 0.01, 1e-9)
    curve = 20 * np.log10(stepping_back(music, -20.0, 10.0))
    assert curve[:85] == pytest.approx(np.zeros(85), abs=1e-5)
    assert curve[101:199] == pytest.approx(np.full(98, -10.0), abs=0.3)
    assert curve[240:] == pytest.approx(np.zeros(160), abs=1e-5)
    assert np.diff(curve).min() > -10 / 8 - 1e-3  # back within 0.8 s
    assert np.diff(curve).max() < 10 / 30 + 1e-3  # forth within 3 s


def test_a_rest_between_notes_does_not_bring_a_bed_forward() -> None:
    music = np.where(np.arange(400) % 12 < 8, 0.01, 1e-9)  # 0.4 s of rest in each 1.2 s
    curve = 20 * np.log10(stepping_back(music, -21.8, 10.0))
    assert curve[20:380].max() < -8.5


def test_short_and_long_sounds_have_a_loop() -> None:
    assert loop_of(SAMPLE_RATE, np.ones(10)) == Loop(0, 36_000, 12_000)
    assert loop_of(60 * SAMPLE_RATE, np.ones(600)) == Loop(0, 57 * SAMPLE_RATE, 3 * SAMPLE_RATE)
    silent = loop_of(60 * SAMPLE_RATE, np.zeros(600))
    assert silent.period > 0
