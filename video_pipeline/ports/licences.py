"""Owns the verbs about evidence of rights: licences of things, pages of terms; hides PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from video_pipeline.domain.licences import LicenceRecord, LicensedKind, TermsRecord
from video_pipeline.domain.media import Generation
from video_pipeline.domain.records import Lease


class LicenceBook(Protocol):
    """A licence is written by the verb that records the thing, and like a page of terms never changed."""

    def record_made(
        self,
        lease: Lease | None,
        kind: LicensedKind,
        generation: Generation,
        *,
        prompt: str,
        sha256: str,
        made_at: datetime | None = None,
    ) -> None:
        """Record a thing that has no place among a job's works: what it was bought with is settled, and it has its row.

        Without a lease it is the piece of a trial. Called again for the same thing it does what is missing, and neither
        pays nor writes twice; then `made_at` says when the thing was made, and the terms of that moment are quoted. A
        purchase that restored books do not know is paid.
        LeaseLostError when the attempt has lost its job; the next one calls this again.
        """
        ...

    def licences(self, job_id: UUID) -> list[LicenceRecord]:
        """The rows of all things that were ever made for a job, the first one in front; also of one that is deleted."""
        ...

    def record_terms(self, provider: str, url: str, sha256: str, content: bytes) -> TermsRecord:
        """Append a page of terms as it is now; the bytes of one that did not change are kept once."""
        ...

    def newest_terms(self, provider: str, url: str | None = None) -> TermsRecord | None:
        """The page of a provider's terms, at `url` or anywhere, that was read last; None when none was."""
        ...

    def terms_content(self, sha256: str) -> bytes | None:
        """The bytes of a page that was read; None when none with that checksum was."""
        ...
