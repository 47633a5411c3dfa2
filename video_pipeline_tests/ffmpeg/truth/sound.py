"""Owns the truth about what is heard; hides decoding, the mix of its own and the search for clicks.

The mix is the straightforward one: each source where the timeline puts it, under equal-power fades. How loud each piece
is may be decided freely, so levels are solved for; what is left when the solved mix is taken away is what encoding and
limiting added, and a click, a shift by one sample or a bad seam stands out in it.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.signal import correlate

from video_pipeline_tests.ffmpeg.truth.claim import Claim, Finding, at_most

RATE = 48_000
EDGE = RATE // 20
"""Samples at both ends that are left out: the programme fades in and out there."""

LOUDNESS_LUFS, LOUDNESS_TOLERANCE_LU = -14.0, 0.5
TRUE_PEAK_DBTP = -1.0
TRACKS_APART_LU = 2.0

CROSSFADE_DB = 1.0
"""How far a piece may be from its own level inside a crossfade: limiting may differ, a wrong curve is 3 dB off."""

CLICK = 6.0
"""A click is so many times as strong as 95 % of the windows of noise around it.

AAC gives single packets four times the noise at high pitches; a packet that is not in its place is 60 times.
"""

JOIN = 2.0
"""The same at a join: a step of 1 % of full scale in loud music is 2.2 times, of 3 % 5 times."""

SEAMS = 76_800
"""Samples: chunks can only begin where packets of all codecs and steps of loudness do; see JOIN for how strong."""

_FARTHEST = RATE // 20
_CLICK_WINDOW = 256
_WINDOW = 20 * _CLICK_WINDOW
_SHORTEST_PIECE = 3 * RATE
_LISTENED_S = 6


def sound_findings(claim: Claim) -> Iterator[Finding]:
    """Everything about sound."""
    with TemporaryDirectory(prefix="heard-") as folder:
        heard = decoded(claim.ffmpeg, claim.file, Path(folder) / "heard.s16", "s16")
        missing = claim.timeline.samples - len(heard)
        yield at_most("sound too short or too long", abs(missing) / RATE, claim.frame_s, " s")
        mix = Mix(claim, Path(folder))
        yield from _positions(mix, heard)
        yield from _crossfades(mix, heard)
        yield from _clicks(mix, heard)
        yield from _levels(claim, mix, heard)


def decoded(ffmpeg: Path, file: Path, out: Path, form: str) -> NDArray[np.int16 | np.float32]:
    """The sound of a file as samples of shape (n, 2), kept on disk: an hour needs no memory."""
    command = [str(ffmpeg), "-v", "error", "-nostdin", "-i", str(file), "-map", "0:a:0", "-ar", str(RATE), "-ac", "2"]
    subprocess.run([*command, "-f", f"{form}le", "-y", str(out)], check=True, capture_output=True, timeout=900)
    return np.memmap(out, {"s16": np.int16, "f32": np.float32}[form], "r").reshape(-1, 2)


class Mix:
    """Where the sources are heard in the programme; positions in samples."""

    def __init__(self, claim: Claim, folder: Path) -> None:
        self.timeline, self.long = claim.timeline, claim.long
        self.starts = claim.timeline.sound_starts
        self.folder, self._claim = folder, claim
        self._source = lru_cache(maxsize=None)(self._decoded)
        fades = claim.timeline.crossfades
        begins = [0, *(fade.start for fade in fades)]
        ends = [*(fade.end for fade in fades), claim.timeline.samples]
        self.ranges = list(zip(begins, ends, strict=True))

    def alone(self, piece: int) -> tuple[int, int]:
        """The samples [begin, end) in which a piece is heard alone."""
        fades = self.timeline.crossfades
        begin = fades[piece - 1].end if piece else EDGE
        return begin, fades[piece].start if piece < len(fades) else self.timeline.samples - EDGE

    def parts(self, begin: int, end: int) -> dict[int, NDArray[np.float64]]:
        """Each piece that is heard in [begin, end) under its fades, shape (2, end - begin)."""
        heard = {}
        for piece, (first, last) in enumerate(self.ranges):
            if first < end and begin < last:
                clip = self.timeline.sounds[piece]
                offset = clip.source_range.start - self.starts[piece]
                inside = slice(max(begin, first) + offset, min(end, last) + offset)
                samples = np.zeros((2, end - begin))
                place = max(begin, first) - begin
                part = self._source(clip.media.sha256)[inside].T
                samples[:, place : place + part.shape[1]] = part
                heard[piece] = samples * self._fades(piece, begin, end)
        return heard

    def _fades(self, piece: int, begin: int, end: int) -> NDArray[np.float64]:
        places = np.arange(begin, end) + 0.5
        gain = np.ones(end - begin)
        fades = self.timeline.crossfades
        if piece and fades[piece - 1].duration:
            fade = fades[piece - 1]
            gain *= np.sin(np.pi / 2 * np.clip((places - fade.start) / fade.duration, 0, 1))
        if piece < len(fades) and fades[piece].duration:
            fade = fades[piece]
            gain *= np.cos(np.pi / 2 * np.clip((places - fade.start) / fade.duration, 0, 1))
        return gain

    def _decoded(self, sha256: str) -> NDArray[np.float32]:
        return decoded(self._claim.ffmpeg, self._claim.files[sha256], self.folder / f"{sha256}.f32", "f32")


Heard = NDArray[np.int16]


def _real(heard: Heard, begin: int, end: int) -> NDArray[np.float64]:
    return np.asarray(heard[begin:end].T, np.float64) / 32768


def _solved(parts: dict[int, NDArray[np.float64]], sound: NDArray[np.float64]) -> dict[int, float]:
    """The gain of each part that leaves least of `sound`."""
    columns = np.stack([part.ravel() for part in parts.values()], axis=1)
    gains = np.linalg.lstsq(columns, sound.ravel(), rcond=None)[0]
    return dict(zip(parts, gains.tolist(), strict=True))


def _positions(mix: Mix, heard: Heard) -> Iterator[Finding]:
    """Where the first, middle and last piece really are, and the very end of the last."""
    count = len(mix.starts)
    worst, said = 0, []
    for piece in sorted({0, count // 2, count - 1} | (set(range(count)) if count <= 5 else set())):
        begin, end = mix.alone(piece)
        spans = [(begin, min(begin + 2 * RATE, end)), (max(end - 2 * RATE, begin), end)]
        for first, last in spans:
            if last - first < RATE // 4:
                continue
            off = _offset(mix.parts(first, last)[piece], _real(heard, first, last))
            worst = max(worst, abs(off))
            said.append(off)
    yield Finding("sound in its place", worst == 0 and bool(said), f"samples off in turn {said}", float(worst))


def _offset(promised: NDArray[np.float64], sound: NDArray[np.float64]) -> int:
    """By how many samples `sound` is late."""
    count = min(promised.shape[1], sound.shape[1])
    across = sum(correlate(sound[c, :count], promised[c, :count], "full", "fft") for c in range(2))
    near = across[count - 1 - _FARTHEST : count + _FARTHEST]
    return int(np.argmax(near)) - _FARTHEST


def _crossfades(mix: Mix, heard: Heard) -> Iterator[Finding]:
    """Each piece keeps its level through its crossfades, as far as it is not the weaker one by far."""
    worst = 0.0
    for cut, fade in enumerate(mix.timeline.crossfades):
        if fade.duration < 2 * _WINDOW:
            continue
        before = _solved(mix.parts(fade.start - _WINDOW, fade.start), _real(heard, fade.start - _WINDOW, fade.start))
        after = _solved(mix.parts(fade.end, fade.end + _WINDOW), _real(heard, fade.end, fade.end + _WINDOW))
        level = {cut: before[cut], cut + 1: after[cut + 1]}
        for share in (0.25, 0.5, 0.75):
            begin = fade.start + round(share * fade.duration) - _WINDOW // 2
            inside = _solved(mix.parts(begin, begin + _WINDOW), _real(heard, begin, begin + _WINDOW))
            for piece, usual in level.items():
                audible = inside[piece] > 0 and usual > 0
                worst = max(worst, abs(20 * np.log10(inside[piece] / usual)) if audible else 99.0)
    if mix.timeline.crossfades:
        yield at_most("levels inside of crossfades", worst, CROSSFADE_DB, " dB off")


def _clicks(mix: Mix, heard: Heard) -> Iterator[Finding]:
    """The strongest burst in what encoding added, anywhere and at the joins."""
    marks = sorted(
        {0} | {place for f in mix.timeline.crossfades for place in (f.start, f.start + f.duration // 2, f.end)}
    )
    highest, joins, seams = 0.0, 0.0, 0.0
    for begin, end in _listened(mix, len(heard)):
        places, bursts = _bursts(mix, heard, begin, end)
        bursts = bursts / np.maximum(np.quantile(bursts, 0.95, axis=1, keepdims=True), 1.0)
        near = np.abs(places[:, None] - np.array(marks)[None, :]).min(axis=1) < 2 * _CLICK_WINDOW
        highest = max(highest, float(bursts.max()))
        joins = max(joins, float(bursts[:, near].max(initial=0.0)))
        near = np.abs((places + SEAMS // 2) % SEAMS - SEAMS // 2) < 2 * _CLICK_WINDOW
        seams = max(seams, float(bursts[1, near].max(initial=0.0)))
    yield at_most("clicks anywhere", highest, CLICK, " times the usual noise")
    yield at_most("clicks at joins", joins, JOIN, " times the usual noise")
    yield at_most("noise where chunks begin", seams, JOIN, " times the usual noise")


def _listened(mix: Mix, samples: int) -> list[tuple[int, int]]:
    """What is listened to: all of a short programme, else the surroundings of the joins and some places between."""
    begin, end = EDGE, min(samples, mix.timeline.samples) - EDGE
    if not mix.long:
        return [(begin, end)]
    reach = _LISTENED_S * RATE
    centres = [fade.start + fade.duration // 2 for fade in mix.timeline.crossfades]
    centres += np.linspace(begin + reach, end - reach, 20).astype(int).tolist()
    return [(max(centre - reach, begin), min(centre + reach, end)) for centre in centres]


def _bursts(mix: Mix, heard: Heard, begin: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How strong the noise of encoding is in each short window, compared with the half second around it.

    Looked at are its power and, for clicks, the peaks of its second difference, in which slow changes are nothing.
    """
    peaks, powers = [], []
    for first in range(begin, end - _WINDOW - 2, _WINDOW):
        parts, sound = mix.parts(first, first + _WINDOW + 2), _real(heard, first, first + _WINDOW + 2)
        noise = sound - sum(gain * parts[piece] for piece, gain in _solved(parts, sound).items())
        jumps = np.abs(np.diff(noise, 2, axis=1)).max(axis=0)
        peaks.append(jumps.reshape(-1, _CLICK_WINDOW).max(axis=1))
        powers.append(np.square(noise[:, 2:]).sum(axis=0).reshape(-1, _CLICK_WINDOW).mean(axis=1))
    strengths = np.stack([np.concatenate(peaks), np.sqrt(np.concatenate(powers))])
    usual = median_filter(strengths, (1, RATE // _CLICK_WINDOW), mode="nearest")
    places = begin + np.arange(strengths.shape[1]) * _CLICK_WINDOW + _CLICK_WINDOW // 2
    return places, strengths / (usual + 4 / 32768)  # the rounding to 16 bits is no noise of the encoder


def _levels(claim: Claim, mix: Mix, heard: Heard) -> Iterator[Finding]:
    lufs, peak = measured(claim.ffmpeg, ["-i", str(claim.file)])
    yield at_most("loudness", abs(lufs - LOUDNESS_LUFS), LOUDNESS_TOLERANCE_LU, f" LU off, it is {lufs} LUFS")
    yield at_most("true peak", peak, TRUE_PEAK_DBTP, " dBTP")
    alone = [mix.alone(piece) for piece in range(len(mix.starts))]
    levels = [_piece_lufs(claim, mix, heard[begin:end]) for begin, end in alone if end - begin >= _SHORTEST_PIECE]
    if len(levels) > 1:
        yield at_most("tracks apart", max(levels) - min(levels), TRACKS_APART_LU, " LU")


def _piece_lufs(claim: Claim, mix: Mix, sound: Heard) -> float:
    raw = mix.folder / "piece.s16"
    sound.tofile(raw)
    return measured(claim.ffmpeg, ["-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", str(raw)], peak="none")[0]


def measured(ffmpeg: Path, source: Sequence[str], *, peak: str = "true") -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP, as ffmpeg's ebur128 filter measures them."""
    meter = ["-vn", "-af", f"ebur128=peak={peak}:framelog=verbose", "-f", "null", "-"]
    command = [str(ffmpeg), "-hide_banner", "-nostdin", *source, *meter]
    said = subprocess.run(command, capture_output=True, check=True, timeout=900).stderr.decode()
    summary = said[said.rindex("Summary:") :]
    lufs, highest = re.search(r"I:\s+(\S+) LUFS", summary), re.search(r"Peak:\s+(\S+) dBFS", summary)
    assert lufs
    return float(lufs[1]), float(highest[1]) if highest else -math.inf
