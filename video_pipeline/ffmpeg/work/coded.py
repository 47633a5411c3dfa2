"""Owns encoded packets on their way from an encoder to a file; hides how they are stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from zlib import crc32

from video_pipeline.domain.errors import TransientError

_MAGIC = b"coded packets 2\n"


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
    index = {"header": coded.header.hex(), "sizes": [len(packet) for packet in coded.packets], "order": coded.order}
    line = json.dumps(index).encode() + b"\n"
    path.write_bytes(_head(line, payload) + line + payload)


def read_coded(path: Path) -> Coded:
    """What `write_coded` stored; TransientError when the file was damaged since."""
    facts, payload = read_payload(path)
    ends = [0, *accumulate(facts.sizes)]
    return Coded(facts.header, tuple(payload[start:end] for start, end in pairwise(ends)), facts.order)


def read_payload(path: Path) -> tuple[CodedFacts, bytes]:
    """The facts and all packets in a row; TransientError when the file was damaged since."""
    content = path.read_bytes()
    head, line, payload = _parts(content)
    if head != _head(line, payload):
        raise _damaged(path)
    return _facts(line), bytes(payload)


def read_facts(path: Path) -> CodedFacts:
    """What is known about stored packets without reading them; TransientError when the file was damaged since."""
    with path.open("rb") as file:
        head, line = file.read(_HEAD), file.readline()
    if head[:_HEAD_OF_INDEX] != _head(line, b"")[:_HEAD_OF_INDEX]:
        raise _damaged(path)
    return _facts(line)


def is_whole(path: Path) -> bool:
    """False when the file is not what was stored, after a loss of power or for what a disk does; reads all of it."""
    head, line, payload = _parts(path.read_bytes())
    return head == _head(line, payload)


def _parts(content: bytes) -> tuple[bytes, bytes, memoryview]:
    end = content.find(b"\n", _HEAD) + 1 or len(content)
    return content[:_HEAD], content[_HEAD:end], memoryview(content)[end:]


def _head(line: bytes, payload: bytes | memoryview) -> bytes:
    # CRC-32 runs at 6.5 GB/s where SHA-256 does 1.9 (2026), and is to notice what a disk does, not what somebody does.
    return _MAGIC + b"%08x %08x\n" % (crc32(line), crc32(payload))


_HEAD = len(_head(b"", b""))
_HEAD_OF_INDEX = len(_MAGIC) + 8


def _facts(line: bytes) -> CodedFacts:
    index = json.loads(line)
    return CodedFacts(bytes.fromhex(index["header"]), tuple(index["sizes"]), tuple(index["order"]))


def _damaged(path: Path) -> TransientError:
    return TransientError(
        f"the packets kept as {path.name} were damaged on the disk while they were used; try again: they are made anew"
    )
