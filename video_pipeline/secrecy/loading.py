"""Owns reading settings; hides pydantic's words for what is not usable. No value is quoted: it may be a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import SettingsError

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.secrecy.secrets_file import SecretiveSettings

PREFIX = "VIDEO_PIPELINE_"

Loaded = TypeVar("Loaded", bound=SecretiveSettings)

_FIELD = re.compile(r'field "(?P<name>\w+)"')


def load_settings(kind: type[Loaded]) -> Loaded:
    """The settings as environment, file of keys and `.env` say now.

    InvalidInputError names each variable that is not usable, and what is wrong with the file of keys.
    """
    try:
        return kind()
    except ValidationError as error:
        said = "; ".join(_complaint(kind, each) for each in error.errors(include_input=False, include_url=False))
    except SettingsError as error:
        found = _FIELD.search(str(error))
        said = "a variable is no JSON" if found is None else _no_json(kind, found["name"])
    # Outside of the handlers: what they caught holds what was given.
    raise InvalidInputError(said)


def _complaint(kind: type[SecretiveSettings], fault: Mapping[str, Any]) -> str:
    name, *within = map(str, fault["loc"] or ("settings",))
    where = f" ({', '.join(within)})" if within else ""
    return f"{_variable(kind, name)}{where}: {fault['msg'].removeprefix('Value error, ')}"


def _no_json(kind: type[SecretiveSettings], name: str) -> str:
    meant = kind.model_fields[name].description if name in kind.model_fields else None
    return f"{_variable(kind, name)} is no JSON" + (f"; it says: {meant}" if meant else "")


def _variable(kind: type[SecretiveSettings], name: str) -> str:
    """The environment variable of a field; what is read under a name of its own is called by that already."""
    return f"{PREFIX}{name.upper()}" if name in kind.model_fields else name
