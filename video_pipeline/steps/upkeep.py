"""Owns tidying up money that was set aside for what nobody will ask for again; hides nothing.

A refinement that its vendor had not finished, or a picture for thumbnails that came too late, would keep money away
from the caps for ever.
"""

from __future__ import annotations

import logging

from video_pipeline.domain.purchases import PurchaseRecord
from video_pipeline.steps.studio import Studio

log = logging.getLogger(__name__)


def settle_open(studio: Studio) -> list[PurchaseRecord]:
    """End the purchases that were left open for jobs that are over, each as the books have it then.

    What a vendor was asked for counts as paid; what is doubtful stays until a person has looked.
    """
    ended = [studio.jobs.purchase(each) for each in studio.jobs.end_forsaken()]
    for record in ended:
        log.info("%s of job %s at %s is %s: %s", record.what, record.job_id, record.provider, record.state, record.note)
    return ended
