"""Owns the OpenTimelineIO form of a timeline, as JSON; hides that format's schemas.

    Timeline.1   Stack.1   Track.1 "Video"   Clip.2  Transition.1  Clip.2 ...   times in frames
                           Track.1 "Audio"   Clip.2  Transition.1  Clip.2 ...   times in samples
                           Marker.2          one a chapter

Every editor that reads the format sees clips, cuts, transitions and chapters; what it has no words for (motion, exact
rate, checksums) stands in the metadata under `video_pipeline`, so that nothing is lost. The form is written here and
not by the library, which has no wheel for the newest Python; tests read it back, by themselves and by the library.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import quote

from video_pipeline.domain.chapters import chapters_of
from video_pipeline.domain.timebase import SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.steps.plain import to_plain

Json = dict[str, Any]
T = TypeVar("T")

_OURS = "video_pipeline"
_CUT = Transition(TransitionKind.CUT, 0, 0)

# What OpenTimelineIO says itself; the other fields of our values travel as metadata.
_SAID: dict[type, frozenset[str]] = {
    Timeline: frozenset({"name", "pictures", "transitions", "sounds", "crossfades"}),
    PictureClip: frozenset({"name", "media", "frames"}),
    SoundClip: frozenset({"name", "media", "source_range", "available_range"}),
    Transition: frozenset({"in_offset", "out_offset"}),
}


def to_otio(timeline: Timeline, key: str) -> str:
    """`timeline` as the text of an .otio file that is kept in the media store as `key`; media are named from there."""
    rate, folder = float(timeline.rate.fraction), posixpath.dirname(key)
    video = _track("Picture", "Video", _interleaved(_pictures(timeline, rate, folder), _transitions(timeline, rate)))
    audio = _track("Sound", "Audio", _interleaved(_sounds(timeline, folder), _crossfades(timeline)))
    markers = [
        _named("Marker.2", each.name, color="GREEN", marked_range=_range(each.start, each.frames, rate), comment="")
        for each in chapters_of(timeline)
    ]
    stack = _item("Stack.1", "tracks", None, children=[video, audio], markers=markers)
    whole = _named("Timeline.1", timeline.name, _extras(timeline), global_start_time=None, tracks=stack)
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _pictures(timeline: Timeline, rate: float, folder: str) -> Iterator[Json]:
    """A still picture has as much of itself before and after a cut as its transitions take."""
    cuts = [_CUT, *timeline.transitions, _CUT]
    for clip, (before, after) in zip(timeline.pictures, pairwise(cuts), strict=True):
        available = TimeRange(0, before.in_offset + clip.frames + after.out_offset)
        yield _clip(clip, TimeRange(before.in_offset, clip.frames), available, rate, folder)


def _sounds(timeline: Timeline, folder: str) -> Iterator[Json]:
    for clip in timeline.sounds:
        yield _clip(clip, clip.source_range, clip.available_range, SAMPLE_RATE, folder)


def _transitions(timeline: Timeline, rate: float) -> Iterator[Json | None]:
    for each in timeline.transitions:
        kind = "SMPTE_Dissolve" if each.kind is TransitionKind.DISSOLVE else "Custom_Transition"
        if each == _CUT:
            yield None
        else:
            yield _fade(str(each.kind), kind, each.in_offset, each.out_offset, rate) | {"metadata": _extras(each)}


def _crossfades(timeline: Timeline) -> Iterator[Json | None]:
    for cut, fade in zip(timeline.sound_starts[1:], timeline.crossfades, strict=True):
        head, tail = cut - fade.start, fade.end - cut
        yield _fade("crossfade", "SMPTE_Dissolve", head, tail, SAMPLE_RATE) if fade.duration else None


def _interleaved(clips: Iterator[Json], cuts: Iterator[Json | None]) -> Iterator[Json]:
    yield next(clips)
    for clip, cut in zip(clips, cuts, strict=True):
        if cut is not None:
            yield cut
        yield clip


def _extras(value: Any) -> Json:
    said = _SAID[type(value)]
    return {_OURS: {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.name not in said}}


def _named(schema: str, name: str, metadata: Json | None = None, **rest: Any) -> Json:
    return {"OTIO_SCHEMA": schema, "metadata": metadata or {}, "name": name, **rest}


def _item(schema: str, name: str, source_range: Json | None, metadata: Json | None = None, **rest: Any) -> Json:
    plain: Json = {"source_range": source_range, "effects": [], "markers": [], "enabled": True, "color": None}
    return _named(schema, name, metadata, **{**plain, **rest})


def _track(name: str, kind: str, children: Iterator[Json]) -> Json:
    return _item("Track.1", name, None, children=list(children), kind=kind)


def _clip(clip: PictureClip | SoundClip, used: TimeRange, available: TimeRange, rate: float, folder: str) -> Json:
    media = clip.media
    reference = _named(
        "ExternalReference.1",
        posixpath.basename(media.key),
        {_OURS: to_plain(media)},
        available_range=_range(available.start, available.duration, rate),
        available_image_bounds=None,
        target_url=quote(posixpath.relpath(media.key, folder or ".")),
    )
    return _item(
        "Clip.2",
        clip.name,
        _range(used.start, used.duration, rate),
        _extras(clip),
        media_references={"DEFAULT_MEDIA": reference},
        active_media_reference_key="DEFAULT_MEDIA",
    )


def _fade(name: str, kind: str, before: int, after: int, rate: float) -> Json:
    offsets = {"in_offset": _time(before, rate), "out_offset": _time(after, rate)}
    return _named("Transition.1", name, **offsets, transition_type=kind)


def _time(count: int, rate: float) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(count)}


def _range(start: int, duration: int, rate: float) -> Json:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": _time(duration, rate), "start_time": _time(start, rate)}
