"""The written music, before any sound: form, harmony, voice leading, ranges, and prompts at the edge."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from video_pipeline.domain.storyboard import TONICS, Instrument, Mode
from video_pipeline.providers.music_procedural import form
from video_pipeline.providers.music_procedural.composition import write
from video_pipeline.providers.music_procedural.ensemble import PROFILES, Role, seats
from video_pipeline.providers.music_procedural.harmony import voicings
from video_pipeline.providers.music_procedural.piece import compose_piece
from video_pipeline.providers.music_procedural.score import make_plan
from video_pipeline.providers.music_procedural.theory import SCALES, Key
from video_pipeline_tests.providers.music_procedural.listening import MODE_STEPS
from video_pipeline_tests.providers.music_procedural.repertoire import prompt

anything = st.builds(
    lambda players, bpm, tonic, mode, density, seconds, moods: prompt(
        *players, bpm=bpm, tonic=tonic, mode=mode, density=density, seconds=seconds, moods=moods
    ),
    st.lists(st.sampled_from(list(Instrument)), min_size=1, max_size=6).map(tuple),
    st.integers(30, 240),
    st.sampled_from(TONICS),
    st.sampled_from(list(Mode)),
    st.floats(0, 1),
    st.floats(10, 600),
    st.lists(st.sampled_from(["calm", "dark", "epic", "jazz", "waltz", "", "zzz"]), max_size=3).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(anything, st.integers(0, 2**31 - 1))
@example(
    prompt(
        Instrument.TEXTURE,
        Instrument.BELLS,
        Instrument.TEXTURE,
        bpm=30,
        tonic="G",
        density=1.0,
        seconds=130,
        moods=("epic",),
    ),
    0,
)
def test_any_prompt_is_written_out_completely(asked, seed: int) -> None:
    plan, parts = write(asked, seed)
    assert sum(section.bars for section in plan.sections) == plan.clock.bars
    assert len(plan.chords) == plan.clock.bars + 1
    assert all(one < two for one, two in pairwise(plan.clock.starts))
    assert plan.clock.starts[-1] == pytest.approx(asked.duration_s)
    assert {part.seat.instrument for part in parts} == set(asked.instruments)
    scale = {(TONICS.index(asked.tonic) + step) % 12 for step in MODE_STEPS[asked.mode]}
    for part in parts:
        assert part.notes, part.seat
        profile = part.seat.profile
        for note in part.notes:
            assert 0 <= note.start_s < asked.duration_s
            assert note.length_s > 0
            assert 0 < note.velocity <= 1
            if part.seat.role is not Role.GROOVE:
                assert profile.low - 5 <= note.pitch <= profile.high + 5, part.seat
                assert note.pitch % 12 in scale


def test_the_same_scales_are_written_and_tested() -> None:
    assert SCALES == MODE_STEPS


@pytest.mark.parametrize("seconds", [10, 33.3, 150, 240, 600])
@pytest.mark.parametrize(("bpm", "beats"), [(40, 4), (61, 3), (84, 4), (168, 4)])
def test_the_clock_fills_the_length_and_keeps_the_tempo(seconds: float, bpm: int, beats: int) -> None:
    clock = form.clock(seconds, bpm, beats)
    assert 60 / clock.beat_s == pytest.approx(bpm, rel=0.0125)
    ring = clock.starts[-1] - clock.starts[-2]
    assert min(2.0, 0.2 * seconds) <= ring <= 7.2 + clock.bar_s
    gaps = np.diff(clock.starts[:-1])
    # Nothing hurries: bars are equal until the ritardando.
    assert (np.diff(gaps) > -1e-9).all()


def test_a_three_minute_piece_has_a_form() -> None:
    plan = make_plan(prompt(Instrument.PIANO, seconds=180, bpm=80), 5)
    kinds = [section.kind for section in plan.sections]
    assert kinds[0] is form.Kind.INTRO
    assert kinds[-1] is form.Kind.OUTRO
    assert {form.Kind.A, form.Kind.B} <= set(kinds)
    loudest = max(plan.sections, key=lambda section: section.intensity)
    assert 0.3 < loudest.start / plan.clock.bars < 0.9


@pytest.mark.parametrize("mode", Mode)
def test_progressions_start_and_end_at_home(mode: Mode) -> None:
    plan = make_plan(prompt(Instrument.PIANO, mode=mode, seconds=180), 5)
    theme = next(section for section in plan.sections if section.kind is form.Kind.A)
    assert plan.chords[theme.start].degree == 0
    assert plan.chords[-1].degree == 0
    assert plan.chords[-1].bass == plan.key.tonic
    assert plan.chords[-2].degree != 0, "a cadence has to come from somewhere"


def test_the_theme_returns_but_is_never_a_copy() -> None:
    plan, parts = write(prompt(Instrument.PIANO, Instrument.PAD, seconds=200, bpm=84, density=0.6), 6)
    lead = next(part for part in parts if part.seat.role is Role.LEAD)
    themes = [section for section in plan.sections if section.kind is form.Kind.A and section.bars == 8]
    assert len(themes) >= 2
    tunes = []
    for section in themes:
        begin, end = plan.clock.starts[section.start] - 0.05, plan.clock.starts[section.end] - 0.05
        bar = plan.clock.bar_s
        tunes.append(
            {(round((n.start_s - begin) / bar * 8), n.pitch % 12) for n in lead.notes if begin <= n.start_s < end}
        )
    for one, two in pairwise(tunes):
        likeness = len(one & two) / max(len(one), len(two))
        assert 0.15 < likeness < 1.0


@pytest.mark.parametrize("mode", Mode)
def test_voices_move_little_and_never_cross(mode: Mode) -> None:
    key = Key.named("E", mode)
    chords = [key.chord(degree) for degree in (0, 3, 4, 2, 1, 4, 0)]
    found = voicings(chords, 4, 52, 76)
    for one, two in pairwise(found):
        moves = [abs(a - b) for a, b in zip(one, two, strict=True)]
        assert np.mean(moves) <= 4.0
        assert max(moves) <= 9
    for chord, voices in zip(chords, found, strict=True):
        assert list(voices) == sorted(voices)
        assert len(set(voices)) == 4
        assert {pitch % 12 for pitch in voices} <= chord.classes
        assert chord.tones[1] in {pitch % 12 for pitch in voices}


def test_melodies_are_singable() -> None:
    for seed in range(6):
        plan, parts = write(prompt(Instrument.FLUTE, Instrument.PAD, seconds=180, density=0.5), seed)
        pitches = [note.pitch for note in parts[0].notes]
        leaps = np.abs(np.diff(pitches))
        assert (leaps <= 12).all()
        assert (leaps <= 4).mean() > 0.6
        assert 7 <= max(pitches) - min(pitches) <= 26
        # There is air between phrases.
        ends = [note.start_s + note.length_s for note in parts[0].notes]
        rests = [two.start_s - end for end, two in zip(ends, parts[0].notes[1:], strict=False)]
        assert max(rests) > plan.clock.beat_s


@pytest.mark.parametrize("instrument", Instrument)
def test_whoever_comes_first_leads_if_it_can(instrument: Instrument) -> None:
    taken = seats((instrument, Instrument.STRINGS, Instrument.BRUSHES))
    leads = [seat.instrument for seat in taken if seat.role is Role.LEAD]
    assert leads == [instrument if Role.LEAD in PROFILES[instrument].roles else Instrument.STRINGS]


EXTREMES = [
    prompt(Instrument.BRUSHES, bpm=240, density=1.0, seconds=10),
    prompt(Instrument.TEXTURE, bpm=30, density=0.0, seconds=10),
    prompt(Instrument.FLUTE, bpm=31, density=0.0, seconds=10, mode=Mode.PHRYGIAN, tonic="F#"),
    prompt(*Instrument, bpm=133, density=1.0, seconds=10, moods=("epic", "bright", "jazz")),
    prompt(Instrument.BASS, bpm=47, density=1.0, seconds=10.00001),
    prompt(Instrument.HAND_DRUM, Instrument.TEXTURE, bpm=59, density=0.0, seconds=13.37),
    prompt(Instrument.PIANO, bpm=239, density=1.0, seconds=11, moods=()),
    prompt(Instrument.GLASS_PAD, bpm=60, seconds=0.7),
    prompt(Instrument.PIANO, bpm=60, seconds=1 / 48_000),
]


@pytest.mark.parametrize("asked", EXTREMES, ids=lambda asked: f"{asked.instruments[0]} {asked.tempo_bpm}")
def test_prompts_at_the_edge_become_sound(asked) -> None:
    piece = compose_piece(asked, 1)
    assert piece.shape == (asked.samples, 2)
    assert np.isfinite(piece).all()
    assert np.abs(piece).max() < 10 ** (-1.5 / 20)
    if asked.duration_s >= 10:
        assert np.square(piece).mean() > 1e-4


def test_a_very_short_piece_fades_like_a_long_one() -> None:
    piece = compose_piece(prompt(Instrument.STRINGS, seconds=10, bpm=50), 1)
    assert np.abs(piece[-10:]).max() < 1e-5
