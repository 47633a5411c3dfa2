"""Owns calls of a vendor's interface over HTTP; hides sockets, retries and what statuses mean.

`VendorHttp` is what a vendor's file uses; `Reply` and `Explain` are how it reads the vendor's own errors.

    messages    where vendors put what is wrong
    exchange    one request and its answer within a time limit
    verdict     what an answer means: done, wait, never, or nobody knows
    waiting     how long to wait before the same call again
    client      the calls: when one is repeated, and when it never is
    account     what an installation has with a vendor: keys, address, how media is fetched
"""

from video_pipeline.providers.http.account import Account
from video_pipeline.providers.http.client import VendorHttp
from video_pipeline.providers.http.exchange import Reply
from video_pipeline.providers.http.verdict import Explain

__all__ = ["Account", "Explain", "Reply", "VendorHttp"]
