"""Owns the provider that takes music and pictures from the operator's own library; hides whose turn a file is.

    <library>/music/      MP3, WAV, FLAC, Ogg
    <library>/pictures/   PNG, JPEG, WebP, AVIF

Within a job each file is taken once before any is taken twice, in an order that follows from the job's seed. Files
that are long or large enough for what is asked come first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from video_pipeline.domain.errors import InvalidInputError, MachineError
from video_pipeline.domain.media import Generation
from video_pipeline.domain.storyboard import MusicPrompt, VisualPrompt
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.ports import Capabilities, Purchase
from video_pipeline.providers.arrival import (
    MOST_ENLARGED,
    MUSIC_KINDS,
    PICTURE_KINDS,
    Kind,
    apart,
    kind_of,
    music_samples,
    picture_sides,
    take_music,
    take_picture,
)
from video_pipeline.providers.stated import licence_of
from video_pipeline.providers.workshop import Workshop

FOLDER = "folder"
SHORTEST = 0.75
"""A piece may be that much of what is asked: the timeline follows what there is."""

_VENDOR = "the own library"
_SETTING = "VIDEO_PIPELINE_LIBRARY_DIR"


class FolderMusic:
    """Takes pieces from the folder `music` of the library, for nothing."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores, self._shelf = workshop.cores, workshop.library / "music"
        self.capabilities = _capabilities(workshop)

    def compose(self, prompt: MusicPrompt, seed: int, out: Path, purchase: Purchase | None = None) -> Generation:
        """Write the piece whose turn it is to `out`, cut to what is asked; `seed` is the job's.

        InvalidInputError, before anything is made, when there is no music or none is long enough; MediaError when the
        file is not usable; MachineError when it cannot be read or `out` cannot be written.
        """
        lengths = {file: music_samples(file, vendor=_VENDOR) for file in _files(self._shelf, MUSIC_KINDS)}
        if not lengths:
            raise _empty("music", MUSIC_KINDS)
        long = [file for file, length in lengths.items() if length >= prompt.samples]
        fitting = [file for file, length in lengths.items() if prompt.samples > length >= SHORTEST * prompt.samples]
        if not long and not fitting:
            raise InvalidInputError(
                f"piece {prompt.order_index} needs {prompt.duration_s:.0f} s of music; the own library has "
                f"{len(lengths)} files, the longest of {max(lengths.values()) / SAMPLE_RATE:.0f} s: add longer ones, "
                "or order shorter scenes"
            )
        file = _whose_turn(long, fitting, seed, prompt.order_index)
        generation = _generation(file)
        apart(self._cores, take_music, file, out, vendor=_VENDOR, samples=prompt.samples, tolerance=1 - SHORTEST)
        return generation


class FolderImages:
    """Takes pictures from the folder `pictures` of the library, for nothing."""

    def __init__(self, workshop: Workshop) -> None:
        self._cores, self._shelf = workshop.cores, workshop.library / "pictures"
        self.capabilities = _capabilities(workshop)

    def illustrate(
        self, prompt: VisualPrompt, seed: int, size: tuple[int, int], out: Path, purchase: Purchase | None = None
    ) -> Generation:
        """Write the picture whose turn it is to `out`, filling `size`; `seed` is the job's.

        InvalidInputError, before anything is made, when there is no picture or none is large enough; MediaError when
        the file is not usable; MachineError when it cannot be read or `out` cannot be written.
        """
        sides = {file: picture_sides(file, vendor=_VENDOR) for file in _files(self._shelf, PICTURE_KINDS)}
        if not sides:
            raise _empty("pictures", PICTURE_KINDS)
        enlarged = {file: max(size[0] / width, size[1] / height) for file, (width, height) in sides.items()}
        large = [file for file, times in enlarged.items() if times <= 1]
        fitting = [file for file, times in enlarged.items() if 1 < times <= MOST_ENLARGED]
        if not large and not fitting:
            width, height = sides[min(enlarged, key=lambda file: enlarged[file])]
            raise InvalidInputError(
                f"picture {prompt.order_index} needs {size[0]} x {size[1]} pixels; the own library has {len(sides)} "
                f"files, the largest of {width} x {height}: add larger ones"
            )
        file = _whose_turn(large, fitting, seed, prompt.order_index)
        generation = _generation(file)
        apart(self._cores, take_picture, file, out, vendor=_VENDOR, size=size)
        return generation


def _capabilities(workshop: Workshop) -> Capabilities:
    return Capabilities(
        FOLDER, concurrency=workshop.cores.workers, price_usd=Decimal(0), takes_seed=False, chooses=True
    )


def _files(shelf: Path, kinds: Collection[Kind]) -> list[Path]:
    """The files of these kinds in a folder; what has a dot in front, or is of another kind, is none of them."""
    if not shelf.is_dir():
        return []
    with _read_errors():
        there = [path for path in shelf.iterdir() if path.is_file() and not path.name.startswith(".")]
        return sorted(path for path in there if _kind(path) in kinds)


def _kind(path: Path) -> Kind:
    with path.open("rb") as file:
        return kind_of(file.read(4096))


def _empty(folder: str, kinds: Collection[Kind]) -> InvalidInputError:
    names = ", ".join(kind.name for kind in kinds)
    return InvalidInputError(
        f"the own library has no {folder}: put files ({names}) into its folder {folder!r}, which lies in {_SETTING} or "
        "else in `library` in the data directory, or choose another provider"
    )


def _whose_turn(first: Sequence[Path], then: Sequence[Path], seed: int, order_index: int) -> Path:
    """The file for the piece at `order_index` (from 1) of the job of `seed`: the order of the files is shuffled by it.

    A file that is added takes a place somewhere, the others keep their order.
    """

    def place(file: Path) -> str:
        return hashlib.sha256(f"{seed}/{file.name}".encode()).hexdigest()

    files = [*sorted(first, key=place), *sorted(then, key=place)]
    return files[(order_index - 1) % len(files)]


def _generation(file: Path) -> Generation:
    with _read_errors(), file.open("rb") as opened:
        checksum = hashlib.file_digest(opened, "sha256").hexdigest()
    return Generation(FOLDER, checksum, licence_of(file), Decimal(0))


@contextmanager
def _read_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineError(f"cannot read the own library: {error}; see that its files may be read") from error
