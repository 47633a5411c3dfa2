"""Nothing secret can be read from the database, from errors or from what records show."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import text

from video_pipeline.domain.access import Scope, StoredAnswer
from video_pipeline.domain.errors import StudioError
from video_pipeline.steps.admit import first_user
from video_pipeline.store import PostgresAccess
from video_pipeline.store.schema.tables import Base
from video_pipeline_tests.conftest import Database

PASSWORD, WRONG = "correct horse battery", "another wrong guess"


def test_no_table_holds_a_secret(access: PostgresAccess, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    first = first_user(access)
    assert first is not None
    user = access.create_user("mia", PASSWORD, Scope.SPEND)
    key, secret = access.create_key("mia", "laptop", Scope.SPEND)
    session = access.open_session("mia", PASSWORD)
    assert session is not None
    assert access.open_session("mia", WRONG) is None
    access.principal_of_key(secret)
    access.principal_of_session(session.token)
    access.begin_answer(user.name, "k1", "hash")
    access.keep_answer(user.name, "k1", StoredAnswer(200, {}, {}))
    shown = [repr(access.list_users()), repr(access.list_keys()), repr(session), repr(access.revoke_key(key.id))]
    for lapsed in (lambda: access.principal_of_key(secret), lambda: access.set_password("mia", "short")):
        with pytest.raises(StudioError) as error:
            lapsed()
        shown.append(str(error.value))
    with database.engine.connect() as connection:
        for table in Base.metadata.tables:
            shown += connection.execute(text(f"SELECT t::text FROM {table} t")).scalars()
    everything = "\n".join([*shown, caplog.text])
    assert "scrypt$" in everything  # it was looked at the right place
    assert str(key.id) in everything
    secrets = (PASSWORD, WRONG, first[1], secret, session.token, session.csrf_token)
    tails = (secret.rpartition("_")[2], session.token.rpartition("_")[2])
    assert [each for each in (*secrets, *tails) if each in everything] == []
