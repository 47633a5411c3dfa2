"""Owns looking at what somebody uploaded before a video is planned; hides how each kind of file is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from video_pipeline.domain.brief import Brief, MusicVideoBrief
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobKind
from video_pipeline.domain.materials import FootageFile, Materials, SongFile
from video_pipeline.domain.quotes import Quote, check_number, read_quotes
from video_pipeline.domain.records import JobFileRecord
from video_pipeline.domain.storyboard import SourceFile
from video_pipeline.domain.timebase import FPS_30, SAMPLE_RATE, clock
from video_pipeline.domain.uploads import UPLOAD_MAX_BYTES, FileType, is_picture, natural_order
from video_pipeline.steps.assemble import SONG_MIN_S
from video_pipeline.steps.attempt import Attempt
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload

FETCH_LIMIT_S = 600.0
"""For a song at an address: a gigabyte at 15 Mbit/s."""

SONG_MAX_S = 9_999
"""The books keep a piece's seconds in six digits, two of them behind the point."""

FOOTAGE_MIN_FRAMES = 30
"""A video shorter than a second is a flicker."""


def survey(studio: Studio, attempt: Attempt, brief: Brief) -> Materials:
    """What was uploaded for the job, measured, each type in the order of its names, behind the quotes of the order.

    InvalidInputError names the file that cannot be used and says why; MediaError when one is broken.
    """
    _fetch(studio, attempt, brief)
    files = sorted(studio.jobs.get_job_files(attempt.job_id), key=lambda file: natural_order(file.filename))
    kinds = {kind: [file for file in files if file.file_type is kind] for kind in FileType}
    is_build = brief.kind is JobKind.BUILD
    return Materials(
        songs=tuple(_song(studio, attempt, brief, file) for file in _wanted_songs(brief, kinds[FileType.MUSIC])),
        footage=tuple(_footage(studio, attempt, file) for file in kinds[FileType.VIDEOS] if is_build),
        sounds=tuple(_source(file) for file in kinds[FileType.SOUNDS]),
        quotes=_all_quotes(studio, attempt, brief, kinds[FileType.QUOTES]),
    )


def _fetch(studio: Studio, attempt: Attempt, brief: Brief) -> None:
    """Take in the song of a music video that is at an address; once, however often it is planned."""
    url = brief.music_url if isinstance(brief, MusicVideoBrief) else None
    if url is None or studio.jobs.get_job_files(attempt.job_id, FileType.MUSIC):
        return
    if studio.web is None:
        raise InvalidInputError("nothing is fetched here; upload the song instead of naming an address")
    attempt.raise_if_stopped()
    with studio.media.scratch(attempt.job_id) as scratch:
        song = scratch / "song"
        studio.web.fetch(url, song, UPLOAD_MAX_BYTES[FileType.MUSIC], FETCH_LIMIT_S)
        name = unquote(urlsplit(url).path.rpartition("/")[2]) or "song"
        keep_upload(studio, attempt.job_id, FileType.MUSIC, name, song)


def _wanted_songs(brief: Brief, music: Sequence[JobFileRecord]) -> Sequence[JobFileRecord]:
    """All music of a build, the song of a music video, none of other kinds, whose music is made."""
    if isinstance(brief, MusicVideoBrief):
        named = [file for file in music if file.filename == brief.music_file]
        chosen = named or (list(music) if len(music) == 1 or brief.music_url else [])
        if not chosen:
            there = ", ".join(file.filename for file in music) or "none"
            raise InvalidInputError(f"the song {brief.music_file} was not uploaded; there are: {there}")
        return chosen[:1]
    return music if brief.kind is JobKind.BUILD else ()


def _song(studio: Studio, attempt: Attempt, brief: Brief, file: JobFileRecord) -> SongFile:
    attempt.raise_if_stopped()
    path = studio.media.locate(file.media)
    # First, because it decodes the song and measures all of it on the way: what follows is known then.
    rhythm = studio.tools.rhythm(path, brief.bpm) if isinstance(brief, MusicVideoBrief) else None
    facts = studio.tools.audio_facts(path)
    seconds = facts.samples / SAMPLE_RATE
    if not SONG_MIN_S <= seconds < SONG_MAX_S:
        raise InvalidInputError(
            f"the music {file.filename} lasts {clock(seconds)}; {SONG_MIN_S} s to {clock(SONG_MAX_S)} are possible"
        )
    return SongFile(_source(file), facts.samples, rhythm)


def _footage(studio: Studio, attempt: Attempt, file: JobFileRecord) -> FootageFile:
    attempt.raise_if_stopped()
    path = studio.media.locate(file.media)
    if is_picture(path):
        return FootageFile(_source(file), 0)
    frames = studio.tools.footage_frames(path, FPS_30)
    if frames < FOOTAGE_MIN_FRAMES:
        raise InvalidInputError(f"the video {file.filename} is shorter than {FOOTAGE_MIN_FRAMES} frames; remove it")
    return FootageFile(_source(file), frames)


def _all_quotes(studio: Studio, attempt: Attempt, brief: Brief, files: Sequence[JobFileRecord]) -> tuple[Quote, ...]:
    """The quotes of the order and of `files`, all of which can be drawn; no more than one video shows."""
    found = list(_read("the order", brief.quotes) if brief.quotes.strip() else ())
    sources = ["the order"] * len(found)
    for file in files:
        attempt.raise_if_stopped()
        found += _read(file.filename, studio.media.locate(file.media).read_text("utf-8"))
        sources += [file.filename] * (len(found) - len(sources))
        check_number(len(found), f"with {file.filename} there are")
    checked = set[str]()
    for quote, where in zip(found, sources, strict=True):
        attempt.raise_if_stopped()  # a hundred foreign signs take a tenth of a second
        if quote.lettering not in checked:
            with _named(where):
                studio.tools.check_caption(quote.lettering)
            checked.add(quote.lettering)
    return tuple(found)


def _read(where: str, text: str) -> tuple[Quote, ...]:
    with _named(where):
        return read_quotes(text)


@contextmanager
def _named(where: str) -> Iterator[None]:
    """An error about quotes says from where they are."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidInputError(f"{where}: {error}") from error


def _source(file: JobFileRecord) -> SourceFile:
    return SourceFile(file.filename, file.media.sha256)
