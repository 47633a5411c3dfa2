"""Owns the timeline: what is on the screen and in the ears at each moment; hides the arithmetic of cuts.

OpenTimelineIO's sense: a clip shows a source range of a media reference; a transition sits on the cut between two
clips, takes its frames from the handles of both, and never changes the length of the programme.

    frames   0                 c1                 c2           c3
    clips    |------ clip 0 ---|------ clip 1 ----|-- clip 2 --|
    fades                   [==|==]            [==|==]
                          in_offset  out_offset

Picture positions are frames at `rate`, sound positions are samples at 48 kHz. Start times are derived, never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from video_pipeline.domain.delivery import AspectRatio
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.timebase import FrameRate, TimeRange


class Motion(StrEnum):
    """How a still picture moves while it is shown; each is a seamless loop."""

    STILL = "still"
    SLOW_ZOOM = "slow_zoom"  # in and out again
    PAN = "pan"  # to one side and back
    DRIFT = "drift"  # wandering on an ellipse, breathing a little in size
    BREATHING_LIGHT = "breathing_light"  # the lights swell and fade, as candles do
    PARTICLES = "particles"  # motes of dust in the light
    SNOW = "snow"  # falling flakes
    RAIN = "rain"  # falling streaks
    FIREFLIES = "fireflies"  # warm points that wander, glow and go out

    @classmethod
    def _missing_(cls, value: object) -> Motion | None:
        """Motes of dust are called dust as well."""
        return cls.PARTICLES if value == "dust" else None


class TransitionKind(StrEnum):
    """What happens on a cut."""

    CUT = "cut"
    DISSOLVE = "dissolve"
    DIP = "dip"  # down to black and up again
    WIPE = "wipe"  # a soft edge goes from left to right
    LUMA = "luma"  # what is bright in the next picture appears first


class Overlay(StrEnum):
    """What is drawn over all pictures in time with the sound; every frame is then different, which costs."""

    NONE = "none"
    LINE = "line"  # one glowing line through the levels of the bands
    BARS = "bars"  # a bar for each band


@dataclass(frozen=True, slots=True)
class PictureClip:
    """One picture, still or footage, on the screen for `frames` frames, cut to cut."""

    name: str
    media: MediaReference
    frames: int
    motion: Motion = Motion.STILL
    footage_frames: int = 0  # 0: a still picture; else the length of moving footage, which is shown again and again
    footage_start: int | None = None  # the frame of it at the cut; None: see Timeline.footage_starts


@dataclass(frozen=True, slots=True)
class SoundClip:
    """One piece of music; `source_range` is in samples of the media, handles lie outside of it."""

    name: str
    media: MediaReference
    source_range: TimeRange
    available_range: TimeRange


@dataclass(frozen=True, slots=True)
class Bed:
    """A sound that lies under the whole programme, repeated from end to end, such as rain."""

    name: str
    media: MediaReference
    samples: int  # of the media at 48 kHz
    level_db: float  # loudness against that of the music, for example -18
    ducking_db: float = 0.0  # how far it steps back while the music is loud; 0 or more


@dataclass(frozen=True, slots=True)
class Caption:
    """Words on the screen; frames of the programme, half-open, the fades at both ends included."""

    text: str
    start: int
    frames: int

    @property
    def end(self) -> int:
        """The first frame without it."""
        return self.start + self.frames


@dataclass(frozen=True, slots=True)
class Transition:
    """A picture transition on one cut: `in_offset` frames before it and `out_offset` frames after it."""

    kind: TransitionKind
    in_offset: int
    out_offset: int

    @property
    def frames(self) -> int:
        """Length."""
        return self.in_offset + self.out_offset


@dataclass(frozen=True, slots=True)
class Timeline:
    """A programme. Transition i (picture) and crossfade i (sound) sit on the cut between clips i and i + 1."""

    name: str
    rate: FrameRate
    pictures: tuple[PictureClip, ...]
    transitions: tuple[Transition, ...]  # one fewer than pictures
    sounds: tuple[SoundClip, ...]
    crossfades: tuple[TimeRange, ...]  # one fewer than sounds; absolute sample positions on the programme
    overlay: Overlay = Overlay.NONE
    aspect: AspectRatio = AspectRatio.WIDE
    beds: tuple[Bed, ...] = ()
    captions: tuple[Caption, ...] = ()  # in order, none over another
    by_songs: bool = False  # the music was there first: its pieces are the chapters, not the pictures

    def __post_init__(self) -> None:
        _check_pictures(self.pictures, self.transitions)
        _check_sounds(self.sounds, self.crossfades)
        _check_beds(self.beds)
        _check_captions(self.captions, self.frames)
        if self.rate.samples_at(self.frames) != self.samples:
            raise InvalidInputError(
                f"picture and sound differ in length: {self.frames} frames are "
                f"{self.rate.samples_at(self.frames)} samples, the sound has {self.samples}"
            )

    @property
    def frames(self) -> int:
        """Length of the programme in frames."""
        return sum(clip.frames for clip in self.pictures)

    @property
    def samples(self) -> int:
        """Length of the programme in samples."""
        return sum(clip.source_range.duration for clip in self.sounds)

    @property
    def picture_starts(self) -> tuple[int, ...]:
        """The frame at which each picture starts; the cuts, with 0 in front."""
        return _starts(clip.frames for clip in self.pictures)

    @property
    def footage_starts(self) -> tuple[int, ...]:
        """The frame of its footage that each clip has at its first frame; below 0 or beyond its end it is in a loop.

        What is long enough is shown once, from its first frame on, where the transition in begins. A loop begins where
        that transition is over.
        """
        mixes = [None, *(None if each.kind is TransitionKind.CUT else each for each in self.transitions), None]
        return tuple(
            _footage_start(clip, mixes[number], mixes[number + 1]) for number, clip in enumerate(self.pictures)
        )

    @property
    def sound_starts(self) -> tuple[int, ...]:
        """The sample at which each piece starts, cut to cut."""
        return _starts(clip.source_range.duration for clip in self.sounds)


def _footage_start(clip: PictureClip, before: Transition | None, after: Transition | None) -> int:
    if clip.footage_start is not None:
        return clip.footage_start
    early, late = before.in_offset if before else 0, after.out_offset if after else 0
    if early + clip.frames + late <= clip.footage_frames:
        return early
    return -before.out_offset if before else 0


def _starts(lengths: Iterable[int]) -> tuple[int, ...]:
    starts, position = [], 0
    for length in lengths:
        starts.append(position)
        position += length
    return tuple(starts)


def _check_pictures(pictures: Sequence[PictureClip], transitions: Sequence[Transition]) -> None:
    if not pictures:
        raise InvalidInputError("a timeline needs at least one picture")
    if len(transitions) != len(pictures) - 1:
        raise InvalidInputError(
            f"{len(pictures)} pictures need {len(pictures) - 1} transitions, not {len(transitions)}"
        )
    for index, clip in enumerate(pictures):
        taken = (transitions[index - 1].out_offset if index else 0) + (
            transitions[index].in_offset if index < len(transitions) else 0
        )
        if clip.frames <= 0 or taken > clip.frames:
            raise InvalidInputError(f"{clip.name}: {clip.frames} frames cannot hold {taken} frames of transitions")
        if clip.footage_frames < 0:
            raise InvalidInputError(f"{clip.name}: footage cannot have {clip.footage_frames} frames")
        if clip.footage_start is not None and not clip.footage_frames:
            raise InvalidInputError(f"{clip.name} is no footage that could begin at frame {clip.footage_start}")
        if clip.footage_frames and clip.motion is not Motion.STILL:
            raise InvalidInputError(
                f"{clip.name} is footage, which moves by itself; {clip.motion} is for still pictures"
            )


def _check_beds(beds: Sequence[Bed]) -> None:
    for bed in beds:
        if bed.samples <= 0:
            raise InvalidInputError(f"{bed.name} has no sound")
        if bed.ducking_db < 0:
            raise InvalidInputError(f"{bed.name}: ducking makes a sound softer; {bed.ducking_db:g} dB would be louder")


def _check_captions(captions: Sequence[Caption], frames: int) -> None:
    shown = 0
    for caption in captions:
        if caption.start < shown or caption.frames <= 0 or caption.end > frames:
            raise InvalidInputError(
                f"the words {caption.text[:40]!r} stand from frame {caption.start} to {caption.end}; "
                f"free are {shown} to {frames}"
            )
        shown = caption.end


def _check_sounds(sounds: Sequence[SoundClip], crossfades: Sequence[TimeRange]) -> None:
    if not sounds:
        raise InvalidInputError("a timeline needs at least one piece of sound")
    if len(crossfades) != len(sounds) - 1:
        raise InvalidInputError(f"{len(sounds)} pieces need {len(sounds) - 1} crossfades, not {len(crossfades)}")
    for clip in sounds:
        available, used = clip.available_range, clip.source_range
        if used.start < available.start or used.end > available.end:
            raise InvalidInputError(f"{clip.name} uses samples {used}, available are {available}")
    starts = _starts(clip.source_range.duration for clip in sounds)
    for index, fade in enumerate(crossfades):
        cut, before, after = starts[index + 1], sounds[index], sounds[index + 1]
        tail = fade.end - cut
        head = cut - fade.start
        if tail < 0 or head < 0:
            raise InvalidInputError(f"crossfade {index} at {fade} does not cover its cut at sample {cut}")
        if before.source_range.end + tail > before.available_range.end or head > after.source_range.start:
            raise InvalidInputError(f"crossfade {index} needs more handle than {before.name} and {after.name} have")
        if tail > after.source_range.duration or head > before.source_range.duration:
            raise InvalidInputError(f"crossfade {index} is longer than {before.name} or {after.name}")
