"""Owns encoded packets on their way from an encoder to a file; hides how they are stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from video_pipeline.domain.errors import MediaError

_MAGIC = b"coded packets 1\n"


@dataclass(frozen=True, slots=True)
class Coded:
    """Packets in coding order, without timestamps: those belong to the place where they are shown."""

    header: bytes  # the codec's own set-up, equal in all packets that are joined
    packets: tuple[bytes, ...]
    order: tuple[int, ...]  # for each packet, the place of its frame in the order of showing

    @property
    def bytes(self) -> int:
        """Size of the packets."""
        return sum(map(len, self.packets))


@dataclass(frozen=True, slots=True)
class CodedFacts:
    """Everything about stored packets but their bytes."""

    header: bytes
    sizes: tuple[int, ...]
    order: tuple[int, ...]


def write_coded(coded: Coded, path: Path) -> None:
    """Store `coded` at `path`."""
    payload = b"".join(coded.packets)
    index = {
        "header": coded.header.hex(),
        "sizes": [len(packet) for packet in coded.packets],
        "order": coded.order,
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    path.write_bytes(_MAGIC + json.dumps(index).encode() + b"\n" + payload)


def read_coded(path: Path) -> Coded:
    """What `write_coded` stored; MediaError when the file was damaged since."""
    facts, payload = read_payload(path)
    ends = [0, *accumulate(facts.sizes)]
    return Coded(facts.header, tuple(payload[start:end] for start, end in pairwise(ends)), facts.order)


def read_payload(path: Path) -> tuple[CodedFacts, bytes]:
    """The facts and all packets in a row; MediaError when the file was damaged since."""
    try:
        magic, line, payload = _lines(path.read_bytes())
        if magic != _MAGIC or hashlib.sha256(payload).hexdigest() != json.loads(line)["sha256"]:
            raise ValueError("checksum differs")
        return _facts(line), payload
    except (ValueError, KeyError) as error:
        raise _damaged(path, error) from error


def read_facts(path: Path) -> CodedFacts:
    """What is known about stored packets without reading them; MediaError when the file was damaged since."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError("it begins otherwise")
            return _facts(file.readline())
    except (ValueError, KeyError) as error:
        raise _damaged(path, error) from error


def _facts(line: bytes) -> CodedFacts:
    index = json.loads(line)
    return CodedFacts(bytes.fromhex(index["header"]), tuple(index["sizes"]), tuple(index["order"]))


def _damaged(path: Path, error: Exception) -> MediaError:
    return MediaError(f"the stored packets in {path} are damaged ({error}); delete the file")


def is_whole(path: Path) -> bool:
    """False when the file is shorter than it should be, as after a loss of power; reads its index only."""
    with path.open("rb") as file:
        magic, line = file.read(len(_MAGIC)), file.readline()
        if magic != _MAGIC or not line.endswith(b"\n"):
            return False
        size: int = len(magic) + len(line) + sum(json.loads(line)["sizes"])
        return path.stat().st_size == size


def _lines(content: bytes) -> tuple[bytes, bytes, bytes]:
    end = content.index(b"\n", len(_MAGIC))
    return content[: len(_MAGIC)], content[len(_MAGIC) : end], content[end + 1 :]
