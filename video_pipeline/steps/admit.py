"""Owns letting the first user in; hides that several processes may start at once."""

from __future__ import annotations

from video_pipeline.domain.access import Scope
from video_pipeline.domain.passwords import invented_password
from video_pipeline.ports import AccessStore

FIRST_USER = "admin"


def first_user(access: AccessStore) -> tuple[str, str] | None:
    """Make the user `admin` when there is no user at all; name and password, to be shown once, or None.

    Of several processes that do it at once, one gets the password that counts, the others None.
    """
    password = invented_password()
    made = access.create_first_user(FIRST_USER, password, Scope.ADMIN)
    return None if made is None else (made.name, password)
