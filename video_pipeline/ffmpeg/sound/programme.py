"""Owns the sound of a programme from its pieces to measured packets; hides the rounds until the loudness is right.

Levels are predicted from what the pieces measure, so the first mix is nearly always the last. What counts is measured
on the encoded packets, decoded again: a lossy codec moves peaks. Every step is kept under a key made of all that went
into it, hence another export with the same sound takes the same steps without doing them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from video_pipeline.domain.delivery import LOUDNESS
from video_pipeline.domain.media import Loudness
from video_pipeline.domain.timeline import Timeline
from video_pipeline.ffmpeg.sound.beds import BEDS_VERSION, opened
from video_pipeline.ffmpeg.sound.forecast import (
    FIRST_CEILING_DBTP,
    Material,
    Trim,
    beds_of,
    foreseen_limiting,
    foreseen_powers,
    gains_of,
)
from video_pipeline.ffmpeg.sound.loudness import SILENT_LUFS, Powers, integrated_lufs, loudness_of
from video_pipeline.ffmpeg.sound.mixing import BLOCK, lay_out, mix_span
from video_pipeline.ffmpeg.sound.tracks import load_analysis, pcm_path, prepare_track
from video_pipeline.ffmpeg.sound.voice import Measured, Voice, chunks_of, encode_chunk
from video_pipeline.ffmpeg.work.cache import Session, bulky, key_of
from video_pipeline.ffmpeg.work.coded import is_whole
from video_pipeline.ffmpeg.work.crew import Crew

MIX_VERSION = 3

ROUNDS = 4
CLOSE_LU = 0.1
ACCEPTED_LU = 0.3
"""Half-way between close and the tolerance of the target."""

_MARGIN_DB = 0.1

# Expected CPU seconds for an hour of sound; measured on an EPYC core.
_DECODING, _MIXING, _ENCODING = 7.5, 3.5, 36.0
_HOUR = 3600 * 48_000


@dataclass(frozen=True, slots=True)
class FinishedSound:
    """Encoded chunks in order and what the whole measures when decoded."""

    chunks: tuple[Path, ...]
    loudness: Loudness


class SoundWork:
    """Makes the sound of one programme for one rendition."""

    encoding_s = _ENCODING
    """Expected CPU seconds to turn an hour of the mix into measured chunks."""

    def __init__(
        self, timeline: Timeline, voice: Voice, *, files: Mapping[str, Path], binary: Path, session: Session, crew: Crew
    ) -> None:
        self._timeline = timeline
        self._voice = voice
        self._files = files
        self._binary = binary
        self._session = session
        self._crew = crew
        self._hours = timeline.samples / _HOUR
        self._mixing = _MIXING * self._hours * (1 + 0.7 * len(timeline.beds))
        self._key = _sound_key(timeline)
        self._decoding: list[Future[None]] | None = None

    def queue(self) -> None:
        """Queue what can begin at once, so that it comes before the pictures."""
        if self._finished() is not None:
            return
        self._crew.announce(self.encoding_s * self._hours)
        material = self._known()
        if material is None or self._session.find(_powers_key(self._mix_key(self._first_trim(material)))) is None:
            self._crew.announce(self._mixing)
            self._decode()

    def finish(self) -> FinishedSound:
        """Do all that is left to do."""
        finished = self._finished()
        if finished is not None:
            return finished
        material = self._analysed()
        trim = self._first_trim(material)
        for _ in range(ROUNDS):
            trim = self._levelled(material, trim)
            mix = self._mix(material, trim)
            chunks = self._encoded(mix)
            loudness = loudness_of(np.concatenate([part.powers for part in chunks]), max(part.peak for part in chunks))
            if _acceptable(loudness):
                break
            trim = _next_trim(trim, loudness)
        return self._keep(mix, chunks, loudness)

    def first_trim(self) -> Trim:
        """The trim of the mix that every voice is encoded from first: as loud as it should be before encoding."""
        material = self._analysed()
        return self._levelled(material, self._first_trim(material))

    def mix(self, trim: Trim) -> Path:
        """The 16-bit mix at `trim`, made if it is not there."""
        return self._mix(self._analysed(), trim)

    def mix_key(self, trim: Trim) -> str:
        """What names the mix at `trim`."""
        return self._mix_key(trim)

    def _analysed(self) -> Material:
        """What is measured of every sound, made if it is not there."""
        material = self._known()
        if material is None:
            self._crew.gather(self._decode())
            material = self._known()
            assert material is not None
        return material

    def _finished(self) -> FinishedSound | None:
        stored = self._session.find_json(self._programme_key)
        if stored is None:
            return None
        chunks = [self._session.find(key) for key in stored["chunks"]]
        whole = tuple(chunk for chunk in chunks if chunk is not None and is_whole(chunk))
        return FinishedSound(whole, Loudness(**stored["loudness"])) if len(whole) == len(chunks) else None

    def _keep(self, mix: Path, chunks: list[Measured], loudness: Loudness) -> FinishedSound:
        self._session.add_json(
            self._programme_key, {"chunks": [chunk.key for chunk in chunks], "loudness": asdict(loudness)}
        )
        finished = self._finished()
        assert finished is not None
        return finished

    @property
    def _programme_key(self) -> str:
        return key_of(["programme", self._key, str(self._voice)])

    def _mix_key(self, trim: Trim) -> str:
        return key_of(["mix", self._key, asdict(trim)])

    def _known(self) -> Material | None:
        """What is measured of every sound; None when one is missing."""
        found = [load_analysis(self._session, sha256) for sha256 in self._wanted]
        known = [analysis for analysis in found if analysis is not None]
        pieces = len(self._timeline.sounds)
        return Material(known[:pieces], known[pieces:]) if len(known) == len(found) else None

    @property
    def _wanted(self) -> list[str]:
        """The checksum of every sound: pieces, then beds."""
        pieces = [clip.media.sha256 for clip in self._timeline.sounds]
        return pieces + [bed.media.sha256 for bed in self._timeline.beds]

    def _decode(self) -> list[Future[None]]:
        """The tasks that decode every sound, queued once."""
        if self._decoding is None:
            wanted = dict.fromkeys(self._wanted)
            cost = _DECODING * self._hours / len(wanted)
            self._decoding = self._crew.share(
                f"decoding {self._key}",  # for every voice of the programme
                lambda: [
                    self._crew.submit(
                        cost,
                        f"decoded track {number} of {len(wanted)}",
                        prepare_track,
                        self._binary,
                        self._files[sha256],
                        sha256,
                        self._session,
                        self._crew.stop,
                    )
                    for number, sha256 in enumerate(wanted, start=1)
                ],
            )
        return self._decoding

    def _first_trim(self, material: Material) -> Trim:
        """The trim to begin with, the same for every voice: finding it takes a second and 60 MB for an hour."""
        return self._crew.share(f"first trim {self._key}", lambda: self._foreseen_trim(material))

    def _foreseen_trim(self, material: Material) -> Trim:
        """The trim at which the limited mix should be as loud as it ought to be, by what its sounds measure."""
        trim = Trim(0.0, FIRST_CEILING_DBTP)
        beds = beds_of(self._timeline, material)
        for _ in range(ROUNDS):
            powers = foreseen_powers(self._timeline, material, trim.gain_db, beds)
            limiting = foreseen_limiting(self._timeline, material, trim, beds)
            trim = _moved(trim, integrated_lufs(powers * limiting))
        return trim

    def _levelled(self, material: Material, trim: Trim) -> Trim:
        """`trim` with the gain at which the limited mix is as loud as it should be."""
        for _ in range(ROUNDS):
            lufs = integrated_lufs(self._mixed_powers(material, trim))
            moved = _moved(trim, lufs)
            if abs(moved.gain_db - trim.gain_db) <= CLOSE_LU:
                break
            trim = moved
        return trim

    def _mixed_powers(self, material: Material, trim: Trim) -> Powers:
        key = _powers_key(self._mix_key(trim))
        kept = self._session.find_json(key)
        if kept is None:
            self._mix(material, trim)
            kept = self._session.find_json(key)
        return np.array(kept)

    def _mix(self, material: Material, trim: Trim) -> Path:
        """The 16-bit mix at `trim`, made if it is not there; every voice starts from the same one."""
        key = self._mix_key(trim)
        with self._crew.alone(key):
            return self._mixed(key, material, trim)

    def _mixed(self, key: str, material: Material, trim: Trim) -> Path:
        # An hour has 0.7 GB and is mixed again in 11 s; as many bytes of pictures take a hundred times as long.
        place = bulky(key)
        kept = self._session.find(place)
        # One may be lost without the other: they are evicted, and damaged, one by one.
        measured = self._session.find_json(_powers_key(key)) is not None
        if kept is not None and measured and kept.stat().st_size == self._timeline.samples * 4:
            return kept
        self._session.drop(place)
        self._crew.gather(self._decode())
        pcm = [pcm_path(self._session, sha256) for sha256 in self._wanted]
        pieces, beds = pcm[: len(material.pieces)], beds_of(self._timeline, material)
        under = tuple(opened(bed, file, trim.gain_db) for bed, file in zip(beds, pcm[len(pieces) :], strict=True))
        mix = lay_out(self._timeline, pieces, gains_of(material, trim.gain_db), trim.ceiling_dbtp, under)
        part = self._session.own / f"{key}.mix"
        with part.open("wb") as file:
            file.truncate(mix.length * 4)
        spans = _spans(mix.length)
        cost = self._mixing / len(spans)
        tasks = [
            self._crew.submit(cost, f"mixed part {number} of {len(spans)}", mix_span, mix, part, *span, self._crew.stop)
            for number, span in enumerate(spans, start=1)
        ]
        ratios = np.concatenate(self._crew.gather(tasks))
        powers = foreseen_powers(self._timeline, material, trim.gain_db, beds)
        self._session.add_json(_powers_key(key), (powers * ratios[: len(powers)]).tolist())
        return self._session.add(place, part.replace)

    def _encoded(self, mix: Path) -> list[Measured]:
        chunks = chunks_of(self._timeline.samples, self._voice, _span(self._timeline.samples))
        cost = self.encoding_s * self._hours / len(chunks)
        return self._crew.gather(
            self._crew.submit(
                cost,
                f"encoded sound {number} of {len(chunks)}",
                encode_chunk,
                mix,
                chunk,
                self._voice,
                self._session,
                self._crew.stop,
            )
            for number, chunk in enumerate(chunks, start=1)
        )


def _sound_key(timeline: Timeline) -> str:
    """What decides how the programme sounds before it is encoded."""
    pieces = [(clip.media.sha256, clip.source_range, clip.available_range) for clip in timeline.sounds]
    what = [MIX_VERSION, repr(pieces), repr(timeline.crossfades), timeline.samples, repr(LOUDNESS)]
    if timeline.beds:
        beds = [(bed.media.sha256, bed.samples, bed.level_db, bed.ducking_db) for bed in timeline.beds]
        what += [BEDS_VERSION, repr(beds)]
    return key_of(what)


def _powers_key(mix_key: str) -> str:
    return key_of([mix_key, "powers"])


def _span(length: int) -> int:
    """Samples in one task of mixing or encoding, whole blocks of the mix.

    A twelfth of a short programme keeps the cores busy; three minutes at most keep the memory bounded.
    """
    return min(max(math.ceil(length / 12 / BLOCK), 1), 56) * BLOCK


def _spans(length: int) -> list[tuple[int, int]]:
    return [(start, min(start + _span(length), length)) for start in range(0, length, _span(length))]


def _moved(trim: Trim, lufs: float) -> Trim:
    """`trim` with the gain that brings `lufs` to the target; a silent programme stays as it is."""
    if lufs <= SILENT_LUFS:
        return trim
    return replace(trim, gain_db=round(trim.gain_db + LOUDNESS.integrated_lufs - lufs, 2))


def _acceptable(loudness: Loudness) -> bool:
    missed = abs(loudness.integrated_lufs - LOUDNESS.integrated_lufs)
    silent = loudness.integrated_lufs <= SILENT_LUFS
    return silent or (missed <= ACCEPTED_LU and loudness.true_peak_dbtp <= LOUDNESS.true_peak_dbtp - _MARGIN_DB)


def _next_trim(trim: Trim, loudness: Loudness) -> Trim:
    """The trim that makes up for what the codec did."""
    excess = loudness.true_peak_dbtp - (LOUDNESS.true_peak_dbtp - 2 * _MARGIN_DB)
    return replace(_moved(trim, loudness.integrated_lufs), ceiling_dbtp=round(trim.ceiling_dbtp - max(excess, 0.0), 2))
