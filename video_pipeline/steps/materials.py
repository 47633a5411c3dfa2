"""Owns finding the uploaded files that a plan names; hides in which book they stand."""

from __future__ import annotations

from uuid import UUID

from video_pipeline.domain.errors import NotFoundError
from video_pipeline.domain.media import UPLOADED, Generation, Licence, MediaReference
from video_pipeline.domain.money import ZERO_USD
from video_pipeline.domain.storyboard import SourceFile
from video_pipeline.steps.studio import Studio

BROUGHT = Licence("brought by the customer", None)
"""The right under which somebody's own file is used: theirs to have."""


def uploaded(studio: Studio, job_id: UUID, source: SourceFile) -> MediaReference:
    """The uploaded file that a plan names; NotFoundError when it was removed since."""
    for file in studio.jobs.get_job_files(job_id):
        if file.media.sha256 == source.sha256:
            return file.media
    raise NotFoundError(f"the file {source.name} of job {job_id} is not there any more; upload it again and retry")


def as_brought(source: SourceFile) -> Generation:
    """Where an uploaded file comes from, as the books keep it."""
    return Generation(UPLOADED, source.sha256, BROUGHT, ZERO_USD)
