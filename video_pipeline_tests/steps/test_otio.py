"""OpenTimelineIO files: nothing is lost, and the format's own library reads what we mean."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_pipeline.domain.chapters import chapters_of
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FrameRate, TimeRange
from video_pipeline.domain.timeline import Motion, Overlay, PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.steps.otio import to_otio
from video_pipeline_tests.timelines import from_otio

RATES = [FrameRate(24), FrameRate(25), FrameRate(30), FrameRate(60), FrameRate(24000, 1001), FrameRate(30000, 1001)]
KEY = "jobs/1234/master-a1.mp4.otio"
# The library ends a text at a zero character.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)

# The library has no wheel for the newest Python; where there is one it must agree.
otio = importlib.import_module("opentimelineio") if sys.version_info < (3, 14) else None


def media(name: str) -> MediaReference:
    return MediaReference(f"jobs/1234/{name}", hashlib.sha256(name.encode()).hexdigest(), 1000)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Programmes of one to five scenes with any lengths, transitions and names that a timeline allows."""
    rate = draw(st.sampled_from(RATES))
    count = draw(st.integers(1, 5))
    lengths = draw(st.lists(st.integers(2, 100_000), min_size=count, max_size=count))
    names = draw(st.lists(NAMES, min_size=count, max_size=count))
    transitions = []
    for before, after in pairwise(lengths):
        offsets = draw(st.integers(0, before // 2)), draw(st.integers(0, after // 2))
        transitions.append(Transition(draw(st.sampled_from(TransitionKind)), *offsets))
    cuts = [0]
    for length in lengths:
        cuts.append(cuts[-1] + length)
    edges = [rate.samples_at(cut) for cut in cuts]
    sounds, fades = [], []
    for number, (start, end) in enumerate(pairwise(edges)):
        handle = draw(st.integers(0, 500))
        beyond = draw(st.integers(0, 500))
        source = TimeRange(handle, end - start)
        sounds.append(SoundClip(names[number], media(f"{number}.flac"), source, TimeRange(0, source.end + beyond)))
        if number:
            room = sounds[number - 1].available_range.end - sounds[number - 1].source_range.end
            head = draw(st.integers(0, min(handle, sounds[number - 1].source_range.duration)))
            tail = draw(st.integers(0, min(room, end - start)))
            fades.append(TimeRange(start - head, head + tail))
    pictures = tuple(
        PictureClip(name, media(f"images/{number} ü#.png"), length, draw(st.sampled_from(Motion)))
        for number, (name, length) in enumerate(zip(names, lengths, strict=True))
    )
    overlay = draw(st.sampled_from(Overlay))
    return Timeline(draw(NAMES), rate, pictures, tuple(transitions), tuple(sounds), tuple(fades), overlay)


@settings(deadline=None)
@given(timeline=timelines())
def test_nothing_is_lost(timeline: Timeline) -> None:
    assert from_otio(to_otio(timeline, KEY)) == timeline


@settings(max_examples=60, deadline=None)
@given(timeline=timelines())
def test_the_library_agrees(timeline: Timeline) -> None:
    text = to_otio(timeline, KEY)
    assert from_otio(again_by_library(timeline, text) if otio else text) == timeline


def again_by_library(timeline: Timeline, text: str) -> str:
    """The same file written again by the library, which must see the lengths that we mean."""
    found = otio.adapters.read_from_string(text, "otio_json")
    assert found.name == timeline.name
    (video,), (audio,) = found.video_tracks(), found.audio_tracks()
    clips = list(video.find_clips())
    for track, wanted in ((clips, timeline.pictures), (list(audio.find_clips()), timeline.sounds)):
        assert [clip.name for clip in track] == [clip.name for clip in wanted]
        assert all(clip.media_reference.target_url for clip in track)
    assert [clip.duration().value for clip in clips] == [clip.frames for clip in timeline.pictures]
    assert video.duration().value == timeline.frames
    assert audio.duration().value == timeline.samples
    assert audio.duration().rate == 48_000
    assert video.duration().rate == pytest.approx(float(timeline.rate.fraction), rel=1e-12)
    # Where a clip starts is the library's own arithmetic: transitions must not move the cuts.
    assert [video.range_of_child(clip).start_time.value for clip in clips] == list(timeline.picture_starts)
    # The handles that transitions eat are there.
    for clip, before, after in zip(clips, [None, *timeline.transitions], [*timeline.transitions, None], strict=True):
        used, available = clip.trimmed_range(), clip.available_range()
        assert used.start_time.value == (before.in_offset if before else 0)
        assert (available.end_time_exclusive() - used.end_time_exclusive()).value == (after.out_offset if after else 0)
    assert [marker.name for marker in found.tracks.markers] == [each.name for each in chapters_of(timeline)]
    return str(otio.adapters.write_to_string(found, "otio_json"))


def small() -> Timeline:
    fade = Transition(TransitionKind.DISSOLVE, 15, 15)
    pictures = tuple(PictureClip(f"0{n} Rain", media(f"images/0{n}.png"), 300) for n in (1, 2))
    sounds = tuple(
        SoundClip(f"0{n} Rain", media(f"music/0{n}.flac"), TimeRange(24_000, 480_000), TimeRange(0, 528_000))
        for n in (1, 2)
    )
    return Timeline("Rain", FrameRate(30), pictures, (fade,), sounds, (TimeRange(456_000, 48_000),))


def test_media_are_named_from_where_the_file_lies() -> None:
    for key, wanted in ((KEY, "images/01.png"), ("exports/1234/webm_low.webm.otio", "../../jobs/1234/images/01.png")):
        track = json.loads(to_otio(small(), key))["tracks"]["children"][0]
        assert track["children"][0]["media_references"]["DEFAULT_MEDIA"]["target_url"] == wanted
    spaced = replace(small().pictures[0], media=media("images/a b#.png"))
    timeline = replace(small(), pictures=(spaced, small().pictures[1]))
    assert '"images/a%20b%23.png"' in to_otio(timeline, KEY)


def test_an_edit_in_another_program_is_read() -> None:
    """What the format says itself counts, not our copy of it: a scene renamed and cut shorter elsewhere."""
    whole = json.loads(to_otio(small(), KEY))
    video, audio = whole["tracks"]["children"]
    video["children"][2]["name"] = "02 Snow"
    video["children"][2]["source_range"]["duration"]["value"] = 150.0
    audio["children"][2]["source_range"]["duration"]["value"] = 240_000.0
    read = from_otio(json.dumps(whole))
    assert (read.pictures[1].name, read.frames, read.samples) == ("02 Snow", 450, 720_000)


def test_example_opens_in_the_library_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "master.mp4.otio"
    path.write_text(to_otio(small(), KEY))
    assert from_otio(path.read_text()) == small()
    if otio:
        found = otio.adapters.read_from_file(str(path))
        fade = found.video_tracks()[0][1]
        assert isinstance(fade, otio.schema.Transition)
        assert fade.transition_type == "SMPTE_Dissolve"
        assert (fade.in_offset.value, fade.out_offset.value) == (15, 15)
        assert (audio := found.audio_tracks()[0][1]).transition_type == "SMPTE_Dissolve"
        assert (audio.in_offset + audio.out_offset).to_seconds() == 1.0
