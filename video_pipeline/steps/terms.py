"""Owns reading the page of a vendor's terms, so that licences can quote it; hides where it lies on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.domain.licences import TermsRecord
from video_pipeline.steps.studio import Studio

TERMS_MAX_BYTES = 4 * 2**20
"""Terms are text; a page with more than this is something else."""

TERMS_LIMIT_S = 30.0


def take_terms(studio: Studio, provider: str, url: str) -> TermsRecord:
    """Read the terms of `provider` at `url` and record them as they are now, with their bytes.

    What is made from now on quotes them. InvalidInputError when nothing is fetched here, when the address may not be
    reached, leads elsewhere or has more than 4 MiB; UnreachableError when it does not answer within 30 s.
    """
    if studio.web is None:
        raise InvalidInputError(f"nothing is fetched here, so the terms of {provider} at {url} were not read")
    with TemporaryDirectory() as folder:
        page = Path(folder, "page")
        studio.web.fetch(url, page, TERMS_MAX_BYTES, TERMS_LIMIT_S)
        content = page.read_bytes()
    return studio.jobs.record_terms(provider, url, hashlib.sha256(content).hexdigest(), content)
