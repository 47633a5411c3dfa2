"""What an operator can configure."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from video_pipeline.settings import Settings, load

README = Path(__file__).resolve().parent.parent / "README.md"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("VIDEO_PIPELINE_DATA_DIR", "VIDEO_STORAGE_PATH", "FFMPEG_BINARY", "VIDEO_PIPELINE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


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


def test_an_empty_variable_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_DATABASE_URL", "")
    monkeypatch.setenv("VIDEO_STORAGE_PATH", "")
    assert load().database_url is None
    assert load().storage.name == "videos"


@pytest.mark.parametrize(("name", "value"), [("PORT", "0"), ("WORKERS", "0"), ("CACHE_LIMIT_GIB", "-1")])
def test_nonsense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"VIDEO_PIPELINE_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        load()


def test_the_readme_lists_every_setting() -> None:
    text = README.read_text()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = alias.choices[0] if alias is not None else f"VIDEO_PIPELINE_{name.upper()}"
        assert f"`{variable}`" in text, f"{variable} is missing in the README's table"
