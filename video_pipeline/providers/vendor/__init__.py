"""Owns how a thing is had from a vendor; hides the order of it all, lost answers, and what answers may be made of.

reading     what stands in an answer, whatever its types are
listing     looking for a lost task in a vendor's list, page by page
calls       what a vendor's own file says: how each call is made, and how long one waits
dealing     submitted once, waited for, fetched, verified
"""

from video_pipeline.providers.vendor.calls import Accepted, Calls, Delivery, Failure, Pace, task_id_in
from video_pipeline.providers.vendor.dealing import Dealing
from video_pipeline.providers.vendor.listing import UNREADABLE, Findings, Listed, Page, asks_same, offset_pages, sought

__all__ = [
    "UNREADABLE",
    "Accepted",
    "Calls",
    "Dealing",
    "Delivery",
    "Failure",
    "Findings",
    "Listed",
    "Pace",
    "Page",
    "asks_same",
    "offset_pages",
    "sought",
    "task_id_in",
]
