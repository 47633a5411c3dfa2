"""Owns the options with which a video is ordered, and the brief and the job that follow from them; hides nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, assert_never, get_type_hints
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.folder import files_in
from video_pipeline.cli.output import errors
from video_pipeline.domain.ambience import Ambience
from video_pipeline.domain.brief import (
    PICTURES,
    SEED_MAX,
    AlbumBrief,
    Arrangement,
    Brief,
    BuildBrief,
    MotionWish,
    MusicVideoBrief,
    StoryboardBrief,
    TransitionWish,
    brief_from_json,
)
from video_pipeline.domain.delivery import MASTER, AspectRatio, Rendition
from video_pipeline.domain.effort import clips_cost, expected_frames, export_cost, overlay_cost
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import Approval, JobKind
from video_pipeline.domain.records import JobRecord
from video_pipeline.domain.timeline import Overlay
from video_pipeline.domain.uploads import FileType, quotes_of, shown_name, stem_of
from video_pipeline.domain.wishes import bed_wish
from video_pipeline.ports import JobStore, MediaTools
from video_pipeline.steps.estimate import Sellers, frames_of_song, put_down_estimate
from video_pipeline.steps.start import start_job
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import keep_upload


def _motion(word: str) -> MotionWish:
    """The motion of a word, also of one that means the same as another one."""
    try:
        return MotionWish(word)
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(MotionWish)}.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for on the command line; each field is an option."""

    kind: Annotated[
        JobKind | None, typer.Option(help="What is made; by default an album, with --scenes a storyboard.")
    ] = None
    niche: Annotated[str | None, typer.Option(help="What the video is about.")] = None
    mood: Annotated[str, typer.Option(help="Mood keywords, separated by commas.")] = "calm, warm, nostalgic"
    minutes: Annotated[int, typer.Option(help="Length of an album, 60 to 90.")] = 60
    scenes: Annotated[int | None, typer.Option(help="Of a storyboard: how many equal scenes, 1 to 60.")] = None
    scene_seconds: Annotated[
        int | None,
        typer.Option(help="Length of each scene of a storyboard, 10 to 600; of a music video about, 2 to 120."),
    ] = None
    prompt: Annotated[str, typer.Option(help="What the pictures of a storyboard or music video show.")] = ""
    style: Annotated[str, typer.Option(help="How these pictures look, such as 'oil painting'.")] = ""
    aspect: Annotated[AspectRatio, typer.Option("--aspect", help="Width to height.")] = AspectRatio.WIDE
    song_title: Annotated[str | None, typer.Option(help="Of a music video; by default the name of its file.")] = None
    music: Annotated[
        str | None, typer.Option("--music", help="Of a music video: its song, a file of this machine or an address.")
    ] = None
    genre: Annotated[str, typer.Option(help="Of a music video.")] = "ambient"
    bpm: Annotated[int | None, typer.Option(help="Of a music video; measured when not given.")] = None
    engine: Annotated[str, typer.Option(help="Of a music video: pictures, or who makes clips of them: procedural.")] = (
        PICTURES
    )
    files: Annotated[
        Path | None,
        typer.Option(
            "--files",
            help="Of a build: a folder with videos or pictures, music, sounds and quotes; folders in it called "
            "videos, music, sounds and quotes say what is what, else the kind of file does.",
        ),
    ] = None
    arrangement: Annotated[
        Arrangement, typer.Option(help="Of a build: one video after the other, or each looped for its share.")
    ] = Arrangement.JOIN
    picture_seconds: Annotated[int, typer.Option(help="Of a build: how long a picture is shown.")] = 20
    ambience: Annotated[
        list[str] | None,
        typer.Option(
            "--ambience",
            help=f"A sound beneath: {', '.join(Ambience)}, or file:NAME; rain:-20:3 sets level and ducking in dB.",
        ),
    ] = None
    quotes: Annotated[
        Path | None, typer.Option("--quotes", help="A text file of quotes that are shown over the pictures.")
    ] = None
    seed: Annotated[int | None, typer.Option(help="Decides everything that is generated; by default random.")] = None
    motion: Annotated[
        MotionWish,
        typer.Option(
            "--motion",
            parser=_motion,
            metavar=f"[{'|'.join(MotionWish)}]",
            help="How the pictures move; auto chooses for each scene.",
        ),
    ] = MotionWish.STILL
    transition: Annotated[
        TransitionWish, typer.Option("--transition", help="How a picture follows another; auto chooses for each scene.")
    ] = TransitionWish.DISSOLVE
    overlay: Annotated[
        Overlay, typer.Option("--overlay", help="What is drawn in time with the sound; every frame must be made then.")
    ] = Overlay.NONE
    music_provider: Annotated[str, typer.Option(help="Who makes the music.")] = "procedural"
    visual_provider: Annotated[str, typer.Option(help="Who makes the pictures.")] = "procedural"


def takes_order(command: Callable[..., None]) -> Callable[..., None]:
    """`command(wanted, ...)` as a command to which each field of `Wanted` is an option of its own."""
    names = [field.name for field in fields(Wanted)]
    hints = get_type_hints(Wanted, include_extras=True)

    @wraps(command)
    def taking(**given: Any) -> None:
        command(Wanted(**{name: given.pop(name) for name in names}), **given)

    own = get_type_hints(command, include_extras=True)
    others = [
        each.replace(annotation=own[each.name], kind=Parameter.KEYWORD_ONLY)
        for each in list(signature(command).parameters.values())[1:]
    ]
    options = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(Wanted)
    ]
    taking.__signature__ = Signature([*options, *others])  # type: ignore[attr-defined]
    taking.__annotations__ = {each.name: each.annotation for each in (*options, *others)} | {"return": None}
    del taking.__wrapped__
    return taking


def cost_of(job: JobRecord) -> str:
    """What the overlay of a job will cost or has cost, for people; empty when it has none."""
    frames = job.storyboard.frames if job.storyboard else None
    return overlay_cost(brief_from_json(job.brief), bootstrap.cores().workers, frames)


def tell_cost(brief: Brief, wanted: Wanted) -> None:
    """Say on standard error what an ordered overlay and ordered clips will cost."""
    frames = expected_frames(brief, song_frames(bootstrap.media_tools, brief, wanted))
    workers = bootstrap.cores().workers
    for cost in (overlay_cost(brief, workers, frames), clips_cost(brief, workers, frames)):
        if cost:
            errors.print(cost, markup=False, soft_wrap=True)


def tell_export_cost(jobs: JobStore, job: JobRecord, renditions: Sequence[Rendition]) -> None:
    """Say on standard error what the overlay of a job makes those exports cost that it does not have yet."""
    if job.storyboard is None:
        return
    there = {MASTER, *(record.report.rendition for record in jobs.exports(job.id))}
    missing = [each for each in renditions if each not in there]
    cost = export_cost(brief_from_json(job.brief), bootstrap.cores().workers, job.storyboard.frames, missing)
    if cost:
        errors.print(cost, markup=False, soft_wrap=True)


DEFAULT_NICHE = "Medieval Fantasy Ambience"
DEFAULT_SCENES = 6


def make_brief(channel_id: UUID, wanted: Wanted, approval: Approval) -> Brief:
    """The brief of an order, its providers checked; InvalidInputError names the option that is not usable."""
    bootstrap.check_providers(wanted.music_provider, wanted.visual_provider, wanted.engine)
    return brief_from(channel_id, wanted, approval)


def brief_from(channel_id: UUID, wanted: Wanted, approval: Approval) -> Brief:
    """The same, whoever is to make it."""
    kind = wanted.kind or (JobKind.ALBUM if wanted.scenes is None else JobKind.STORYBOARD)
    common: dict[str, Any] = {
        "channel_id": channel_id,
        "niche_label": wanted.niche or (wanted.genre if kind is JobKind.MUSIC_VIDEO else DEFAULT_NICHE),
        "mood_keywords": wanted.mood,
        "seed": secrets.randbelow(SEED_MAX + 1) if wanted.seed is None else wanted.seed,
        "approval": approval,
        "motion": wanted.motion,
        "transition": wanted.transition,
        "overlay": wanted.overlay,
        "aspect_ratio": wanted.aspect,
        "ambience": tuple(bed_wish(each) for each in wanted.ambience or ()),
        "quotes": _quotes(wanted.quotes),
        "music_provider": wanted.music_provider,
        "visual_provider": wanted.visual_provider,
    }
    match kind:
        case JobKind.ALBUM:
            return AlbumBrief(**common, target_duration_minutes=wanted.minutes)
        case JobKind.STORYBOARD:
            return StoryboardBrief(
                **common,
                scene_count=DEFAULT_SCENES if wanted.scenes is None else wanted.scenes,
                scene_seconds=30 if wanted.scene_seconds is None else wanted.scene_seconds,
                prompt=wanted.prompt,
                style=wanted.style,
            )
        case JobKind.MUSIC_VIDEO:
            return _music_video(wanted, common)
        case JobKind.BUILD:
            return BuildBrief(**common, arrangement=wanted.arrangement, picture_seconds=wanted.picture_seconds)
        case _:
            assert_never(kind)


def _music_video(wanted: Wanted, common: dict[str, Any]) -> MusicVideoBrief:
    if not wanted.music:
        raise InvalidInputError("a music video needs its song; name a file or an address with --music")
    is_address = "://" in wanted.music
    file = wanted.music if is_address else shown_name(Path(wanted.music).name)
    return MusicVideoBrief(
        **common,
        song_title=wanted.song_title or stem_of(shown_name(wanted.music.split("?")[0])),
        music_file=file,
        genre=wanted.genre,
        prompt=wanted.prompt,
        style=wanted.style,
        bpm=wanted.bpm,
        engine=wanted.engine,
        scene_seconds=8 if wanted.scene_seconds is None else wanted.scene_seconds,
    )


def _quotes(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return quotes_of(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"the quotes {path} cannot be read: {error.strerror}") from error


def song_frames(tools: Callable[[], MediaTools], brief: Brief, wanted: Wanted) -> int | None:
    """How many frames a music video to a song of this machine will have; None when the song comes later, or none does.

    InvalidInputError when there is no such file, MediaError when it is not sound.
    """
    if not isinstance(brief, MusicVideoBrief) or brief.music_url is not None:
        return None
    return frames_of_song(tools(), _song(wanted))


def place_order(studio: Studio, brief: Brief, wanted: Wanted, *, preparing: bool = False) -> JobRecord:
    """The job of an order, with all files that were named; it waits for more files when it is `preparing`.

    What is wrong with a file is told before there is a job.
    """
    files = _files(wanted)
    frames = song_frames(lambda: studio.tools, brief, wanted)
    job = studio.jobs.create_job(brief, preparing=preparing or bool(files))
    put_down_estimate(studio.jobs, Sellers.of(studio), brief, job.id, frames)
    try:
        for file_type, path in files:
            keep_upload(studio, job.id, file_type, path.name, path, declared_bytes=path.stat().st_size)
            errors.print(f"{file_type}: {path.name}", markup=False, soft_wrap=True)
        return start_job(studio.jobs, studio.media, job.id) if files and not preparing else job
    except BaseException:
        # A job with half of its files is nobody's.
        studio.jobs.cancel(job.id)
        raise


def _files(wanted: Wanted) -> list[tuple[FileType, Path]]:
    found = [] if wanted.files is None else files_in(wanted.files)
    if wanted.music and "://" not in wanted.music:
        found.append((FileType.MUSIC, _song(wanted)))
    return found


def _song(wanted: Wanted) -> Path:
    path = Path(wanted.music or "")
    if not path.is_file():
        raise InvalidInputError(f"{path} is no file; --music names the song of a music video")
    return path
