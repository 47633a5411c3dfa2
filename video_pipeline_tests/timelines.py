"""Owns reading an OpenTimelineIO file back, also one that was edited elsewhere; the product only writes them."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import TimeRange
from video_pipeline.domain.timeline import PictureClip, SoundClip, Timeline, Transition, TransitionKind
from video_pipeline.steps.plain import to_plain

Json = dict[str, Any]
T = TypeVar("T")

_OURS = "video_pipeline"
_CUT = Transition(TransitionKind.CUT, 0, 0)


def from_otio(text: str) -> Timeline:
    """The reverse of `to_otio`; KeyError, TypeError or ValueError when it holds what no programme has, such as gaps."""
    whole = json.loads(text)
    tracks = {track["kind"]: track["children"] for track in whole["tracks"]["children"]}
    clips, transitions = _apart(tracks["Video"])
    pieces, fades = _apart(tracks["Audio"])
    sounds = tuple(_sound(piece) for piece in pieces)
    pictures = tuple(_built(PictureClip, clip, media=_media(clip), frames=_used(clip).duration) for clip in clips)
    return _built(
        Timeline,
        whole,
        pictures=pictures,
        transitions=tuple(_transition(each) for each in transitions),
        sounds=sounds,
        crossfades=tuple(_fades(sounds, fades)),
    )


def _apart(children: Sequence[Json]) -> tuple[list[Json], list[Json | None]]:
    """The clips of a track, and what stands on the cut between each two: a transition or nothing."""
    clips: list[Json] = []
    cuts: list[Json | None] = []
    for child in children:
        kind = child["OTIO_SCHEMA"].partition(".")[0]
        if kind == "Clip":
            clips.append(child)
            cuts.append(None)
        elif kind == "Transition" and cuts:
            cuts[-1] = child
        else:
            raise ValueError(f"a {kind} cannot stand here")
    return clips, cuts[:-1]


def _transition(found: Json | None) -> Transition:
    if found is None:
        return _CUT
    offsets = {name: _count(found[name]) for name in ("in_offset", "out_offset")}
    return from_plain(Transition, {"kind": TransitionKind.DISSOLVE, **_ours(found), **offsets})


def _sound(piece: Json) -> SoundClip:
    available = _time_range(_reference(piece)["available_range"])
    return _built(SoundClip, piece, media=_media(piece), source_range=_used(piece), available_range=available)


def _fades(sounds: Sequence[SoundClip], fades: Sequence[Json | None]) -> Iterator[TimeRange]:
    cut = 0
    for clip, fade in zip(sounds, fades, strict=False):
        cut += clip.source_range.duration
        head, tail = (_count(fade["in_offset"]), _count(fade["out_offset"])) if fade else (0, 0)
        yield TimeRange(cut - head, head + tail)


def _built(kind: type[T], found: Json, **said: Any) -> T:
    """One of our values out of what OpenTimelineIO says and of our metadata."""
    plain = {**_ours(found), "name": found["name"], **{name: to_plain(value) for name, value in said.items()}}
    return from_plain(kind, plain)


def _ours(found: Json) -> Json:
    return dict(found["metadata"].get(_OURS, {}))


def _media(clip: Json) -> MediaReference:
    return from_plain(MediaReference, _ours(_reference(clip)))


def _reference(clip: Json) -> Json:
    return dict(clip["media_references"][clip["active_media_reference_key"]])


def _used(clip: Json) -> TimeRange:
    return _time_range(clip["source_range"])


def _count(time: Json) -> int:
    count = int(time["value"])
    if count != time["value"]:
        raise ValueError(f"{time['value']} is no whole number of frames or samples")
    return count


def _time_range(found: Json) -> TimeRange:
    return TimeRange(_count(found["start_time"]), _count(found["duration"]))


def from_plain(kind: type[T], value: Any) -> T:
    """The reverse of `to_plain`; a field that is not given keeps its default. TypeError or ValueError when it fails."""
    built: T = _typed(kind, value)
    return built


def _typed(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        return None if value is None else _typed(options[0], value)
    if origin is tuple:
        return tuple(_typed(get_args(kind)[0], each) for each in value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        known = {field.name for field in fields(kind)}
        given = {name: _typed(hints[name], each) for name, each in value.items() if name in known}
        return kind(**given)  # type: ignore[operator] # a dataclass, hence a class
    if isinstance(kind, type) and issubclass(kind, Enum | Fraction | float):
        return kind(value)
    if isinstance(kind, type) and not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
