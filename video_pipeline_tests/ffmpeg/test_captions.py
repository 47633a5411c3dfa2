"""Words over a programme: in the plan, and in finished files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.excerpt import excerpt
from video_pipeline.domain.timebase import FPS_30, TimeRange
from video_pipeline.domain.timeline import Caption, Motion, Overlay, Timeline
from video_pipeline.ffmpeg.lettering.drawing import draw_words
from video_pipeline.ffmpeg.picture.canvas import chroma_of
from video_pipeline.ffmpeg.picture.captions import captioned_plan, fade_frames, texts_of
from video_pipeline.ffmpeg.picture.layers import Layer
from video_pipeline.ffmpeg.picture.plan import Hold, Live, Run, Words, compile_plan
from video_pipeline_tests.ffmpeg.material import Workshop, luma_frames
from video_pipeline_tests.ffmpeg.picture.test_plan import Seen, expected, shown_by, timeline_of, timelines

TEXT = r"Breathe '%{pts}':x=0,drawtext=textfile=/etc/passwd" + "\n\n— Nobody"


@st.composite
def captioned(draw: st.DrawFn) -> Timeline:
    timeline = draw(timelines())
    captions, place = [], 0
    for number in range(draw(st.integers(1, 4))):
        start = place + draw(st.integers(0, 400))
        frames = draw(st.integers(1, 500))
        if start + frames > timeline.frames:
            break
        captions.append(Caption(f"quote {number}", start, frames))
        place = start + frames
    return replace(timeline, captions=tuple(captions))


def said_by(run: Run, number: int) -> tuple[str, float]:
    """The words at a frame of a run, and how much of them is seen."""
    if isinstance(run.stretch, Hold):
        return run.stretch.words, 1.0 if run.stretch.words else 0.0
    if isinstance(run.stretch, Live):
        for words in run.stretch.words:
            if opacity := words.opacity(number):
                return words.text, opacity
    return "", 0.0


def wanted(timeline: Timeline) -> list[tuple[str, float]]:
    """The definition, frame by frame: a smooth way up from nothing, all of it, and the same way down."""
    frames = [("", 0.0)] * timeline.frames
    for caption in timeline.captions:
        fade = fade_frames(caption, timeline.rate)
        for number in range(caption.frames):
            share = min((number + 1) / (fade + 1), (caption.frames - number) / (fade + 1), 1.0)
            frames[caption.start + number] = (caption.text, share * share * (3 - 2 * share))
    return frames


def beneath(run: Run, number: int) -> Seen:
    if not isinstance(run.stretch, Live):
        return shown_by(run, number)
    for sight in run.stretch.beneath:
        if number < sight.frames:
            return shown_by(Run(sight.stretch, sight.frames), sight.start + number)
        number -= sight.frames
    raise AssertionError("beyond the end")


@given(captioned())
@settings(max_examples=60)
@pytest.mark.slow
def test_words_are_seen_in_their_frames_and_change_nothing_beneath(timeline: Timeline) -> None:
    runs = captioned_plan(timeline)
    places = [(run, number) for run in runs for number in range(run.frames)]
    said = [said_by(run, number) for run, number in places]
    assert [text for text, _ in said] == [text for text, _ in wanted(timeline)]
    assert np.allclose([share for _, share in said], [share for _, share in wanted(timeline)])
    # Words over a Hold are a Hold with them: beneath is the same picture.
    assert [beneath(run, number) for run, number in places] == expected(timeline)
    assert all(run.frames == run.stretch.shown for run in runs if not isinstance(run.stretch, Hold))


STILL = timeline_of(FPS_30, [(600, Motion.STILL)], [])


def in_order(runs: Sequence[Run]) -> Iterator[tuple[int, Run]]:
    start = 0
    for run in runs:
        yield start, run
        start += run.frames


@given(captioned())
@settings(max_examples=60)
@example(
    replace(timeline_of(FPS_30, [(600, Motion.STILL)], []), captions=(Caption("a", 1, 300), Caption("b", 302, 297)))
)
@example(replace(timeline_of(FPS_30, [(600, Motion.STILL)], []), captions=(Caption("a", 300, 1), Caption("b", 301, 3))))
def test_no_frame_of_a_still_scene_stands_alone(timeline: Timeline) -> None:
    """A quote that begins on the second frame of a scene left a key frame in front of another one."""
    alone = {start for start, run in in_order(captioned_plan(timeline)) if run.frames == 1}
    for start, run in in_order(compile_plan(timeline)):
        if isinstance(run.stretch, Hold) and run.frames > 1:
            assert not alone.intersection(range(start, start + run.frames))


@given(captioned())
@settings(max_examples=40)
def test_what_has_no_words_is_what_it_would_be_without_any(timeline: Timeline) -> None:
    plain = {run.stretch for run in compile_plan(timeline)}
    assert {run.stretch for run in captioned_plan(timeline) if not texts_of(run.stretch)} <= plain
    assert captioned_plan(replace(timeline, captions=())) == compile_plan(timeline)


@given(captioned())
@settings(max_examples=30)
def test_words_over_an_overlay_leave_its_groups_as_they_are(timeline: Timeline) -> None:
    live = replace(timeline, overlay=Overlay.BARS)
    with_words = captioned_plan(live)
    assert [replace(run.stretch, words=()) for run in with_words if isinstance(run.stretch, Live)] == [
        run.stretch for run in compile_plan(live)
    ]
    said = [said_by(run, number) for run in with_words for number in range(run.frames)]
    assert [text for text, _ in said] == [text for text, _ in wanted(timeline)]


def test_a_quote_in_an_hour_costs_two_fades_and_a_still() -> None:
    hour = timeline_of(FPS_30, [(30 * 3600, Motion.STILL)], [])
    shown = captioned_plan(replace(hour, captions=tuple(Caption("Again.", 3000 * n, 300) for n in range(1, 30))))
    assert len({run.stretch for run in shown}) == 1 + 3
    assert sum({run.stretch: run.stretch.shown for run in shown if isinstance(run.stretch, Live)}.values()) == 2 * 27


def test_an_excerpt_has_the_words_that_are_seen_in_it() -> None:
    whole = timeline_of(FPS_30, [(900, Motion.STILL)], [])
    whole = replace(whole, captions=(Caption("a", 0, 100), Caption("b", 250, 100), Caption("c", 600, 100)))
    part = excerpt(whole, TimeRange(300, 350), whole.sounds[0].media)
    assert part.captions == (Caption("b", 0, 50), Caption("c", 300, 50))


def test_words_appear_and_vanish_evenly() -> None:
    words = Words("a", 10, 90, 27)
    shares = [words.opacity(number) for number in range(120)]
    assert shares[9] == shares[100] == 0
    assert shares[10:100] == shares[10:100][::-1]
    assert max(np.abs(np.diff(shares))) < 0.06
    assert shares[37:73] == [1.0] * 36


def test_a_layer_mixes_colours_and_leaves_what_is_clear() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[10:30, 10:30] = (255, 0, 0, 255)
    pixels[10:30, 30:36] = (0, 0, 0, 128)
    planes = np.full((150, 100), 128, np.uint8)
    planes[:100] = 200
    Layer(20, 30, pixels).over(planes, 1.0)
    assert planes[50, 35] == pytest.approx(63, abs=1)  # BT.709 red: 16 + 219 * 0.2126
    assert chroma_of(planes)[:, 25, 20] == pytest.approx([102, 240], abs=1)
    assert planes[50, 52] == pytest.approx(16 + 184 * (1 - 128 / 255), abs=1)
    untouched = planes[:100].copy()
    untouched[40:60, 30:56] = 200
    assert (untouched == 200).all()


# Finished files.


def promised(plain: NDArray[np.uint8], text: str, opacity: float) -> NDArray[np.uint8]:
    drawn = draw_words(text, plain.shape[1], plain.shape[0] * 2 // 3)
    planes = plain.copy()
    Layer(drawn.left, drawn.top, drawn.pixels).over(planes, opacity)
    return planes


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / (np.square(one.astype(float) - other).mean() + 1e-9)))


@pytest.mark.parametrize("rendition", ["mp4_low", "webm_low"])
def test_words_in_a_file_stand_where_they_should_and_nothing_else_changes(
    workshop: Workshop, tmp_path: Path, rendition: str
) -> None:
    """Two still scenes and a dissolve; one quote over a still, one over the dissolve."""
    timeline = workshop.album(2, seconds=8.0)
    said = replace(timeline, captions=(Caption(TEXT, 40, 100), Caption("Over the cut", 190, 90)))
    plain, worded = tmp_path / f"plain.{rendition[:3]}", tmp_path / f"worded.{rendition[:3]}"
    workshop.render(timeline, rendition, plain)
    report = workshop.render(said, rendition, worded)
    assert report.frames == timeline.frames
    hashes = [workshop.frame_hashes(path) for path in (plain, worded)]
    same = [one == other for one, other in zip(*hashes, strict=True)]
    assert same == [not any(c.start <= n < c.end for c in said.captions) for n in range(timeline.frames)]
    frames = {20: 0.0, 48: 0.0, 90: 0.0, 210: 0.0, 235: 0.0}
    before, after = (luma_frames(path, list(frames)) for path in (plain, worded))
    shown = {n: share for n, (_, share) in enumerate(wanted(said)) if n in frames}
    texts = {n: text for n, (text, _) in enumerate(wanted(said)) if n in frames}
    assert 0.1 < shown[48] < 0.5
    for number in frames:
        asked = promised(before[number], texts[number], shown[number]) if texts[number] else before[number]
        assert psnr(after[number], asked) > 38, number


@pytest.mark.slow
def test_words_over_what_moves_and_over_an_overlay(workshop: Workshop, tmp_path: Path) -> None:
    for name, timeline in (
        ("moving", workshop.album(1, seconds=9.0, motion=Motion.SLOW_ZOOM)),
        ("overlay", replace(workshop.album(1, seconds=6.0), overlay=Overlay.BARS)),
    ):
        said = replace(timeline, captions=(Caption("Calm", 60, 90),))
        files = [tmp_path / f"{name}{number}.mp4" for number in range(2)]
        workshop.render(timeline, "mp4_low", files[0])
        workshop.render(said, "mp4_low", files[1])
        before, after = (luma_frames(path, [20, 105, 155]) for path in files)
        for number, opacity in ((20, 0.0), (105, 1.0), (155, 0.0)):
            asked = promised(before[number], "Calm", opacity) if opacity else before[number]
            assert psnr(after[number], asked) > 36, (name, number)


def test_words_that_no_font_has_stop_a_render_before_anything_is_written(workshop: Workshop, tmp_path: Path) -> None:
    timeline = workshop.album(1, seconds=6.0)
    private = Caption("\U0010fffd here", 30, 60)
    with pytest.raises(InvalidInputError, match="no font on this machine has"):
        workshop.render(replace(timeline, captions=(private,)), "mp4_low", tmp_path / "never.mp4")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidInputError, match=r"U\+10FFFD"):
        workshop.tools.check_caption(private.text)
    workshop.tools.check_caption(TEXT)
