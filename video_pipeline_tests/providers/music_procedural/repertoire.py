"""Owns the prompts that the tests play, and keeps what was composed once; hides the cache."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from video_pipeline.domain.storyboard import Instrument, Mode, MusicPrompt
from video_pipeline.providers.music_procedural.piece import compose_piece

I = Instrument  # noqa: E741 - a table of instruments reads better with one letter


def prompt(
    *instruments: Instrument,
    index: int = 1,
    bpm: int = 80,
    tonic: str = "C",
    mode: Mode = Mode.MAJOR,
    density: float = 0.5,
    moods: tuple[str, ...] = ("calm",),
    seconds: float = 20.0,
) -> MusicPrompt:
    """A prompt with the given facts and plain ones for the rest."""
    return MusicPrompt(
        order_index=index,
        title=f"Piece {index}",
        text="music for a test",
        tempo_bpm=bpm,
        tonic=tonic,
        mode=mode,
        instruments=instruments or (I.PIANO, I.STRINGS),
        density=density,
        moods=moods,
        samples=round(seconds * 48_000),
    )


@cache
def sound(asked: MusicPrompt, seed: int = 11) -> npt.NDArray[np.float32]:
    """The piece; composed once however many tests listen to it."""
    piece = compose_piece(asked, seed)
    piece.flags.writeable = False
    return piece


_ALBUM = (
    (64, "C", Mode.MAJOR, (I.PIANO, I.STRINGS), 0.35, ("elegant", "calm")),
    (72, "A", Mode.MINOR, (I.FELT_PIANO, I.CELLO, I.PAD), 0.4, ("melancholic", "night")),
    (88, "D", Mode.DORIAN, (I.LUTE, I.FLUTE, I.HAND_DRUM), 0.55, ("medieval", "lively")),
    (60, "F", Mode.LYDIAN, (I.HARP, I.CHOIR, I.GLASS_PAD), 0.3, ("dreamy", "magical")),
    (54, "E", Mode.PHRYGIAN, (I.CHOIR, I.ORGAN, I.TEXTURE), 0.15, ("dark", "sacred")),
    (96, "G", Mode.MIXOLYDIAN, (I.GUITAR, I.BASS, I.BRUSHES), 0.6, ("sunny", "cozy")),
    (70, "D", Mode.PENTATONIC, (I.KALIMBA, I.FLUTE, I.PAD), 0.45, ("peaceful", "morning")),
    (80, "Bb", Mode.MAJOR, (I.ELECTRIC_PIANO, I.BASS, I.BRUSHES, I.VIBRAPHONE), 0.5, ("jazz", "cafe")),
    (58, "Eb", Mode.MAJOR, (I.STRINGS, I.CELLO, I.HARP), 0.25, ("royal", "majestic")),
    (66, "F#", Mode.MINOR, (I.PAD, I.GLASS_PAD, I.BELLS, I.TEXTURE), 0.1, ("space", "vast")),
    (90, "G", Mode.MAJOR, (I.MUSIC_BOX, I.HARP, I.STRINGS), 0.5, ("waltz", "fairy tale")),
    (76, "B", Mode.MINOR, (I.GUITAR, I.FLUTE, I.STRINGS), 0.4, ("rainy", "nostalgic")),
    (62, "Ab", Mode.LYDIAN, (I.VIBRAPHONE, I.PAD, I.BASS), 0.3, ("dreamy", "night")),
    (100, "A", Mode.DORIAN, (I.HARP, I.HAND_DRUM, I.STRINGS), 0.65, ("epic", "bright")),
    (56, "C#", Mode.MINOR, (I.CELLO, I.PIANO, I.STRINGS), 0.3, ("sad", "intimate")),
    (84, "E", Mode.MAJOR, (I.PIANO, I.FLUTE, I.CELLO, I.BASS), 0.55, ("hopeful", "bright")),
    (68, "D", Mode.MINOR, (I.ORGAN, I.CHOIR), 0.2, ("cathedral", "solemn")),
    (78, "C", Mode.PENTATONIC, (I.HARP, I.BELLS, I.TEXTURE), 0.35, ("serene", "crystal")),
    (74, "F", Mode.MAJOR, (I.FELT_PIANO,), 0.4, ("soft", "sleep")),
    (92, "Bb", Mode.MIXOLYDIAN, (I.ELECTRIC_PIANO, I.GUITAR, I.BASS, I.BRUSHES), 0.7, ("upbeat", "chill")),
)


def album(seconds: float = 24.0) -> list[MusicPrompt]:
    """Twenty prompts as one album would hold them, shortened."""
    return [
        prompt(*players, index=index, bpm=bpm, tonic=tonic, mode=mode, density=density, moods=moods, seconds=seconds)
        for index, (bpm, tonic, mode, players, density, moods) in enumerate(_ALBUM, start=1)
    ]


# One style of ensemble and key, as a channel would order it: only titles, tempi and moods differ.
def cycle(seconds: float = 18.0) -> list[MusicPrompt]:
    """Six prompts for the same two instruments in the same key."""
    rows = ((60, ("calm",)), (63, ("calm", "night")), (66, ("serene",)), (69, ("warm",)), (72, ("hope",)), (75, ()))
    return [
        prompt(I.PIANO, I.STRINGS, index=index, bpm=bpm, moods=moods, density=0.4, seconds=seconds)
        for index, (bpm, moods) in enumerate(rows, start=1)
    ]
