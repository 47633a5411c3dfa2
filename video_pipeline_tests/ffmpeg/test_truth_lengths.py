"""Any timeline gives exactly the promised number of frames and, within one frame, of samples: planned and rendered."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import SAMPLE_RATE, FrameRate, TimeRange
from video_pipeline.domain.timeline import Motion, PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.ffmpeg.picture.plan import compile_plan
from video_pipeline.ffmpeg.sound.voice import VOICES, Voice, chunks_of
from video_pipeline_tests.ffmpeg.material import Workshop, detailed_picture, reference, write_sound
from video_pipeline_tests.ffmpeg.programme import clear_music, rendered
from video_pipeline_tests.ffmpeg.truth import wrong
from video_pipeline_tests.ffmpeg.truth.container import container_findings, tracks_of

RATES = [FrameRate(24), FrameRate(25), FrameRate(30000, 1001), FrameRate(30), FrameRate(60)]
TINY = "128x96@2000k"
PIECE = 60 * SAMPLE_RATE
SHORTEST = SAMPLE_RATE // 5
"""Samples of the last piece of music, at least."""


@st.composite
def timelines(draw: st.DrawFn, pictures: list[MediaReference], sounds: list[MediaReference], longest: int) -> Timeline:
    """Scenes up to `longest` frames beyond what their transitions take, and as much sound."""
    rate = draw(st.sampled_from(RATES))
    count = draw(st.integers(1, 4))
    transitions = tuple(
        draw(st.builds(Transition, st.sampled_from(TransitionKind), OFFSETS, OFFSETS)) for _ in range(count - 1)
    )
    clips = []
    for index in range(count):
        taken = (transitions[index - 1].out_offset if index else 0) + (
            transitions[index].in_offset if index < count - 1 else 0
        )
        # A programme has at least a second: shorter ones are no films.
        frames = max(taken, 1 if index else rate.frames_in(1)) + draw(st.integers(0, longest))
        clips.append(
            PictureClip(f"scene {index}", draw(st.sampled_from(pictures)), frames, draw(st.sampled_from(Motion)))
        )
    samples = rate.samples_at(sum(clip.frames for clip in clips))
    return Timeline("any", rate, tuple(clips), transitions, *draw(scores(samples, sounds)))


OFFSETS = st.integers(0, 20)


@st.composite
def scores(
    draw: st.DrawFn, samples: int, sounds: list[MediaReference]
) -> tuple[tuple[SoundClip, ...], tuple[TimeRange, ...]]:
    """Pieces that add up to `samples`, and crossfades around their cuts."""
    cuts = sorted(draw(st.sets(st.integers(1, samples - SHORTEST), max_size=2)))
    edges = [0, *cuts, samples]
    lengths = [end - start for start, end in pairwise(edges)]
    half = draw(st.integers(0, min(SAMPLE_RATE, *lengths)))
    pieces = tuple(
        SoundClip(
            f"track {index}",
            draw(st.sampled_from(sounds)),
            TimeRange(half if index else 0, length),
            TimeRange(0, max(PIECE, length + 2 * half)),
        )
        for index, length in enumerate(lengths)
    )
    return pieces, tuple(TimeRange(cut - half, 2 * half) for cut in cuts)


NOWHERE = [MediaReference(f"{number}", f"{number:064x}", 1) for number in range(3)]


@given(timelines(NOWHERE, NOWHERE, longest=20_000), st.sampled_from([256_000, 128_000]))
@settings(max_examples=400, deadline=None)
def test_any_plan_has_the_frames_and_packets_of_its_timeline(timeline: Timeline, bit_rate: int) -> None:
    assert sum(run.frames for run in compile_plan(timeline)) == timeline.frames
    for codec, facts in VOICES.items():
        chunks = chunks_of(timeline.samples, Voice(codec, bit_rate), 76_800)
        heard = chunks[-1].end * facts.frame - facts.early
        assert abs(heard - timeline.samples) <= facts.frame / 2 or chunks[-1].end == 1


@pytest.fixture(scope="module")
def tiny(workshop: Workshop) -> Iterator[tuple[list[MediaReference], list[MediaReference]]]:
    pictures = [detailed_picture(workshop.folder / f"tiny{number}.png", number, (256, 192)) for number in range(3)]
    sounds = [write_sound(workshop.folder / f"tiny{n}.flac", clear_music(60, n)) for n in range(2)]
    return [reference(path) for path in pictures], [reference(path) for path in sounds]


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=16, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_any_render_has_the_frames_of_its_timeline(
    workshop: Workshop, tiny: tuple[list[MediaReference], list[MediaReference]], tmp_path: Path, data: st.DataObject
) -> None:
    timeline = data.draw(timelines(*tiny, longest=data.draw(st.sampled_from([40, 400]))))
    kind = data.draw(st.sampled_from(["mp4", "webm", "mov"]))
    claim = rendered(workshop, timeline, f"{kind}_{TINY}", tmp_path)
    assert wrong(container_findings(claim, tracks_of(claim.file))) == []
    with av.open(str(claim.file)) as container:
        assert sum(1 for _ in container.decode(video=0)) == timeline.frames
