"""Owns the evidence of rights in the books: licences of things, pages of terms; hides which page a licence quotes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, exists, func, insert, select

from video_pipeline.domain.licences import BESIDE, LicenceRecord, LicensedKind, TermsRecord
from video_pipeline.domain.media import UPLOADED, Generation, Use
from video_pipeline.domain.purchases import TRIALS, PurchaseState
from video_pipeline.domain.records import Lease
from video_pipeline.store.books.base import LICENCES, PURCHASES, TERMS, Books
from video_pipeline.store.books.codec import clean
from video_pipeline.store.books.entries import close, pay
from video_pipeline.store.books.fences import hold

_NOW = func.clock_timestamp()
_TERMS = select(*(column for column in TERMS.c if column is not TERMS.c.content))
_OF_JOB = select(LICENCES).where(LICENCES.c.video_job_id == bindparam("job_id")).order_by(LICENCES.c.id)


def write_licence(
    connection: Connection,
    job_id: UUID,
    kind: LicensedKind,
    order_index: int,
    generation: Generation,
    *,
    prompt: str,
    sha256: str,
    made_at: datetime | None = None,
) -> None:
    """Append the row of a thing, in the transaction that records the thing itself.

    It quotes the page of the provider's terms that was read last before `made_at`, or before now. What somebody brought
    was made of no words; what stands in their place is its name.
    """
    licence = generation.licence
    page = licence.terms_page and clean(licence.terms_page)
    pages = _newest(generation.provider, page)
    if made_at is not None:
        pages = pages.where(TERMS.c.fetched_at <= made_at)
    quoted = connection.execute(pages).one_or_none()
    brought = generation.provider == UPLOADED
    task = generation.provider_id and clean(generation.provider_id)
    if task is None and generation.purchase_id is not None:
        bought = select(PURCHASES.c.task_id).where(PURCHASES.c.id == generation.purchase_id)
        task = connection.execute(bought).scalar_one_or_none()  # books that were restored may not know the purchase
    values: dict[str, Any] = {
        "video_job_id": job_id,
        "kind": kind,
        "order_index": order_index,
        "provider": clean(generation.provider),
        "plan": licence.plan and clean(licence.plan),
        "licence": clean(licence.name),
        "licence_url": licence.url and clean(licence.url),
        "terms_url": quoted.url if quoted else page,
        "terms_taken_at": quoted and quoted.fetched_at,
        "terms_sha256": quoted and quoted.sha256,
        "prompt": None if brought else clean(prompt),
        "seed": None if brought else generation.seed,
        "provider_task_id": task,
        "cost": generation.cost_usd,
        "sha256": sha256,
        "uses": [str(use) for use in licence.uses],
        "refused": [str(use) for use in licence.refused],
        "created_at": _NOW if made_at is None else made_at,
    }
    connection.execute(insert(LICENCES).values(values))


class LicenceBooks(Books):
    """Verbs about licences and terms."""

    def licences(self, job_id: UUID) -> list[LicenceRecord]:
        """The rows of all things that were ever made for a job, the first one in front; also of one that is deleted."""
        with self._transaction() as connection:
            return [_licence(row) for row in connection.execute(_OF_JOB, {"job_id": job_id})]

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
        """Pay for a thing that has no place among a job's works, and write its row, once; see ports.LicenceBook."""
        job_id = TRIALS if lease is None else lease.job_id
        with self._transaction() as connection:
            if lease is not None:
                hold(connection, lease)
            if not _is_new(connection, job_id, kind, generation, sha256):
                return
            if not _is_known(connection, generation.purchase_id):
                pay(connection, job_id, generation.provider, generation.cost_usd, str(kind))
            write_licence(connection, job_id, kind, BESIDE, generation, prompt=prompt, sha256=sha256, made_at=made_at)

    def record_terms(self, provider: str, url: str, sha256: str, content: bytes) -> TermsRecord:
        """Append a page of terms as it is now; the bytes of one that did not change are kept once."""
        known = exists().where(TERMS.c.sha256 == sha256, TERMS.c.content.is_not(None))
        with self._transaction() as connection:
            # Two that read the same page at once would both take it for new.
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))
            values = {
                "provider": clean(provider),
                "url": clean(url),
                "sha256": sha256,
                "bytes": len(content),
                "content": None if connection.execute(select(known)).scalar() else content,
                "fetched_at": _NOW,
            }
            number = connection.execute(insert(TERMS).values(values).returning(TERMS.c.id)).scalar_one()
            return _page(connection.execute(_TERMS.where(TERMS.c.id == number)).one())

    def newest_terms(self, provider: str, url: str | None = None) -> TermsRecord | None:
        """The page of a provider's terms, at `url` or anywhere, that was read last; None when none was."""
        with self._transaction() as connection:
            row = connection.execute(_newest(provider, url)).one_or_none()
            return None if row is None else _page(row)

    def terms_content(self, sha256: str) -> bytes | None:
        """The bytes of a page that was read; None when none with that checksum was."""
        query = select(TERMS.c.content).where(TERMS.c.sha256 == sha256, TERMS.c.content.is_not(None))
        with self._transaction() as connection:
            content = connection.execute(query).scalar_one_or_none()
            return None if content is None else bytes(content)


def _is_new(connection: Connection, job_id: UUID, kind: LicensedKind, generation: Generation, sha256: str) -> bool:
    """Settle what a thing was bought with; True when that was open until now, or when the thing has no row.

    What was ended without the thing, or bought before the books were restored, has no row and is not open either.
    """
    bought, cost = generation.purchase_id, generation.cost_usd
    if bought and close(connection, bought, PurchaseState.SETTLED, cost, credits=generation.credits):
        return True
    # Two trials of the same thing at once would both take it for new.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))
    c = LICENCES.c
    same = c.video_job_id == job_id, c.kind == kind, c.provider == clean(generation.provider), c.sha256 == sha256
    return connection.execute(select(c.id).where(*same).limit(1)).one_or_none() is None


def _is_known(connection: Connection, purchase_id: UUID | None) -> bool:
    """Whether the books have a purchase; restored ones may not, and the vendor's bill has it all the same."""
    return connection.execute(select(PURCHASES.c.id).where(PURCHASES.c.id == purchase_id)).one_or_none() is not None


def _newest(provider: str, url: str | None) -> Select[Any]:
    query = _TERMS.where(TERMS.c.provider == clean(provider)).order_by(TERMS.c.id.desc()).limit(1)
    return query if url is None else query.where(TERMS.c.url == url)


def _licence(row: Row[Any]) -> LicenceRecord:
    return LicenceRecord(
        id=row.id,
        job_id=row.video_job_id,
        kind=row.kind,
        order_index=row.order_index,
        provider=row.provider,
        plan=row.plan,
        licence=row.licence,
        licence_url=row.licence_url,
        terms_url=row.terms_url,
        terms_taken_at=row.terms_taken_at,
        terms_sha256=row.terms_sha256,
        prompt=row.prompt,
        seed=row.seed,
        provider_task_id=row.provider_task_id,
        cost_usd=row.cost,
        sha256=row.sha256,
        uses=tuple(map(Use, row.uses)),
        refused=tuple(map(Use, row.refused)),
        created_at=row.created_at,
    )


def _page(row: Row[Any]) -> TermsRecord:
    return TermsRecord(row.id, row.provider, row.url, row.sha256, row.bytes, row.fetched_at)
