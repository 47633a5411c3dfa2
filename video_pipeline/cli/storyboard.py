"""Owns the commands of `video-pipeline job` that change a storyboard, or delete a job; hides nothing."""

from __future__ import annotations

import getpass
from typing import Annotated
from uuid import UUID

import typer

from video_pipeline import bootstrap
from video_pipeline.cli.output import console, errors, human_size, job_json, print_json, print_table
from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.money import REFINEMENTS_MAX
from video_pipeline.domain.records import ImageVersion, JobRecord
from video_pipeline.steps.discard import discard
from video_pipeline.steps.estimate import Sellers, refinement_price
from video_pipeline.steps.refine import refine
from video_pipeline.steps.reorder import reorder
from video_pipeline.steps.restore import restore
from video_pipeline.steps.reword import reword_track
from video_pipeline.steps.studio import Studio

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its first characters (at least 6).")]
Scene = Annotated[int, typer.Argument(metavar="SCENE", min=1, help="The number of the scene, from 1.")]


@app.command("refine", epilog="Example: video-pipeline job refine 3fa85f64 2 --prompt 'A lighthouse above a grey sea'")
def refine_(
    job: Job,
    scene: Scene,
    prompt: Annotated[str | None, typer.Option(help="Words for another picture, 10 to 2000 characters.")] = None,
    description: Annotated[str | None, typer.Option(help="What people read of it, 10 to 1000 characters.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a scene another picture, another description or both; the storyboard is approved anew then.

    In a job that failed over its pictures, a scene without one gets other words, for nothing; retry the job then.
    """
    studio = bootstrap.studio()
    found = studio.jobs.find_job(job)
    if prompt is not None and found.status is not JobStatus.FAILED:
        _tell_price(studio, found, scene)
    after = refine(studio, found.id, scene, image_prompt=prompt, description=description, by=_who())
    if after.status is JobStatus.FAILED:
        _answer_reworded(after, f"scene {scene}", as_json)
        return
    left = REFINEMENTS_MAX - after.refinement_count
    _answer(after, f"scene {scene} of job {after.id} is refined; {left} refinements are left", as_json)


@app.command(
    "reword",
    epilog="Example: video-pipeline job reword 3fa85f64 2 --prompt 'Slow, warm strings over a soft piano, no drums'",
)
def reword(
    job: Job,
    track: Annotated[int, typer.Argument(metavar="TRACK", min=1, help="The number of the piece of music, from 1.")],
    prompt: Annotated[str, typer.Option(help="Words for it, 10 to 2000 characters; Mubert reads the first 200.")],
    as_json: AsJson = False,
) -> None:
    """Give a piece of music other words, in a job that failed because a vendor refused the former ones."""
    store, media = bootstrap.job_store(), bootstrap.media_store()
    after = reword_track(store, media, store.find_job(job).id, track, prompt=prompt, by=_who())
    _answer_reworded(after, f"piece {track}", as_json)


@app.command("reorder", epilog="Example: video-pipeline job reorder 3fa85f64 1,3,2,4")
def reorder_(
    job: Job,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The numbers of all scenes, with commas.")],
    as_json: AsJson = False,
) -> None:
    """Put the scenes into another order; the storyboard is approved anew then."""
    studio = bootstrap.studio()
    after = reorder(studio, studio.jobs.find_job(job).id, _numbers(order), by=_who())
    _answer(after, f"the scenes of job {after.id} are in the order {order}", as_json)


@app.command("versions", epilog="Example: video-pipeline job versions 3fa85f64 2")
def versions(job: Job, scene: Scene, as_json: AsJson = False) -> None:
    """List the earlier pictures of a scene, the last replaced first."""
    store, media = bootstrap.job_store(), bootstrap.media_store()
    found = store.image_versions(store.find_job(job).id, scene)
    paths = {each.id: str(media.path(each.media.key)) for each in found}
    if as_json:
        print_json([_version_json(each) | {"path": paths[each.id]} for each in found])
        return
    rows = [
        (each.id, f"{each.replaced_at:%Y-%m-%d %H:%M}", each.image_prompt, human_size(each.media.bytes), paths[each.id])
        for each in found
    ]
    columns = ("version", "replaced (UTC)", "prompt", "size", "path")
    print_table("Earlier pictures", columns, rows, empty=f"scene {scene} has shown no other picture")


@app.command(
    "restore",
    epilog="Example: video-pipeline job restore 3fa85f64 2 0b7e6f3a-1c1d-4c7e-9f0e-2f1f5e3a9d11",
)
def restore_(
    job: Job,
    scene: Scene,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="One of `job versions`.")],
    as_json: AsJson = False,
) -> None:
    """Let a scene show an earlier picture again, for nothing; the storyboard is approved anew then."""
    studio = bootstrap.studio()
    after = restore(studio, studio.jobs.find_job(job).id, scene, _version(version), by=_who())
    _answer(after, f"scene {scene} of job {after.id} shows its earlier picture", as_json)


@app.command("delete", epilog="Example: video-pipeline job delete 3fa85f64 --yes")
def delete(
    job: Job,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a finished, failed or cancelled job with its files for good; what was paid and its licences stay."""
    studio = bootstrap.studio()
    found = studio.jobs.find_job(job)
    if not yes:
        typer.confirm(f"delete job {found.id} with all its files?", abort=True, err=True)
    removed = discard(studio, found.id)
    if as_json:
        print_json({"job_id": str(found.id), "files_removed": removed})
    else:
        console.print(f"job {found.id} is deleted, with {removed} files", markup=False, highlight=False)


def _tell_price(studio: Studio, job: JobRecord, scene_number: int) -> None:
    """Say on standard error what the new picture is expected to cost, with its clip if it moves."""
    name = studio.refinement_provider or str(job.brief["visual_provider"])
    scenes = job.storyboard.scenes if job.storyboard else ()
    frames = next((scene.frames for scene in scenes if scene.order_index == scene_number), 0)
    price = refinement_price(Sellers.of(studio), brief_from_json(job.brief), frames)
    number = job.refinement_count + 1
    if number <= REFINEMENTS_MAX:
        errors.print(
            f"a picture by {name} costs about ${price:.2f}; refinement {number} of {REFINEMENTS_MAX}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _numbers(order: str) -> list[int]:
    try:
        return [int(number) for number in order.split(",")]
    except ValueError as error:
        raise InvalidInputError(f"{order!r} is no order; write the numbers of all scenes, such as 1,3,2,4") from error


def _version(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is no version; take one of: video-pipeline job versions") from error


def _who() -> str:
    """The name under which the change stands in the job's history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "operator"


def _version_json(version: ImageVersion) -> dict[str, object]:
    return {
        "version_id": str(version.id),
        "scene": version.order_index,
        "prompt": version.image_prompt,
        "description": version.description,
        "provider": version.provider,
        "cost_usd": float(version.cost_usd),
        "sha256": version.media.sha256,
        "created_at": version.created_at.isoformat(),
        "replaced_at": version.replaced_at.isoformat(),
    }


def _answer_reworded(job: JobRecord, what: str, as_json: bool) -> None:
    if as_json:
        print_json(job_json(job))
        return
    lines = [f"{what} of job {job.id} has other words", f"go on: video-pipeline job retry {str(job.id)[:8]}"]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _answer(job: JobRecord, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(job_json(job) | {"estimated_cost_usd": float(job.estimated_cost_usd)})
        return
    lines = [sentence]
    if not job.approved:
        lines.append(f"approve it: video-pipeline job approve {str(job.id)[:8]}")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
