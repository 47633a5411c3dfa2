"""Owns telling what a delivered file is by its first bytes; hides signatures. Names of files are not asked."""

from __future__ import annotations

import re
import stat
from codecs import getincrementaldecoder
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

from video_pipeline.domain.errors import MachineError, MediaError


class Kind(StrEnum):
    """What a file is; the value is how it is called in a message."""

    MP3 = "an MP3"
    WAV = "a WAV"
    FLAC = "a FLAC"
    OGG = "an Ogg"
    AAC = "AAC"
    M4A = "an M4A (AAC)"
    MP4 = "an MP4"
    MOV = "a QuickTime movie"
    MATROSKA = "a WebM or Matroska"
    PNG = "a PNG"
    JPEG = "a JPEG"
    WEBP = "a WebP"
    AVIF = "an AVIF"
    HEIC = "a HEIC"
    GIF = "a GIF"
    ZIP = "a ZIP"
    GZIP = "a gzip"
    PDF = "a PDF"
    HTML = "a web page (HTML)"
    XML = "an XML document"
    JSON = "a JSON answer"
    TEXT = "a text"
    NOTHING = "empty"
    UNKNOWN = "of no kind that is known"


_HEAD_BYTES = 4096

_SIGNATURES = (
    (0, b"ID3", Kind.MP3),
    (0, b"RF64", Kind.WAV),
    (0, b"fLaC", Kind.FLAC),
    (0, b"OggS", Kind.OGG),
    (0, b"\x1aE\xdf\xa3", Kind.MATROSKA),
    (0, b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (0, b"\xff\xd8\xff", Kind.JPEG),
    (0, b"GIF8", Kind.GIF),
    (0, b"PK\x03\x04", Kind.ZIP),
    (0, b"\x1f\x8b", Kind.GZIP),
    (0, b"%PDF-", Kind.PDF),
    (8, b"WAVE", Kind.WAV),
    (8, b"WEBP", Kind.WEBP),
    # QuickTime of old begins without saying what it is.
    (4, b"moov", Kind.MOV),
    (4, b"mdat", Kind.MOV),
    (4, b"wide", Kind.MOV),
)

_BRANDS = {
    b"M4A ": Kind.M4A,
    b"M4B ": Kind.M4A,
    b"qt  ": Kind.MOV,
    b"avif": Kind.AVIF,
    b"heic": Kind.HEIC,
    b"heix": Kind.HEIC,
}
"""Of an ISO base media file (ISO/IEC 14496-12, 4.3), the first that is listed; any other is an MP4."""


def kind_of(head: bytes) -> Kind:
    """What a file is that begins with `head`, of which 4 KiB are looked at."""
    head = head[:_HEAD_BYTES]
    if not head:
        return Kind.NOTHING
    if head[4:8] == b"ftyp":
        return _brand(head)
    for place, signature, kind in _SIGNATURES:
        if head.startswith(signature, place):
            return kind
    # A frame of MPEG audio begins with eleven bits that are set (ISO/IEC 11172-3, 2.4.1.3); AAC has a layer of 0.
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return Kind.AAC if head[1] & 0xF6 == 0xF0 else Kind.MP3
    return _document(head)


def _brand(head: bytes) -> Kind:
    end = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, end, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), Kind.MP4)


def _document(head: bytes) -> Kind:
    try:
        # The last character may have been cut in two.
        text = getincrementaldecoder("utf-8-sig")().decode(head, final=len(head) < _HEAD_BYTES)
    except UnicodeDecodeError:
        return Kind.UNKNOWN
    start = text.lstrip()[:200].lower()
    if "\0" in text:
        return Kind.UNKNOWN
    if start.startswith(("<!doctype html", "<html")) or (start.startswith("<") and "<html" in text.lower()):
        return Kind.HTML
    if start.startswith("<"):
        return Kind.XML
    return Kind.JSON if start.startswith(("{", "[")) else Kind.TEXT


def refusal(vendor: str, raw: Path, what: str, remedy: str = "let it be made again, or replace the file") -> MediaError:
    """The error that `raw`, delivered by `vendor`, is not usable: `what` it is, and what to do."""
    return MediaError(f"{vendor} delivered {raw.name}, {what}; {remedy}")


def admitted(
    raw: Path, vendor: str, wanted: Collection[Kind], *, most_bytes: int, remedies: dict[Kind, str] | None = None
) -> Kind:
    """What `raw` is, if that is `wanted`.

    MediaError when it is anything else, larger than `most_bytes`, or no file; MachineError when it cannot be read.
    """
    try:
        facts = raw.stat()
        if not stat.S_ISREG(facts.st_mode):  # opening a pipe would wait for ever
            raise refusal(vendor, raw, "which is no file")
        with raw.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise MachineError(f"cannot read {raw.name}: {error}; see that the file is there and may be read") from error
    kind = kind_of(head)
    if kind not in wanted:
        expected = ", ".join(each.name for each in wanted)
        what = f"which is {kind.value}{_excerpt(head, kind)}; expected was one of {expected}"
        given = (remedies or {}).get(kind)
        raise refusal(vendor, raw, what, given) if given else refusal(vendor, raw, what)
    if facts.st_size > most_bytes:
        raise refusal(vendor, raw, f"which has {facts.st_size:,} bytes; at most {most_bytes:,} are taken")
    return kind


def _excerpt(head: bytes, kind: Kind) -> str:
    """What an answer in words says, in one short line: it mostly tells why there is no file."""
    if kind not in {Kind.HTML, Kind.XML, Kind.JSON, Kind.TEXT}:
        return ""
    text = head.decode("utf-8", "replace")
    title = re.search(r"<title[^>]*>([^<]+)", text, re.IGNORECASE)
    words = " ".join((title[1] if title else text).split())
    shown = "".join(letter for letter in words[:120] if letter.isprintable())
    return f" that says {shown!r}" if shown else ""
