"""What an operator can configure."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
VENDORS = ROOT / "docs" / "providers.md"

INTERNAL = {"VIDEO_PIPELINE_DAGSTER_URL"}
"""Set by the program for its own children."""


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("VIDEO_", "FFMPEG_")):
            monkeypatch.delenv(name)


def test_defaults_lie_below_the_data_directory(tmp_path: Path) -> None:
    settings = load()
    assert settings.root == tmp_path / ".data"
    assert settings.storage == tmp_path / ".data" / "videos"
    assert settings.cache == tmp_path / ".data" / "cache"
    assert settings.database_url is None
    assert settings.host == "127.0.0.1"


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_DATA_DIR", "/srv/studio")
    monkeypatch.setenv("VIDEO_STORAGE_PATH", "/media/videos")
    monkeypatch.setenv("FFMPEG_BINARY", "/opt/ffmpeg")
    monkeypatch.setenv("VIDEO_PIPELINE_WORKERS", "3")
    settings = load()
    assert settings.storage == Path("/media/videos")
    assert settings.postgres_dir == Path("/srv/studio/postgres")
    assert settings.ffmpeg_binary == Path("/opt/ffmpeg")
    assert settings.workers == 3


def test_a_file_in_the_working_directory_decides_where_the_environment_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "VIDEO_PIPELINE_DATA_DIR=studio\nVIDEO_PIPELINE_PORT=3100\nFFMPEG_BINARY=/opt/ffmpeg\n"
    )
    monkeypatch.setenv("VIDEO_PIPELINE_PORT", "3200")
    settings = load()
    assert settings.root == tmp_path / "studio"
    assert settings.ffmpeg_binary == Path("/opt/ffmpeg")
    assert settings.port == 3200


def test_make_leaves_the_settings_to_the_environment_and_the_file() -> None:
    """It once exported the data directory, which made the one in the file count for nothing."""
    assert "VIDEO_" not in (ROOT / "Makefile").read_text()


def test_an_empty_variable_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_DATABASE_URL", "")
    monkeypatch.setenv("VIDEO_STORAGE_PATH", "")
    assert load().database_url is None
    assert load().storage.name == "videos"


@pytest.mark.parametrize(("name", "value"), [("PORT", "0"), ("WORKERS", "0"), ("CACHE_LIMIT_GIB", "-1")])
def test_nonsense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"VIDEO_PIPELINE_{name}", value)
    with pytest.raises(InvalidInputError, match=f"VIDEO_PIPELINE_{name}: "):
        load()


def test_the_readme_lists_every_setting() -> None:
    text = README.read_text()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias.choices[0] if alias is not None else f"VIDEO_PIPELINE_{name.upper()}"
        assert f"`{variable}`" in text, f"{variable} is missing in the README's table"


def test_the_readme_or_the_page_about_vendors_lists_every_variable_that_is_read() -> None:
    sources = [*ROOT.glob("video_pipeline/**/*.py"), ROOT / "video_pipeline_tests" / "conftest.py"]
    read = {name for path in sources for name in re.findall(r"\bVIDEO_PIPELINE_[A-Z_]*[A-Z]\b", path.read_text())}
    assert len(read) > 5
    text = README.read_text() + VENDORS.read_text()
    assert {name for name in read - INTERNAL if f"`{name}`" not in text} == set()


def test_the_files_that_the_readme_names_are_there() -> None:
    named = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())
    assert len(named) >= 5
    assert [name for name in named if not (ROOT / name).exists()] == []
    heavy = [path.name for path in (ROOT / "docs" / "images").iterdir() if path.stat().st_size > 400_000]
    assert heavy == []
