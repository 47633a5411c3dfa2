"""Owns how backups and restores are told, for people and for programs; hides which of two lists a file comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from video_pipeline.cli.output import console, print_json, print_table
from video_pipeline.domain.backups import BackupFacts, Replaced, Restored
from video_pipeline.domain.inventory import Check, Fault


def facts_json(facts: BackupFacts) -> dict[str, Any]:
    """What a backup holds, for programs."""
    return {
        "created_at": facts.created_at,
        "schema": facts.database.revision,
        "rows": {table.name: table.rows for table in facts.database.tables},
        "files": facts.files,
        "bytes": facts.bytes,
        "media": facts.has_media,
        "lacking": [asdict(each) for each in facts.lacking],
    }


def tell_restored(done: Restored, found: Check, *, as_json: bool) -> bool:
    """Tell what a restore did and which files are not right after it; True when all are."""
    wrong = _wrong(done, found)
    if as_json:
        print_json(_restored_json(done, found))
        return not wrong
    said = [f"the books are replaced: they are those of {done.facts.created_at:%Y-%m-%d %H:%M} UTC"]
    said += _gone(done.replaced)
    said += [f"{len(done.put_back)} files were put back"] if done.put_back else []
    said += [f"{len(done.failed)} files could not be put back"] if done.failed else []
    orphans = sum(each.fault is Fault.ORPHANED for each in found.findings)
    said += [f"{orphans} files are in no book: video-pipeline maintenance check"] if orphans else []
    for sentence in said:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    rows = [(what, key, why) for key, (what, why) in sorted(wrong.items())]
    print_table("Files that are not right", ("what", "file", "why"), rows, empty="all files of the books are there")
    return not wrong


def _gone(replaced: Replaced) -> list[str]:
    if replaced.folder is None:
        return []
    kept = f"the books of before are in {replaced.folder}; remove it when nobody misses them"
    if not replaced.entries:
        return [kept]
    return [
        f"{replaced.entries} entries of the ledger, with {replaced.paid_usd:.2f} USD that were paid, are not in these "
        "books: caps and sums do not count them any more",
        kept,
    ]


def _wrong(done: Restored, found: Check) -> dict[str, tuple[str, str]]:
    """By key, what is wrong with a file now and why: by the backup's list, the books that came back, the disks."""
    right = {each.key for each in done.put_back}
    listed = {
        each.key: (what, why)
        for what, why, files in (
            ("missing", "the backup lists it, and it is not in the media store", done.missing),
            ("changed", "it is not what the backup lists", done.changed),
        )
        for each in files
        if each.key not in right
    }
    checked = {each.key: (str(each.fault), each.detail) for each in found.findings if each.fault is not Fault.ORPHANED}
    failed = {each.key: ("not put back", each.why) for each in done.failed}
    return listed | checked | failed


def _restored_json(done: Restored, found: Check) -> dict[str, Any]:
    keys = {name: [each.key for each in getattr(done, name)] for name in ("missing", "changed", "put_back")}
    return (
        facts_json(done.facts)
        | keys
        | {
            "failed": [asdict(each) for each in done.failed],
            "replaced": asdict(done.replaced),
            "findings": [asdict(each) for each in found.findings],
        }
    )
