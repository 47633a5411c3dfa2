"""Owns the file of keys that an operator may name; hides its form and who may read it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from video_pipeline.domain.errors import InvalidInputError

NAME = "VIDEO_PIPELINE_SECRETS_FILE"
FILE_MAX_BYTES = 2**16

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")


def read_secrets(path: Path) -> dict[str, str]:
    """The values in a file of NAME=value lines, by name; quotes around a value are no part of it.

    InvalidInputError when it cannot be read, when others than its owner may read it, and for a line that is none,
    which is named by its number and never quoted.
    """
    try:
        # Before it is opened: a pipe without a writer would be waited for.
        _check_owner_only(path, path.stat())
        with path.open(encoding="utf-8") as file:
            text = file.read(FILE_MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise InvalidInputError(f"{NAME}: {path} cannot be read ({reason})") from None
    if len(text) > FILE_MAX_BYTES:
        raise InvalidInputError(f"{NAME}: {path} has more than {FILE_MAX_BYTES} bytes; name the file that holds keys")
    return dict(pair for number, line in enumerate(text.splitlines(), 1) for pair in _pairs(path, number, line.strip()))


def _check_owner_only(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise InvalidInputError(f"{NAME}: {path} is no file")
    if os.name == "posix" and facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidInputError(
            f"{NAME}: others than the owner may use {path} (mode {stat.S_IMODE(facts.st_mode):04o}); "
            f"run: chmod 600 {path}"
        )


def _pairs(path: Path, number: int, line: str) -> list[tuple[str, str]]:
    if not line or line.startswith("#"):
        return []
    found = _LINE.fullmatch(line)
    if found is None:
        raise InvalidInputError(f"{NAME}: line {number} of {path} is not of the form NAME=value")
    value = found["value"].strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return [(found["name"], value)]


class SecretsFileSource(EnvSettingsSource):
    """What stands in the file that the environment, or else `.env`, names; it counts less than the environment."""

    def __init__(self, settings_cls: type[BaseSettings], *named_by: object) -> None:
        self._named_by = [source for source in named_by if isinstance(source, EnvSettingsSource)]
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        """As EnvSettingsSource has it: names in lower case, empty values left out."""
        where = next((path for source in self._named_by if (path := source.env_vars.get(NAME.lower()))), None)
        if where is None:
            return {}
        values = read_secrets(Path(where).expanduser())
        return {name.lower(): value for name, value in values.items() if value}


class SecretiveSettings(BaseSettings):
    """Settings that come from the environment, the file of keys and `.env`, in this order."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Called by pydantic; the first that has a value counts."""
        keys = SecretsFileSource(settings_cls, env_settings, dotenv_settings)
        return init_settings, env_settings, keys, dotenv_settings
