"""Owns the cue sheet of a video: what is heard and seen when, and under which licence; hides how a row is found.

Times are those of the programme as it is rendered. Between two pieces lies a crossfade: each begins and ends at the cut
in its middle, as chapters do, and is audible a little longer than that.

    piece 1   start |==============cut[~~]  until
    piece 2              from [~~]cut==================| end
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, pairwise

from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.errors import ConflictError
from video_pipeline.domain.licences import (
    BESIDE,
    LicenceRecord,
    LicensedKind,
    Shown,
    drawn_from,
    in_force,
    shown_of,
)
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import ImageRecord, JobRecord, ThumbnailRecord, Works
from video_pipeline.domain.storyboard import Storyboard
from video_pipeline.domain.timebase import SAMPLE_RATE
from video_pipeline.domain.timeline import Timeline, TransitionKind
from video_pipeline.ports import JobStore
from video_pipeline.steps.assemble import programme_of


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in seconds of the video."""

    start: Fraction  # cut to cut
    end: Fraction
    since: Fraction  # with what is heard or seen of it in the transitions
    until: Fraction


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing that is heard or seen."""

    kind: LicensedKind
    number: int  # of the piece, the sound or the scene
    title: str
    span: Span
    media: MediaReference
    licence: LicenceRecord | None  # None: nothing was written down when it was made


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """A picture that is not in the video: thumbnails are drawn from it, and it was made for nothing else."""

    media: MediaReference
    licence: LicenceRecord | None  # None: nothing was written down when it was made


@dataclass(frozen=True, slots=True)
class CueSheet:
    """All that is heard and seen in the video of a job and on its thumbnails, as they stand now."""

    job: JobRecord
    storyboard: Storyboard
    seconds: Fraction
    heard: tuple[Cue, ...]  # music, then the sounds beneath it
    seen: tuple[Cue, ...]  # in the order of the video; a scene that is shown twice is there twice
    key_pictures: tuple[KeyPicture, ...]
    licences: tuple[LicenceRecord, ...]  # every row of the job, also of what was replaced

    @property
    def in_video(self) -> frozenset[int]:
        """The ids of the rows that are about something in the video."""
        return frozenset(cue.licence.id for cue in (*self.heard, *self.seen) if cue.licence)

    @property
    def in_thumbnails(self) -> frozenset[int]:
        """The ids of the rows that are about pictures for thumbnails alone from which some are drawn."""
        return frozenset(each.licence.id for each in self.key_pictures if each.licence)


def cue_sheet(jobs: JobStore, job: JobRecord) -> CueSheet:
    """The cue sheet of a job; ConflictError before all of its music and pictures are there."""
    works = jobs.works(job.id)
    if job.storyboard is None or not works.complete(job.storyboard):
        raise ConflictError(
            f"job {job.id} is {job.status}, and its music and pictures are not all there; ask again when they are"
        )
    licences = jobs.licences(job.id)
    rows = in_force(licences, shown_of(works))
    timeline = programme_of(job.storyboard, works, brief_from_json(job.brief))
    return CueSheet(
        job=job,
        storyboard=job.storyboard,
        seconds=Fraction(timeline.samples, SAMPLE_RATE),
        heard=(*_music(job.storyboard, works, timeline, rows), *_beds(works, timeline, rows)),
        seen=tuple(_pictures(job.storyboard, works, timeline, rows)),
        key_pictures=tuple(_key_pictures(jobs.get_thumbnails(job.id), works, licences)),
        licences=tuple(licences),
    )


Rows = dict[Shown, LicenceRecord]


def _music(storyboard: Storyboard, works: Works, timeline: Timeline, rows: Rows) -> Iterator[Cue]:
    titles = [each.title for each in storyboard.songs or storyboard.scenes]
    tracks = sorted(works.tracks, key=lambda track: track.order_index)
    cuts = [*timeline.sound_starts, timeline.samples]
    heads = [0, *(fade.start for fade in timeline.crossfades)]
    tails = [*(fade.end for fade in timeline.crossfades), timeline.samples]
    for track, title, (start, end), head, tail in zip(tracks, titles, pairwise(cuts), heads, tails, strict=True):
        span = Span(*(Fraction(sample, SAMPLE_RATE) for sample in (start, end, head, tail)))
        row = rows.get((LicensedKind.TRACK, track.order_index, track.media.sha256))
        yield Cue(LicensedKind.TRACK, track.order_index, title, span, track.media, row)


def _beds(works: Works, timeline: Timeline, rows: Rows) -> Iterator[Cue]:
    end = Fraction(timeline.samples, SAMPLE_RATE)
    for bed in works.beds:
        row = rows.get((LicensedKind.BED, bed.order_index, bed.media.sha256))
        yield Cue(LicensedKind.BED, bed.order_index, bed.name, Span(Fraction(0), end, Fraction(0), end), bed.media, row)


def _pictures(storyboard: Storyboard, works: Works, timeline: Timeline, rows: Rows) -> Iterator[Cue]:
    images = {image.order_index: image for image in works.images}
    spans = zip(cycle(storyboard.scenes), _seen(timeline), strict=False)  # scenes begin again until the music ends
    for scene, span in spans:
        image = images[scene.order_index]
        for kind, media in _shown(image):
            row = rows.get((kind, image.order_index, media.sha256))
            yield Cue(kind, image.order_index, scene.title, span, media, row)


def _shown(image: ImageRecord) -> Iterator[tuple[LicensedKind, MediaReference]]:
    """A clip and the picture that it was made of, both of which somebody may own; or the picture alone."""
    if image.clip is not None:
        yield LicensedKind.CLIP, image.clip.media
    yield LicensedKind.IMAGE, image.media


def _seen(timeline: Timeline) -> Iterator[Span]:
    cuts = [*timeline.picture_starts, timeline.frames]
    mixes = [None if each.kind is TransitionKind.CUT else each for each in timeline.transitions]
    for (start, end), before, after in zip(pairwise(cuts), [None, *mixes], [*mixes, None], strict=True):
        since = start - (before.in_offset if before else 0)
        until = end + (after.out_offset if after else 0)
        yield Span(*(timeline.rate.seconds(frame) for frame in (start, end, since, until)))


def _key_pictures(
    thumbnails: Sequence[ThumbnailRecord], works: Works, licences: Sequence[LicenceRecord]
) -> Iterator[KeyPicture]:
    """What thumbnails are drawn from beside pictures of the video, of now or of before."""
    rows = in_force(licences, drawn_from(thumbnails))
    of_video = {image.media.sha256 for image in works.images}
    of_video |= {row.sha256 for row in licences if row.kind is LicensedKind.IMAGE}
    for media in dict.fromkeys(picture for each in thumbnails for picture in each.pictures):
        row = rows.get((LicensedKind.THUMBNAIL, BESIDE, media.sha256))
        if row is not None or media.sha256 not in of_video:
            yield KeyPicture(media, row)
