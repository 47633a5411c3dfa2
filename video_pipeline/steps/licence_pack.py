"""Owns the pack that an operator sends in a dispute about rights; hides how its files are written.

    README.txt        what this is, under which terms it was made, how to verify it
    tracklist.txt     music and sounds with their times, for people
    tracklist.csv     the same with everything that is known of each, for programs
    pictures.csv      pictures and clips, the same way
    licences.json     every row of the job, also of what was replaced
    costs.csv         what the ledger says was paid
    checksums.sha256  of the media, for `sha256sum --check`
    terms/            the pages of terms that the rows quote, as they were

The same state of the books gives the same bytes. Nothing in it says where this machine keeps its files.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from video_pipeline.domain.errors import InvalidInputError, MachineError
from video_pipeline.domain.licences import LicenceRecord
from video_pipeline.domain.money import CostRecord, LedgerEntry
from video_pipeline.ports import JobStore
from video_pipeline.steps.cue_sheet import Cue, CueSheet, cue_sheet
from video_pipeline.steps.licence_words import readme, shown_line, stamp

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can hold: one of now would make other bytes each time."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How cells begin that a spreadsheet would compute."""

_RIGHTS = (
    *("provider", "plan", "licence", "licence_url", "terms_url", "terms_read_at", "terms_sha256", "task_id"),
    *("prompt", "seed", "allowed", "refused", "cost_usd", "made_at"),
)
_TIMES = ("number", "kind", "title", "start", "end")


def _check_place(out: Path, content: bytes) -> None:
    with suppress(OSError):  # what is wrong with the place is told when it is written
        if out.is_file() and (out.stat().st_size != len(content) or out.read_bytes() != content):
            raise InvalidInputError(f"{out} is there and holds something else; keep it, and name another file")


def write_licence_pack(jobs: JobStore, job_id: UUID, out: Path) -> int:
    """Write the pack of a job to `out`, aside and renamed; its size in bytes.

    NotFoundError when there is no such job, ConflictError before its music and pictures are all there, MachineError
    when it cannot be written. InvalidInputError when something else is there already: an earlier pack shows the video
    as it was published, and cannot be made again after an edit.
    """
    content = licence_pack(jobs, job_id)
    _check_place(out, content)
    aside = out.with_name(f".{out.name}.{uuid4().hex}.part")
    try:
        aside.write_bytes(content)
        aside.replace(out)
    except OSError as error:
        advice = "see that its folder is there, can be written and has room"
        raise MachineError(f"cannot write {out}: {error.strerror or error}; {advice}") from error
    finally:
        aside.unlink(missing_ok=True)
    return len(content)


def licence_pack(jobs: JobStore, job_id: UUID) -> bytes:
    """The pack of a job as a zip; raises as `write_licence_pack`."""
    sheet = cue_sheet(jobs, jobs.get_job(job_id))
    terms = _terms(jobs, sheet.licences)
    files = {
        "README.txt": readme(jobs, sheet, {sha256: name for sha256, (name, _) in terms.items()}).encode(),
        "tracklist.txt": _tracklist(sheet).encode(),
        "tracklist.csv": _table((*_TIMES, "audible_from", "audible_until", *_RIGHTS, *_FILE), map(_line, sheet.heard)),
        "pictures.csv": _table((*_TIMES, "seen_from", "seen_until", *_RIGHTS, *_FILE), map(_line, sheet.seen)),
        "licences.json": _licences(sheet).encode(),
        "costs.csv": _table(_COST, _costs(jobs.cost_entries(job_id))),
        "checksums.sha256": _checksums(jobs, sheet).encode(),
        **dict(sorted(terms.values())),
    }
    return _zipped(files)


def licence_json(row: LicenceRecord, *, in_video: bool, in_thumbnails: bool) -> dict[str, Any]:
    """A row for programs, JSON-ready; amounts are texts, so that they stay exact."""
    shown = {name: _plain(value) for name, value in asdict(row).items()}
    return shown | {"in_video": in_video, "in_thumbnails": in_thumbnails}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return _moment(value)
    return str(value) if isinstance(value, Decimal | UUID) else value


def _moment(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).isoformat()


def _terms(jobs: JobStore, rows: Sequence[LicenceRecord]) -> dict[str, tuple[str, bytes]]:
    """By the checksum of each page that is quoted: its name in the pack, and its bytes."""
    found = {}
    for sha256 in dict.fromkeys(row.terms_sha256 for row in rows if row.terms_sha256):
        content = jobs.terms_content(sha256)
        if content is not None:
            ending = "pdf" if content.startswith(b"%PDF-") else "html"
            found[sha256] = f"terms/{sha256}.{ending}", content
    return found


def _tracklist(sheet: CueSheet) -> str:
    lines = [shown_line(sheet.storyboard.title), ""]
    for cue in sheet.heard:
        times = f"{stamp(cue.span.start)}-{stamp(cue.span.end)}"
        lines.append(f"{cue.kind} {cue.number:>3}  {times}  {shown_line(cue.title)}")
        row = cue.licence
        if row is None:
            lines.append("            no licence was written down when it was made")
            continue
        told = (row.provider, row.plan, row.licence, row.provider_task_id and f"id {row.provider_task_id}")
        lines.append(f"            {', '.join(shown_line(each) for each in told if each)}")
    return "\n".join(lines) + "\n"


_FILE = ("file", "sha256")


def _line(cue: Cue) -> list[object]:
    span = cue.span
    return [
        *(cue.number, str(cue.kind), cue.title, stamp(span.start), stamp(span.end)),
        *(stamp(span.since), stamp(Fraction(ceil(span.until)))),
        *_rights(cue.licence),
        *(cue.media.key, cue.media.sha256),
    ]


def _rights(row: LicenceRecord | None) -> list[object]:
    if row is None:
        return [""] * len(_RIGHTS)
    return [
        *(row.provider, row.plan, row.licence, row.licence_url, row.terms_url, _moment(row.terms_taken_at)),
        *(row.terms_sha256, row.provider_task_id, row.prompt, row.seed),
        *(" ".join(row.uses), " ".join(row.refused), row.cost_usd, _moment(row.created_at)),
    ]


def _licences(sheet: CueSheet) -> str:
    shown, drawn = sheet.in_video, sheet.in_thumbnails
    rows = [licence_json(row, in_video=row.id in shown, in_thumbnails=row.id in drawn) for row in sheet.licences]
    whole = {"job_id": str(sheet.job.id), "title": sheet.storyboard.title, "licences": rows}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


_COST = ("at", "entry", "amount_usd", "provider", "what", "task_id", "request")


def _costs(entries: Sequence[CostRecord]) -> Iterator[list[object]]:
    """Each with what the money was set aside for: what was noted at the end may name places of this machine."""
    wanted = {entry.request_key: entry.message for entry in entries if entry.entry is LedgerEntry.RESERVE}
    for entry in entries:
        key = entry.request_key
        what = wanted.get(key.removesuffix("/late"), key.rpartition("/")[0])
        paid = str(entry.entry), entry.amount_usd, entry.provider, what, entry.provider_task_id, key
        yield [_moment(entry.created_at), *paid]


def _checksums(jobs: JobStore, sheet: CueSheet) -> str:
    """In the form of `sha256sum`, the paths relative to the root of the media store."""
    master = jobs.master(sheet.job.id)
    media = [
        *(cue.media for cue in (*sheet.heard, *sheet.seen)),
        *(picture.media for picture in sheet.key_pictures),
        *(export.report.media for export in jobs.exports(sheet.job.id)),
        *([master.media] if master else []),
    ]
    return "".join(sorted({f"{each.sha256}  {each.key}\n" for each in media}, key=lambda line: line[66:]))


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """As RFC 4180 has it; no cell of it is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(_cells(row) for row in rows)
    return out.getvalue().encode()


def _cells(row: Sequence[object]) -> Iterator[str]:
    for value in row:
        text = "" if value is None else str(value)
        yield f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # what external_attr is written for, on every machine
            entry.external_attr = 0o644 << 16
            # Not packed: what packing makes of it would differ between versions of zlib.
            pack.writestr(entry, content, zipfile.ZIP_STORED)
    return out.getvalue()
