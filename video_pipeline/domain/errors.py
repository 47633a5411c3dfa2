"""Owns the error tree; hides nothing.

    StudioError                     anything this package raises on purpose
      PermanentError                a retry without a change cannot help
        InvalidInputError           a value that was given is not usable
          ReusedKeyError            an idempotency key came back with another request
        NotFoundError               the thing named does not exist
        IllegalMoveError            the table of legal moves forbids it
        ConflictError               somebody else changed it, or holds it
          LeaseLostError            a newer attempt owns the job
        AccessDeniedError           it is not known who is asking
          LapsedAccessError         it was known: expired, revoked or disabled since
        ForbiddenError              who is asking is known, and may not do this
          PreconditionError         the storyboard changed since the caller read it
          BeingEditedError          an edit holds the job for some seconds
          DoubtfulPurchaseError     it is not known whether a vendor took money; a person has to look
          OffsetError               the bytes of an upload do not go on where it stands
        LimitReachedError           a job has as much of something as it may have
          CapReachedError           more money than a cap allows
        CancelledError              the operator cancelled the job
        MediaError                  a file is not what it should be
        ProviderRefusedError        the vendor will not make this (entitlement, credit, parameters)
          PromptRefusedError        its moderation will not: other words may do
        MachineError                a binary, disk or server on this machine is unusable
      TransientError                the same call may succeed later
        ProviderUnavailableError    the vendor did not answer, or asked to wait
        AnswerLostError             the vendor may have accepted, and charged for, what was sent
        StoreUnavailableError       the database did not answer
        TooManyRequestsError        asked too often; it says how long to wait
        UnreachableError            an address that a user named did not answer

Each message says what was tried, what came back and what to do. `retryable` is decided here, by class, and translated
at one place each by Dagster, the CLI and REST.
"""

from __future__ import annotations


class StudioError(Exception):
    """Base of all errors raised on purpose."""

    retryable: bool = False


class PermanentError(StudioError):
    """A retry without a change cannot help."""


class TransientError(StudioError):
    """The same call may succeed later."""

    retryable = True


class InvalidInputError(PermanentError):
    """A value that was given is not usable; the message names it and its limits."""


class ReusedKeyError(InvalidInputError):
    """An idempotency key that belongs to one request came with another one."""


class NotFoundError(PermanentError):
    """The thing named does not exist."""


class IllegalMoveError(PermanentError):
    """The table of legal moves forbids this change of status."""


class ConflictError(PermanentError):
    """Somebody else changed the thing in the meantime, or holds it."""


class LeaseLostError(ConflictError):
    """A newer attempt owns the job; the writes of this one are refused."""


class AccessDeniedError(PermanentError):
    """It is not known who is asking: no key, no session, or one that nobody has."""


class LapsedAccessError(AccessDeniedError):
    """The key is right and counts no more; the message says why, which only its owner can get to read."""


class ForbiddenError(PermanentError):
    """Who is asking is known, and may not do this; the message names the scope that may."""


class PreconditionError(ConflictError):
    """The storyboard changed since the caller read it; read it again and decide anew."""


class BeingEditedError(ConflictError):
    """Somebody edits the job's storyboard; an edit is over within a minute or two, so waiting helps."""

    retryable = True


class DoubtfulPurchaseError(ConflictError):
    """It is not known whether a vendor took money for something; nothing is bought again until a person has looked."""


class OffsetError(ConflictError):
    """The bytes of an upload do not go on where it stands; `offset` says with which byte it does."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class LimitReachedError(PermanentError):
    """A job was refined as often, or has as many files, as it may; or a vendor's quota is used up."""


class CapReachedError(LimitReachedError):
    """A cap would be exceeded; `may_pass` says that others may yet give back what they have set aside."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class CancelledError(PermanentError):
    """The operator cancelled the job."""


class MediaError(PermanentError):
    """A file is not what it should be: wrong type, length, streams or content."""


class MachineError(PermanentError):
    """A binary, a disk or a server on this machine is unusable."""


class ProviderRefusedError(PermanentError):
    """The vendor will not make this: moderation, entitlement, credit, unusable parameters."""


class PromptRefusedError(ProviderRefusedError):
    """The vendor's moderation refused the words, or what came of them; the same words are never sent again."""


class ProviderUnavailableError(TransientError):
    """The vendor did not answer, or asked to wait; nothing was accepted.

    `retry_after_s` says in how many seconds the same call has a chance; None when the vendor did not say.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AnswerLostError(TransientError):
    """A vendor got what was sent, and its answer did not come: it may have been accepted, and charged for.

    Who sends it again without looking may pay twice: look at the vendor's list first, or book the price.
    """


class StoreUnavailableError(TransientError):
    """The database did not answer."""


class TooManyRequestsError(TransientError):
    """Asked too often; `retry_after_s` says in how many seconds the same call has a chance."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnreachableError(TransientError):
    """An address that a user named did not answer: no such name, no connection, no trusted certificate, no reply."""
