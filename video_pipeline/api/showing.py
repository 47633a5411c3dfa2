"""Owns gathering all that a job's page shows; hides which book each part stands in. The number of queries is fixed."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from video_pipeline.api import models, shapes
from video_pipeline.api.desk import Desk
from video_pipeline.domain.brief import brief_from_json
from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.job import JobStatus
from video_pipeline.domain.orders import OrderKind
from video_pipeline.domain.preparing import missing_files
from video_pipeline.domain.records import JobRecord, Works, fingerprint
from video_pipeline.domain.uploads import FileType
from video_pipeline.steps.estimate import refinement_price
from video_pipeline.steps.preview import preview_of
from video_pipeline.steps.reword import refused, rewordable
from video_pipeline.steps.wording import image_item, music_item


def show_job(desk: Desk, job: JobRecord) -> models.Job:
    """A job with its storyboard, files and costs."""
    plan = show_storyboard(desk, job)
    found = desk.jobs.summaries([job.id]).get(job.id)
    if found is None:
        raise NotFoundError(f"there is no job {job.id}")
    orders = desk.jobs.orders(job.id)
    previews = [each for each in orders if each.kind is OrderKind.PREVIEW]
    address = shapes.url_of_job(job.id)
    has_preview = plan is not None and preview_of(desk.media, job.id, plan.etag) is not None
    return models.Job(
        **shapes.summary(found).model_dump(),
        brief=job.brief,
        description=job.storyboard.description if job.storyboard else None,
        tags=list(job.storyboard.tags) if job.storyboard else [],
        approved_at=job.approved_at,
        storyboard=plan,
        refinements=shapes.refinements(job, float(_refinement_price(desk, job))),
        exports=[shapes.export(job.id, each) for each in desk.jobs.exports(job.id)],
        video=shapes.video(job.id, desk.jobs.master(job.id)),
        preview=models.Preview(
            available=has_preview,
            url=f"{address}/preview?v={plan.etag[:12]}" if has_preview and plan else None,
            order=shapes.order(previews[0]) if previews else None,
        ),
        missing_files=_missing(desk, job),
        computing=shapes.computing(job, desk.workers),
        links=shapes.links(job, desk.run_url(job.run_id)),
    )


def _missing(desk: Desk, job: JobRecord) -> list[FileType]:
    if job.status is not JobStatus.PREPARING:
        return []
    return list(missing_files(brief_from_json(job.brief), desk.jobs.get_job_files(job.id)))


def show_storyboard(desk: Desk, job: JobRecord) -> models.Storyboard | None:
    """The plan of a job with what was made for it; None before there is a plan."""
    if job.storyboard is None:
        return None
    works = desk.jobs.works(job.id)
    versions = Counter(each.order_index for each in desk.jobs.image_versions(job.id))
    etag = fingerprint(job.storyboard, works)
    shown = shapes.storyboard(job.id, job.storyboard, etag, works, versions=versions)
    return shown if job.status is not JobStatus.FAILED else _with_words(desk, job, shown, works)


def _with_words(desk: Desk, job: JobRecord, shown: models.Storyboard, works: Works) -> models.Storyboard:
    """The storyboard of a failed job, with what may get other words, and what a vendor refused."""
    turned_away = refused(job.storyboard, desk.jobs.refused_words(job.id)) if job.storyboard else {}
    lacking = {name for name in rewordable(job, works) if name in turned_away or _reads(desk, job, name)}

    def told(scene: models.Scene) -> models.Scene:
        names = {"music": music_item(scene.scene_number), "picture": image_item(scene.scene_number)}
        return scene.model_copy(
            update={
                "rewordable": [kind for kind, name in names.items() if name in lacking],
                "refused": [kind for kind, name in names.items() if name in turned_away],
            }
        )

    return shown.model_copy(update={"scenes": [told(scene) for scene in shown.scenes]})


def _reads(desk: Desk, job: JobRecord, what: str) -> bool:
    """Whether who makes a thing goes by its words; for music, this machine goes by tempo, key and instruments."""
    music = desk.music().get(str(job.brief["music_provider"]))
    return not what.startswith("music/") or (music is not None and music.capabilities.limits is not None)


def _refinement_price(desk: Desk, job: JobRecord) -> Decimal:
    """What the next regenerated picture of a job is expected to cost, in US dollars; with a clip, that of the longest
    scene."""
    frames = max((scene.frames for scene in job.storyboard.scenes), default=0) if job.storyboard else 0
    return refinement_price(desk.sellers(), brief_from_json(job.brief), frames)
