"""Users and keys on the command line: what is printed where, what is asked, what is refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from video_pipeline import bootstrap
from video_pipeline.cli.app import main
from video_pipeline.cli.keys import key_life
from video_pipeline.domain.access import Scope
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.store import PostgresAccess
from video_pipeline_tests.conftest import Database
from video_pipeline_tests.naughty import NAUGHTY

Call = Callable[..., tuple[int, str, str]]

PASSWORD = "correct horse battery"


@pytest.fixture
def call(access: PostgresAccess, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Call:
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(bootstrap, "access_store", lambda url=None: access)

    def called(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["video-pipeline", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, " ".join(err.split())

    return called


def in_json(call: Call, *arguments: str, typed: str = "") -> Any:
    code, out, err = call(*arguments, "--json", typed=typed)
    assert code == 0, err
    (line,) = out.splitlines()
    return json.loads(line)


def test_every_command_has_help_with_an_example(call: Call) -> None:
    users, keys = ("new", "list", "password", "scope", "disable", "enable"), ("new", "list", "revoke")
    for command in [*(("user", name) for name in users), *(("key", name) for name in keys)]:
        code, out, _ = call(*command, "--help")
        assert code == 0
        assert "Example:" in out, command
        assert "--password " not in out  # what stands in a command line can be read by everybody on the machine


def test_a_password_comes_from_standard_input(call: Call, access: PostgresAccess) -> None:
    for ending, name in (("\n", "mia"), ("\r\n", "tom"), ("", "eve")):
        typed = f"{PASSWORD}{ending}"
        code, out, err = call("user", "new", name, "--scope", "spend", "--password-stdin", typed=typed)
        assert (code, out.strip()) == (0, f"user {name} may spend")
        assert PASSWORD not in out + err
        assert access.open_session(name, PASSWORD) is not None
    code, out, err = call("user", "new", "ann", "--scope", "read", "--password-stdin", typed="too short\n")
    assert (code, out) == (2, "")
    assert "12 to 200 characters, not 9" in err
    assert "too short" not in err
    code, _, err = call("user", "new", "ann", "--scope", "read", "--password-stdin", "--generate")
    assert code == 2
    assert "not both" in err


def test_an_invented_password_stands_alone_on_standard_output(call: Call, access: PostgresAccess) -> None:
    code, out, err = call("user", "new", "mia", "--scope", "edit", "--generate")
    assert code == 0
    assert "user mia may edit; the password, which is shown this once:" in err
    assert access.open_session("mia", out.removesuffix("\n")) is not None
    made = in_json(call, "user", "new", "tom", "--scope", "read")  # nobody can be asked
    assert access.open_session("tom", made["password"]) is not None
    assert {"name", "scope", "enabled", "disabled_at", "created_at", "password"} == set(made)


def test_a_user_is_listed_changed_disabled_and_enabled(call: Call, access: PostgresAccess) -> None:
    _, out, _ = call("user", "list")
    assert "no users yet" in out
    made = in_json(call, "user", "new", "Mia", "--scope", "edit", "--password-stdin", typed=PASSWORD)
    assert "password" not in made
    assert in_json(call, "user", "list") == [made]
    assert in_json(call, "user", "scope", "mia", "spend")["scope"] == "spend"
    session = access.open_session("mia", PASSWORD)
    assert session is not None
    changed = in_json(call, "user", "password", "MIA", "--generate")
    assert access.principal_of_session(session.token) is None
    assert access.open_session("mia", changed["password"]) is not None
    assert in_json(call, "user", "disable", "mia")["enabled"] is False
    _, out, _ = call("user", "list")
    assert "Mia" in out
    assert "no" in out
    assert call("user", "enable", "mia")[1].strip() == "user Mia is enabled"


def test_mistakes_are_told_with_their_exit_code(call: Call, access: PostgresAccess) -> None:
    call("user", "new", "mia", "--scope", "edit", "--generate")
    for arguments, code, words in (
        (("user", "new", "mia", "--scope", "edit"), 1, "there is a user mia already"),
        (("user", "new", "m i a", "--scope", "edit"), 2, "no user name"),
        (("user", "new", "tom"), 2, "Missing option '--scope'"),
        (("user", "new", "tom", "--scope", "root"), 2, "'root' is not one of"),
        (("user", "password", "tom"), 4, "there is no user 'tom'"),
        (("user", "scope", "tom", "edit"), 4, "there is no user 'tom'"),
        (("user", "disable", "tom"), 4, "there is no user 'tom'"),
        (("user", "enable", "tom"), 4, "there is no user 'tom'"),
        (("key", "new", "--user", "tom", "--name", "x", "--scope", "read"), 4, "there is no user 'tom'"),
        (("key", "new", "--user", "mia", "--name", "x", "--scope", "spend"), 2, "a key cannot have spend"),
        (("key", "new", "--user", "mia", "--name", " ", "--scope", "read"), 2, "name of a key"),
        (
            ("key", "new", "--user", "mia", "--name", "x", "--scope", "read", "--expires", "soon"),
            2,
            "no length of time",
        ),
        (("key", "list", "--user", "tom"), 4, "there is no user 'tom'"),
        (("key", "revoke", "ffffffff"), 4, "there is no key 'ffffffff'"),
        (("key", "revoke", ""), 4, "there is no key ''"),
    ):
        got, out, err = call(*arguments)
        assert (got, out) == (code, ""), arguments
        assert words in err.replace("│ ", ""), arguments
    assert (access.count_users(), access.list_keys()) == (1, [])


def test_a_key_is_made_used_listed_and_revoked(call: Call, access: PostgresAccess) -> None:
    access.create_user("mia", PASSWORD, Scope.SPEND)
    _, out, _ = call("key", "list")
    assert "no keys yet" in out
    code, out, err = call("key", "new", "--user", "mia", "--name", "laptop", "--scope", "edit", "--expires", "90d")
    secret = out.removesuffix("\n")
    assert code == 0
    assert "of mia may edit until 20" in err
    assert secret not in err
    principal = access.principal_of_key(secret)
    assert principal is not None
    made = in_json(call, "key", "new", "--user", "mia", "--name", "robot", "--scope", "read", "--expires", "never")
    assert access.principal_of_key(made["secret"]) is not None
    assert made["expires_at"] is None
    listed = in_json(call, "key", "list", "--user", "mia")
    assert [each["name"] for each in listed] == ["robot", "laptop"]
    assert [each["state"] for each in listed] == ["live", "live"]
    _, out, _ = call("key", "list")
    assert "robot" in out
    assert made["secret"] not in out + json.dumps(listed)
    gone = in_json(call, "key", "revoke", str(principal.key_id)[:8])
    assert (gone["key_id"], gone["state"]) == (str(principal.key_id), "revoked")
    assert call("key", "revoke", made["key_id"])[1].strip() == f"key {made['key_id']} (robot) is revoked"
    assert {each["state"] for each in in_json(call, "key", "list")} == {"revoked"}


@pytest.mark.parametrize(
    ("text", "life"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        ("52w", timedelta(weeks=52)),
        ("never", None),
    ],
)
def test_a_length_of_time_is_read(text: str, life: timedelta | None) -> None:
    assert key_life(text) == life


@pytest.mark.parametrize("text", [*NAUGHTY, "90", "d", "-1d", "1.5d", "1 d", "90D", "٣d", "9999999d", "1d\n"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="no length of time"):
        key_life(text)


class Terminal:
    """A command that runs at a terminal of its own, at which the test types."""

    def __init__(self, directory: Path, url: str, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        # A session's first terminal that it opens becomes its own, which is where a password is asked for.
        script = "import os, sys; os.open(sys.argv.pop(1), os.O_RDWR); from video_pipeline.cli.app import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, os.ttyname(theirs), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=directory,
            env=os.environ | {"VIDEO_PIPELINE_DATABASE_URL": url, "VIDEO_PIPELINE_DATA_DIR": str(directory)},
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""

    def answer(self, question: str, text: str) -> None:
        """Wait until `question` is asked, then type `text`."""
        already = len(self.shown)
        until = time.monotonic() + 60
        while question not in self.shown[already:]:
            assert time.monotonic() < until, self.shown
            if select.select([self._ours], [], [], 1)[0]:
                self.shown += os.read(self._ours, 4096).decode()
        os.write(self._ours, f"{text}\n".encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
            while piece := os.read(self._ours, 4096):
                self.shown += piece.decode()
        os.close(self._ours)
        return self.process.wait(60)


def test_a_password_is_asked_for_twice_and_never_shown(
    database: Database, access: PostgresAccess, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path, database.url, "user", "new", "mia", "--scope", "spend")
    terminal.answer("characters): ", PASSWORD)
    terminal.answer("Repeat for confirmation: ", PASSWORD + "!")
    terminal.answer("characters): ", PASSWORD)
    terminal.answer("Repeat for confirmation: ", PASSWORD)
    assert terminal.end() == 0, terminal.shown
    assert "do not match" in terminal.shown
    assert "user mia may spend" in terminal.shown
    assert PASSWORD not in terminal.shown
    assert access.open_session("mia", PASSWORD) is not None  # the store's own cost stands in the stored password
