"""Owns the words of the pack of licences that are for people; hides their layout.

Texts of vendors and customers stand in it on one line each, without characters that are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from fractions import Fraction

from video_pipeline.domain.licences import LicenceRecord, LicensedKind
from video_pipeline.ports import JobStore
from video_pipeline.steps.cue_sheet import CueSheet

_JOINER = "\u200d"
"""It is not seen either, but holds emoji together."""

_NAMES = {LicensedKind.THUMBNAIL: "picture for thumbnails"}
"""Of kinds whose own word says too little."""


def stamp(seconds: Fraction) -> str:
    """`seconds` as hh:mm:ss; whole seconds, rounded down."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"


def shown_line(text: str) -> str:
    """`text` on one line, as it is seen: nothing in it turns a line around or begins a new one."""
    return " ".join("".join(each if each.isprintable() or each == _JOINER else " " for each in text).split())


def readme(jobs: JobStore, sheet: CueSheet, pages: Mapping[str, str]) -> str:
    """What the pack is; `pages` are the names of the terms in it by their checksum."""
    parts = (_heading(jobs, sheet), _published(jobs, sheet), _rights(sheet, pages), _gaps(sheet), _how_to_verify(sheet))
    return "\n".join(line for part in parts for line in (*part, ""))


def _heading(jobs: JobStore, sheet: CueSheet) -> list[str]:
    job = sheet.job
    channel = jobs.find_channel(str(job.channel_id))
    youtube = f" (YouTube channel {shown_line(channel.youtube_channel_id)})" if channel.youtube_channel_id else ""
    return [
        "Licences and provenance of a video",
        "",
        f"Title     {shown_line(sheet.storyboard.title)}",
        f"Channel   {shown_line(channel.name)}{youtube}",
        f"Job       {job.id}, ordered {job.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"Length    {stamp(sheet.seconds)}",
        "",
        "Everything that is heard and seen in this video has a row in a register that can be added to and not changed.",
        "A row was written when the thing was made: by which provider, under which plan, licence and terms, from which",
        "prompt and seed, under which id of the provider, for how much, and the SHA-256 checksum of the file.",
        "tracklist.txt and tracklist.csv say what is heard when, pictures.csv what is seen when; times are hh:mm:ss of",
        "the video. licences.json has every row, also of things that were replaced. costs.csv is the ledger.",
        "Thumbnails are drawn by the studio from the pictures of the video, under the same rows, and from a picture",
        "for thumbnails alone, where one was made. It is not in the video, and has a row of its own.",
    ]


def _published(jobs: JobStore, sheet: CueSheet) -> list[str]:
    uploads = jobs.get_youtube_uploads(sheet.job.id)
    lines = [
        f'  {shown_line(each.video_url)}, "{shown_line(each.title)}", uploaded '
        f"{each.uploaded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        for each in reversed(uploads)
    ]
    said = jobs.get_publication(sheet.job.id)
    told = {word for each in uploads for word in (each.video_id, each.video_url)}
    by_hand = [each for each in (said.video_url, said.youtube_video_id) if each and each not in told]
    if by_hand:
        lines.append(f"  {', '.join(map(shown_line, by_hand))} (entered by hand)")
    return ["Published", *(lines or ["  No upload to YouTube is recorded."])]


def _rights(sheet: CueSheet, pages: Mapping[str, str]) -> list[str]:
    """Each provider's terms once, with the things in the video and on its thumbnails that they are about."""
    groups: dict[tuple[str | None, ...], list[LicenceRecord]] = {}
    shown = sheet.in_video | sheet.in_thumbnails
    for row in sheet.licences:
        if row.id in shown:
            key = row.provider, row.plan, row.licence, row.terms_url, row.terms_sha256, *row.uses, None, *row.refused
            groups.setdefault(key, []).append(row)
    lines = ["Rights"]
    for rows in groups.values():
        lines += _group(rows, pages)
    return lines


def _group(rows: list[LicenceRecord], pages: Mapping[str, str]) -> Iterator[str]:
    first = rows[0]
    kinds = dict.fromkeys(row.kind for row in rows)
    counted = ", ".join(f"{sum(row.kind is kind for row in rows)} x {_NAMES.get(kind, kind)}" for kind in kinds)
    yield f"  {shown_line(first.provider)} ({counted})"
    yield f"    licence      {shown_line(first.licence) or 'none was named'}"
    if first.licence_url:
        yield f"    its text     {shown_line(first.licence_url)}"
    yield f"    plan         {shown_line(first.plan) if first.plan else 'none was named'}"
    yield f"    allowed      {', '.join(map(_words, first.uses)) or 'nothing was written down'}"
    yield f"    not allowed  {', '.join(map(_words, first.refused)) or 'nothing was written down'}"
    if first.terms_url is None:  # one's own material, for example
        yield "    terms        it states no page of terms"
        return
    yield f"    terms        {shown_line(first.terms_url)}"
    if first.terms_sha256 is None or first.terms_taken_at is None:
        yield "                 THEY WERE NOT READ before these things were made: no date and no checksum can be given."
        return
    yield f"                 read {first.terms_taken_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, before these were made"
    yield f"                 SHA-256 {first.terms_sha256}"
    if first.terms_sha256 in pages:
        yield f"                 as they were: {pages[first.terms_sha256]}"


def _words(use: str) -> str:
    return use.replace("_", " ")


def _gaps(sheet: CueSheet) -> list[str]:
    """What nothing was written down about, said plainly."""
    without = dict.fromkeys(
        [
            *(f"{each.kind} {each.number}" for each in (*sheet.heard, *sheet.seen) if each.licence is None),
            *(_NAMES[LicensedKind.THUMBNAIL] for each in sheet.key_pictures if each.licence is None),
        ]
    )
    if not without:
        return ["Each thing that is heard or seen has its row."]
    return ["Nothing was written down when these were made:", f"  {', '.join(without)}"]


def _how_to_verify(sheet: CueSheet) -> list[str]:
    return [
        "How to verify",
        "  checksums.sha256 names the files of this video, relative to the studio's media folder. There",
        "    sha256sum --check checksums.sha256",
        f"  (all of them lie in jobs/{sheet.job.id} and exports/{sheet.job.id}). The checksum of a file is also in the",
        "  row of its licence, which shows that the row is about this very file and no other one.",
        "  The pack is made of the register as it is; made again from the same register it has the same bytes.",
    ]
