"""Owns files that people upload in pieces: begin, go on, finish, abandon, sweep; hides where the pieces lie.

    open_upload    a row that reserves the name and the room of the file
    append         a block of it: on the disk first, then in the books; so the books never promise what is not there
    complete       checksum and content, then it becomes a file of the job as any other one
    abandon        by whoever sends it
    sweep_uploads  those for which nothing came for too long, and what killed processes left

Whoever touches the bytes of an upload holds its lock for that moment and looks at the books first. Two clients that
send the same upload at once are told apart by where each of them goes on: the slower one gets an OffsetError. A process
that is killed loses at most the block that it was writing.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import UUID

from video_pipeline.domain.errors import (
    ConflictError,
    InvalidInputError,
    MediaError,
    NotFoundError,
    OffsetError,
)
from video_pipeline.domain.media import MediaReference
from video_pipeline.domain.records import JobFileRecord, UploadRecord
from video_pipeline.domain.uploads import (
    UPLOAD_TTL_S,
    FileType,
    UploadState,
    check_size,
    checked_sha256,
    shown_name,
)
from video_pipeline.ports import JobStore, MediaStore
from video_pipeline.steps.files import UPLOADS
from video_pipeline.steps.studio import Studio
from video_pipeline.steps.uploads import ASIDE, admitted

SWEPT_AT_ONCE = 500

log = logging.getLogger(__name__)


def open_upload(
    jobs: JobStore,
    job_id: UUID,
    file_type: FileType,
    filename: str,
    size: int,
    *,
    sha256: str | None = None,
    ttl_s: float = UPLOAD_TTL_S,
) -> UploadRecord:
    """Begin an upload of `size` bytes; its name and its room belong to it from now on.

    InvalidInputError when size, name or checksum are not usable; ConflictError when the job has a file of that type
    and name, or one on its way; LimitReachedError when the job has as much as it may have.
    """
    name = shown_name(filename)
    check_size(file_type, size)
    digest = checked_sha256(sha256) if sha256 is not None else None
    return jobs.open_upload(job_id, file_type, name, size, sha256=digest, ttl_s=ttl_s)


def check_offset(jobs: JobStore, job_id: UUID, upload_id: UUID, offset: int) -> UploadRecord:
    """The upload, which goes on with byte `offset`; OffsetError when it does not, ConflictError when it was refused."""
    upload = jobs.get_upload(job_id, upload_id)
    _check_not_refused(upload)
    if upload.received != offset:
        raise OffsetError(
            f"{upload.filename} goes on with byte {upload.received}, not {offset}", offset=upload.received
        )
    return upload


def append(
    jobs: JobStore,
    media: MediaStore,
    upload: UploadRecord,
    block: bytes,
    *,
    ttl_s: float = UPLOAD_TTL_S,
) -> UploadRecord:
    """Add `block` where `upload` stands; the upload as it is then, its bytes safe on the disk.

    OffsetError when it has gone on meanwhile, InvalidInputError when more comes than was announced, NotFoundError when
    it was abandoned, MachineError when the disk refuses. Then it stands where it stood.
    """
    after = upload.received + len(block)
    if after > upload.bytes:
        raise InvalidInputError(
            f"{upload.filename} was announced with {upload.bytes:,} bytes and {after:,} have come; "
            "nothing of the last block is kept"
        )
    with _alone(media, upload.id):
        check_offset(jobs, upload.job_id, upload.id, upload.received)
        _check_there(jobs, media, upload, ttl_s)
        media.append_part(upload.id, upload.received, block)
        try:
            return jobs.advance_upload(upload, after, ttl_s=ttl_s)
        except NotFoundError:  # the job was deleted just now
            media.remove_part(upload.id)
            raise


def complete(studio: Studio, upload: UploadRecord) -> JobFileRecord:
    """Look at an upload of which all bytes are there, and make it a file of its job; that file when it is one already.

    MediaError when it is not what its type says, InvalidInputError when its checksum is another one: then its bytes
    are gone. OffsetError when bytes are missing. What may pass leaves it as it is, to be completed by another call.
    """
    with _alone(studio.media, upload.id):
        upload = studio.jobs.get_upload(upload.job_id, upload.id)
        if upload.file_id is not None:
            return studio.jobs.get_file(upload.job_id, upload.file_id)
        _check_not_refused(upload)
        kept = _adopted(studio, upload)
        if kept is None:
            _check_there(studio.jobs, studio.media, upload, UPLOAD_TTL_S)
            if upload.received < upload.bytes:
                raise OffsetError(f"{upload.filename} lacks bytes from {upload.received} on", offset=upload.received)
            kept = _checked(studio, upload)
        try:
            made = studio.jobs.finish_upload(upload, kept)
        except NotFoundError:
            _remove_bytes(studio.media, upload)
            raise
        studio.media.remove_part(upload.id)
        return made


def abandon(jobs: JobStore, media: MediaStore, job_id: UUID, upload_id: UUID) -> UploadRecord:
    """Forget an upload and remove its bytes; what it was. A file that it became already stays.

    NotFoundError when the job has no such upload.
    """
    with _alone(media, upload_id):
        upload = jobs.drop_upload(job_id, upload_id)
        if upload.state is not UploadState.KEPT:
            _remove_bytes(media, upload)
        return upload


def sweep_uploads(jobs: JobStore, media: MediaStore) -> int:
    """Forget uploads for which nothing came in time, and bytes that belong to none any more; how many were removed."""
    # Listed before the books are read: an upload is in the books before it has bytes.
    parts = media.part_ids()
    swept = 0
    for upload in jobs.lapsed_uploads(SWEPT_AT_ONCE):
        with _alone(media, upload.id):
            if not jobs.drop_lapsed_upload(upload.id):
                continue
            if upload.state is not UploadState.KEPT:
                log.info("%s of job %s did not come to its end in time", upload.filename, upload.job_id)
                _remove_bytes(media, upload)
        swept += 1
    for stray in set(parts) - jobs.known_uploads(parts):
        with _alone(media, stray):
            swept += media.part_bytes(stray) > 0
            media.remove_part(stray)
    return swept


def _alone(media: MediaStore, upload_id: UUID) -> AbstractContextManager[None]:
    return media.lock(f"uploads/{upload_id}")


def _check_not_refused(upload: UploadRecord) -> None:
    if upload.state is UploadState.REFUSED:
        raise ConflictError(f"{upload.filename} was refused: {upload.error_message}; delete the upload and begin anew")


def _check_there(jobs: JobStore, media: MediaStore, upload: UploadRecord, ttl_s: float) -> None:
    """Go back to what the disk has when it has fewer bytes than the books promise, as after a restored backup."""
    there = media.part_bytes(upload.id)
    if there < upload.received:
        jobs.advance_upload(upload, there, ttl_s=ttl_s)
        raise OffsetError(
            f"the disk has lost bytes of {upload.filename}: it goes on with byte {there}, not {upload.received}",
            offset=there,
        )


def _key_of(upload: UploadRecord) -> str:
    """Of the file that it becomes, without what its content says. The id in it finds it again after a crash."""
    return f"{UPLOADS.format(job_id=upload.job_id)}{upload.id}."


def _adopted(studio: Studio, upload: UploadRecord) -> MediaReference | None:
    """The file that a process put into the store and was killed before it was in the books."""
    for key in studio.media.keys(_key_of(upload)):
        path = studio.media.path(key)
        return MediaReference(key, _sha256(path), path.stat().st_size)
    return None


def _checked(studio: Studio, upload: UploadRecord) -> MediaReference:
    try:
        return _admitted(studio, upload)
    except (MediaError, InvalidInputError) as error:
        studio.jobs.refuse_upload(upload, str(error))
        _remove_bytes(studio.media, upload)
        raise


def _admitted(studio: Studio, upload: UploadRecord) -> MediaReference:
    part = studio.media.part(upload.id)
    found = _sha256(part)
    if upload.sha256 is not None and found != upload.sha256:
        raise InvalidInputError(
            f"{upload.filename} was announced with the SHA-256 {upload.sha256} and came with {found}; send it again"
        )
    with studio.media.scratch(upload.job_id) as scratch:
        seen = scratch / ASIDE
        if upload.file_type is FileType.QUOTES:  # are written anew, and the part must survive a crash
            shutil.copyfile(part, seen)
            extension = admitted(studio, seen, upload.file_type)
            return studio.media.adopt(seen, f"{_key_of(upload)}{extension}")
        seen.symlink_to(part.absolute())
        extension = admitted(studio, seen, upload.file_type)
        return studio.media.adopt(part, f"{_key_of(upload)}{extension}", sha256=found)


def _remove_bytes(media: MediaStore, upload: UploadRecord) -> None:
    media.remove_part(upload.id)
    for key in media.keys(_key_of(upload)):
        media.remove(key)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
