"""Owns a delivered piece of music until it is FLAC of 48 kHz; hides decoding, what headers promise, and levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from video_pipeline.domain.errors import MediaError
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.providers.arrival.kinds import Kind, admitted, refusal
from video_pipeline.providers.arrival.promises import counts_frames, lack_of
from video_pipeline.providers.arrival.rates import PeakMeter, Sound, resampled
from video_pipeline.providers.arrival.repetition import repeated
from video_pipeline.providers.offline import written

MUSIC_KINDS = (Kind.MP3, Kind.WAV, Kind.FLAC, Kind.OGG)

MOST_BYTES = 4 * 2**30
LONGEST_S = 6 * 3600
"""Longer music is no piece; a few kilobytes of FLAC can hold days of silence."""

SILENT = 10 ** (-60 / 20)
"""A piece that nowhere exceeds -60 dBFS is none."""

CLIPPING, LOWERED = 10 ** (-0.2 / 20), 10 ** (-1 / 20)
"""True peak from which on a piece is lowered, and to which: 0 dBTP with a margin, for meters differ; -1 dBTP."""

FADE = SAMPLE_RATE // 2
"""Half a second: what is cut must not click, and the crossfade to the next piece lies over it."""

_MP3_SLACK = 2 * 1152
"""Two frames: decoders disagree about what belongs to the music at its ends."""

RATES = range(8_000, 192_001)
_BLOCK = 1 << 16

_CONVERT = "ask for MP3, WAV or FLAC, or convert it: ffmpeg -i FILE piece.flac"
_REMEDIES = dict.fromkeys((Kind.AAC, Kind.M4A, Kind.MP4, Kind.MOV, Kind.MATROSKA), _CONVERT)


def take_music(raw: Path, out: Path, *, vendor: str, samples: int, tolerance: float, most: int | None = None) -> None:
    """Make `raw`, which `vendor` delivered, a piece of `samples` at most (FLAC, 48 kHz, stereo, 16 bits).

    It may be shorter by the share `tolerance`; what is longer is cut and faded out. Only a piece that clips is lowered.
    `most` are the samples that the vendor can make at once: what came need not have more, and parts of it are played
    again until it has `samples` exactly. MediaError when it is no music, damaged, cut off, silent or too short;
    MachineError when `out` cannot be written. Nothing is left at `out` then.
    """
    kind = admitted(raw, vendor, MUSIC_KINDS, most_bytes=MOST_BYTES, remedies=_REMEDIES)
    source = _Source(raw, vendor, kind)
    with written(out) as aside:
        heard = _write_source(source, aside, samples, 1.0)
        if heard.sample_peak < SILENT:
            raise refusal(vendor, raw, "which is silent: nowhere does it exceed -60 dBFS")
        length, asked = soundfile.info(aside).frames, min(samples, most or samples)
        if length < asked * (1 - tolerance):
            raise refusal(
                vendor,
                raw,
                f"which lasts {length / SAMPLE_RATE:.1f} s; asked for were {asked / SAMPLE_RATE:.1f} s",
            )
        if (peak := heard.true_peak()) > CLIPPING:
            _write_source(source, aside, samples, LOWERED / peak)
        if most is not None and length < samples:
            _lengthen(aside, samples)


def music_samples(raw: Path, *, vendor: str) -> int:
    """How long `raw` will be at 48 kHz by what it says itself; an estimate of an MP3 that does not count its frames.

    Errors as of `take_music`, as far as they are seen without decoding.
    """
    source = _Source(raw, vendor, admitted(raw, vendor, MUSIC_KINDS, most_bytes=MOST_BYTES, remedies=_REMEDIES))
    return -(-int(source.frames) * SAMPLE_RATE // int(source.rate))


def _write_source(source: _Source, out: Path, samples: int, gain: float) -> PeakMeter:
    """Write `samples` of `source` to `out`; all of it is decoded."""
    decoded = source.blocks()
    meter = _write(resampled(decoded, source.rate), out, samples, gain)
    for _ in decoded:  # what is cut off may be what is damaged
        pass
    return meter


def _lengthen(piece: Path, samples: int) -> None:
    """Make a piece of ours longer by playing parts of it again; the seams may peak higher than the piece."""
    sound, _ = soundfile.read(piece, dtype="int16")
    if (peak := _write(repeated(sound, samples), piece, samples, 1.0).true_peak()) > CLIPPING:
        _write(repeated(sound, samples), piece, samples, LOWERED / peak)


def _write(blocks: Iterable[Sound], out: Path, samples: int, gain: float) -> PeakMeter:
    """Write the first `samples` of `blocks` to `out`."""
    meter = PeakMeter()
    with soundfile.SoundFile(out, "w", SAMPLE_RATE, channels=2, format="FLAC", subtype="PCM_16") as file:
        for block in _cut(blocks, samples):
            meter.add(block)
            file.write(np.broadcast_to(block * np.float32(gain), (len(block), 2)))
    return meter


def _cut(blocks: Iterable[Sound], samples: int) -> Iterator[Sound]:
    """The first `samples` of `blocks`, faded out at the end if there were more."""
    body = max(samples - FADE, 0)
    received, last = 0, []
    for block in blocks:
        before = block[: max(body - received, 0)]
        if len(before):
            yield before
        last.append(block[len(before) :])
        received += len(block)
        if received > samples:
            break
    end = np.concatenate(last)[: samples - body] if last else np.zeros((0, 1), np.float32)
    if received > samples:
        end = end * np.linspace(1, 0, len(end), dtype=np.float32)[:, None]
    yield end


class _Source:
    """A delivered file of a kind that libsndfile decodes."""

    def __init__(self, raw: Path, vendor: str, kind: Kind) -> None:
        self._raw, self._vendor, self._kind = raw, vendor, kind
        if (lack := lack_of(raw, kind)) is not None:
            raise self._refusal(f"{kind.value} that is cut off: {lack}")
        try:
            with raw.open("rb") as file, _opened(file.fileno()) as sound:
                self.rate, channels, self.frames = sound.samplerate, sound.channels, sound.frames
        except soundfile.SoundFileError as error:
            raise self._damaged(error) from error
        if self.rate not in RATES:
            raise self._refusal(f"which has {self.rate} samples a second; 8,000 to 192,000 are taken")
        if channels > 2:
            raise self._refusal(f"which has {channels} channels; 1 or 2 are taken, so mix it down to stereo")
        is_known = kind is Kind.FLAC or (kind is Kind.MP3 and counts_frames(raw))
        self._promised = self.frames if is_known and self.frames <= LONGEST_S * self.rate else 0

    def blocks(self) -> Iterator[Sound]:
        """All of it, (samples, 1 or 2); MediaError when it is damaged, cut off, endless or not of numbers."""
        received = 0
        try:
            with self._raw.open("rb") as file, _opened(file.fileno()) as sound:
                while len(block := sound.read(_BLOCK, dtype="float32", always_2d=True)):
                    received += len(block)
                    if received > LONGEST_S * self.rate:
                        raise self._refusal(f"which goes on after {LONGEST_S // 3600} hours")
                    if not np.isfinite(block).all():
                        raise self._refusal(
                            f"which has samples that are no numbers within {received / self.rate:.1f} s"
                        )
                    yield block
        except soundfile.SoundFileError as error:
            raise self._damaged(error) from error
        if received < self._promised - _MP3_SLACK * (self._kind is Kind.MP3):
            raise self._refusal(
                f"which is cut off: its header promises {self._promised / self.rate:.1f} s, "
                f"{received / self.rate:.1f} s came"
            )

    def _refusal(self, what: str) -> MediaError:
        return refusal(self._vendor, self._raw, what)

    def _damaged(self, error: Exception) -> MediaError:
        return self._refusal(f"{self._kind.value} that is damaged or cut off: {error}")


def _opened(descriptor: int) -> soundfile.SoundFile:
    # By its descriptor: of a path, the end of the name would decide how it is read.
    return soundfile.SoundFile(descriptor, closefd=False)
