"""Owns showing an earlier picture of a scene again; hides that its file is looked at first."""

from __future__ import annotations

from uuid import UUID

from video_pipeline.domain.editing import check_editable
from video_pipeline.domain.errors import MediaError, NotFoundError
from video_pipeline.domain.records import JobRecord
from video_pipeline.steps.attempt import edit
from video_pipeline.steps.refine import check_expected
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.thumbnails import thumbnails_if_possible


def restore(
    studio: Studio, job_id: UUID, scene_number: int, version_id: UUID, *, by: str, expected: str | None = None
) -> JobRecord:
    """Let a scene show an earlier picture again, with its prompt and description; awaiting approval.

    The present picture takes its place in the history. It costs nothing and is no refinement. Raises NotFoundError
    when the scene never showed it or its file is gone, MediaError when the file is damaged, else as `refine`.
    """
    check_editable(job_id, studio.jobs.get_job(job_id).status)
    check_expected(studio.jobs, job_id, expected)
    with edit(studio.jobs, job_id, f"restoring a picture of scene {scene_number} by {by}") as current:
        versions = studio.jobs.image_versions(job_id, scene_number)
        version = next((each for each in versions if each.id == version_id), None)
        if version is None:
            raise NotFoundError(f"scene {scene_number} of job {job_id} has no earlier picture {version_id}")
        for file in version.files:
            studio.media.locate(file)
            if not studio.media.holds(file):
                raise MediaError(f"{file.key} is damaged; its checksum is not the recorded one")
        restored = studio.jobs.restore_image(current.lease, scene_number, version_id, by=by, expected=expected)
    thumbnails_if_possible(studio, job_id)
    return restored
