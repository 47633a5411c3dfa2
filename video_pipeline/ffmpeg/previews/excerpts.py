"""Owns what is made of a programme for people: a short piece of its sound, its loudness drawn; hides how it is cut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from video_pipeline.domain.delivery import LOUDNESS
from video_pipeline.domain.errors import MachineError, MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE, TimeRange
from video_pipeline.domain.timeline import SoundClip, Timeline
from video_pipeline.ffmpeg.picture.pictures import WAVEFORM_SIZE, draw_waveform
from video_pipeline.ffmpeg.program.probe import open_video
from video_pipeline.ffmpeg.sound.beds import bed_powers, lay_beds
from video_pipeline.ffmpeg.sound.loudness import STEP, Powers
from video_pipeline.ffmpeg.sound.tracks import Analysis

FADE_S = 1.0
"""An excerpt begins and ends in the middle of the music: it is faded in and out."""

_SETTLE_S = 0.5  # decoding begins before what is wanted: a packet needs the one before it


def extract_sound(video: Path, span: TimeRange, out: Path) -> None:
    """Write the samples `span` of the sound of `video` to a FLAC file, faded at both ends.

    What lies beyond the end is silent. MediaError when the file has no readable sound, MachineError when `out` cannot
    be written.
    """
    sound = np.zeros((span.duration, 2), np.float32)
    try:
        with open_video(video) as file:
            stream = file.streams.audio[0]
            assert stream.time_base is not None
            begin = max(span.start / SAMPLE_RATE - _SETTLE_S, 0)
            file.seek(int(begin / stream.time_base), stream=stream)
            for frame in file.decode(stream):
                assert frame.pts is not None
                place = round(frame.pts * stream.time_base * SAMPLE_RATE) - span.start
                if place >= span.duration:
                    break
                samples = _stereo(frame)
                first, last = max(place, 0), min(place + len(samples), span.duration)
                if first < last:
                    sound[first:last] = samples[first - place : last - place]
    except (av.FFmpegError, IndexError) as error:
        raise MediaError(f"the sound of {video.name} cannot be read: {error}") from error
    length = min(round(FADE_S * SAMPLE_RATE), span.duration // 4)
    fade = (0.5 - 0.5 * np.cos(math.pi * (np.arange(length) + 0.5) / max(length, 1))).astype(np.float32)
    sound[:length] *= fade[:, None]
    sound[span.duration - length :] *= fade[::-1, None]
    try:
        soundfile.write(out, sound, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    except (OSError, soundfile.SoundFileError) as error:  # libsndfile has an error of its own for a full disk
        raise MachineError(f"cannot write {out.name}: {error}; make room on that disk") from error


def _stereo(frame: av.AudioFrame) -> NDArray[np.float32]:
    samples = np.asarray(frame.to_ndarray(), np.float32)
    return samples.T if frame.format.is_planar else samples.reshape(-1, 2)


def draw_programme(timeline: Timeline, sounds: Mapping[str, Analysis], out: Path) -> None:
    """Draw how loud the programme is from end to end as a PNG; `sounds` holds the analyses of its sounds by checksum.

    It follows from what was measured of each sound, so nothing is decoded: the light core is the mean of each column,
    the rest its loudest tenth of a second, K-weighted and at the gain that evens the pieces out, beds under them.
    """
    powers = programme_powers(timeline, sounds)
    beds = [sounds[bed.media.sha256] for bed in timeline.beds]
    for bed, measured in zip(lay_beds(timeline, beds, powers), beds, strict=True):
        beneath = bed_powers(bed, measured)
        powers[: len(beneath)] += beneath
    columns = WAVEFORM_SIZE[0]
    edges = np.linspace(0, len(powers), columns + 1)
    loudest, mean = np.zeros(columns, np.float32), np.zeros(columns, np.float32)
    for column, (first, last) in enumerate(pairwise(edges)):
        part = powers[int(first) : max(math.ceil(last), int(first) + 1)]
        if part.size:
            loudest[column], mean[column] = math.sqrt(part.max()), math.sqrt(part.mean())
    draw_waveform(loudest, mean, out)


def programme_powers(timeline: Timeline, pieces: Mapping[str, Analysis]) -> Powers:
    """The power of each tenth of a second of the programme, its pieces at equal loudness and with their crossfades."""
    total = np.zeros(math.ceil(timeline.samples / STEP))
    fades = [None, *timeline.crossfades, None]
    for clip, start, before, after in zip(timeline.sounds, timeline.sound_starts, fades, fades[1:], strict=False):
        first = before.start if before else start
        last = after.end if after else start + clip.source_range.duration
        times = np.arange(first // STEP, math.ceil(last / STEP)) * STEP
        level = _powers_at(clip, pieces[clip.media.sha256], times - start)
        weight = np.ones(len(times))
        if before and before.duration:
            weight *= np.clip((times - before.start) / before.duration, 0, 1)
        if after and after.duration:
            weight *= np.clip((after.end - times) / after.duration, 0, 1)
        places = times // STEP
        inside = places < len(total)
        total[places[inside]] += (level * weight)[inside]
    return total


def _powers_at(clip: SoundClip, piece: Analysis, times: NDArray[np.int64]) -> Powers:
    """The powers of a piece at its target loudness, at `times` after its cut in samples."""
    gain_lu = LOUDNESS.integrated_lufs - piece.facts.loudness.integrated_lufs
    steps = np.clip((clip.source_range.start + times) // STEP, 0, max(len(piece.powers) - 1, 0))
    powers: Powers = piece.powers[steps] * 10 ** (gain_lu / 10) if len(piece.powers) else np.zeros(len(steps))
    return powers
