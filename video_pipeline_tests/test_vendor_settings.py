"""What an operator can configure about vendors, and that nobody else gets to read it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from video_pipeline import bootstrap, settings
from video_pipeline.cli.app import main
from video_pipeline.domain.errors import InvalidInputError, MediaError
from video_pipeline.vendor_settings import KEYS, VendorSettings, load
from video_pipeline_tests.receivers import receiver, status

DOCS = Path(__file__).resolve().parent.parent / "docs" / "providers.md"
CANARY = "canary-77aa01"
USUAL = {
    "BEATOVEN_API_KEY": ("beatoven", "api_key"),
    "LEONARDO_API_KEY": ("leonardo", "api_key"),
    "GEMINI_API_KEY": ("gemini", "api_key"),
    "GOOGLE_API_KEY": ("gemini", "api_key"),
    "REPLICATE_API_TOKEN": ("replicate", "api_key"),
    "RUNWAYML_API_SECRET": ("runway", "api_key"),
    "RECRAFT_API_KEY": ("recraft", "api_key"),
    "OPENAI_API_KEY": ("openai", "api_key"),
}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("VIDEO_") or name in USUAL or name.endswith("_BASE_URL"):
            monkeypatch.delenv(name)
    factory = logging.getLogRecordFactory()
    cached = (bootstrap.settings, bootstrap.vendor_settings, bootstrap.vendor_accounts, bootstrap.prompt_writer)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()
    logging.setLogRecordFactory(factory)


def secrets_file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_nothing_is_configured_and_nothing_costs_by_default() -> None:
    assert load().secrets == ()
    assert load().writer == "grammar"
    assert bootstrap.prompt_writer().name == "grammar"


@pytest.mark.parametrize("vendor", KEYS)
def test_every_key_has_a_variable_of_ours(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS[vendor]:
        monkeypatch.setenv(f"VIDEO_PIPELINE_{vendor}_{name}".upper(), f" {CANARY}-{name}\n")
    monkeypatch.setenv(f"VIDEO_PIPELINE_{vendor}_BASE_URL".upper(), "http://127.0.0.1:9/x")
    assert load().keys(vendor) == {name: f"{CANARY}-{name}" for name in KEYS[vendor]}
    assert load().base_url(vendor) == "http://127.0.0.1:9/x"
    account = bootstrap.vendor_accounts()[vendor]
    assert account.key(KEYS[vendor][0]).startswith(CANARY)
    assert account.base_url == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(("variable", "key"), USUAL.items())
def test_a_key_is_found_under_the_name_that_its_vendor_gives_it(
    variable: str, key: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, name = key
    monkeypatch.setenv(variable, CANARY)
    assert load().keys(vendor)[name] == CANARY
    monkeypatch.setenv(f"VIDEO_PIPELINE_{vendor}_{name}".upper(), "ours")
    assert load().keys(vendor)[name] == "ours"


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidInputError, match="leonardo needs a key: set VIDEO_PIPELINE_LEONARDO_API_KEY"):
        bootstrap.vendor_accounts()["leonardo"].key()


def test_a_version_is_added_to_an_address_that_has_none() -> None:
    gemini = bootstrap.vendor_accounts()["gemini"]
    assert gemini.versioned("v1").base_url == "https://generativelanguage.googleapis.com/v1"
    newer = replace(gemini, base_url="https://generativelanguage.googleapis.com/v1beta/")
    assert newer.versioned("v1").base_url == newer.base_url


def test_a_file_of_keys_counts_less_than_the_environment_and_more_than_dotenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = secrets_file(
        tmp_path / "keys",
        "# keys\n\nexport VIDEO_PIPELINE_LEONARDO_API_KEY='from file # 1'\n"
        'OPENAI_API_KEY = "from=file"\nRUNWAYML_API_SECRET=$HOME${HOME}\nVIDEO_PIPELINE_DATABASE_URL=postgresql://x\n'
        "VIDEO_PIPELINE_RECRAFT_API_KEY=\n",
    )
    (tmp_path / ".env").write_text(
        f"VIDEO_PIPELINE_SECRETS_FILE={path}\nVIDEO_PIPELINE_LEONARDO_API_KEY=dotenv\n"
        "VIDEO_PIPELINE_BEATOVEN_API_KEY=dotenv\n"
    )
    monkeypatch.setenv("OPENAI_API_KEY", "from environment")
    found = load()
    assert found.keys("leonardo")["api_key"] == "from file # 1"
    assert found.keys("openai")["api_key"] == "from environment"
    assert found.keys("runway")["api_key"] == "$HOME${HOME}"
    assert found.keys("beatoven")["api_key"] == "dotenv"
    assert found.keys("recraft") == {}
    assert settings.load().database_url == "postgresql://x"


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_of_keys_that_others_may_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    path = secrets_file(tmp_path / "keys", f"OPENAI_API_KEY={CANARY}\n", mode)
    monkeypatch.setenv("VIDEO_PIPELINE_SECRETS_FILE", str(path))
    with pytest.raises(InvalidInputError, match=f"mode {mode:04o}.*chmod 600 {path}"):
        bootstrap.settings()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"OPENAI_API_KEY={CANARY}\n{CANARY}\n".encode(), "line 2 .* is not of the form NAME=value"),
        (b"\xff" + CANARY.encode(), "no text in UTF-8"),
        (CANARY.encode() * 6000, "more than 65536 bytes"),
        (None, "cannot be read"),
    ],
)
def test_a_file_of_keys_that_is_none_is_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, message: str
) -> None:
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    monkeypatch.setenv("VIDEO_PIPELINE_SECRETS_FILE", str(path))
    with pytest.raises(InvalidInputError, match=message) as caught:
        load()
    assert CANARY not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="pipes with names are POSIX")
def test_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    monkeypatch.setenv("VIDEO_PIPELINE_SECRETS_FILE", str(tmp_path / "pipe"))
    with pytest.raises(InvalidInputError, match="is no file"):
        load()


@pytest.mark.parametrize("name", ["MUBERT_BASE_URL", "WRITER", "WRITER_MODEL", "WRITER_INPUT_USD"])
def test_a_complaint_quotes_no_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"VIDEO_PIPELINE_{name}", f"https://user:{CANARY} @x")
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert CANARY not in str(caught.value) + repr(caught.value)


def test_settings_accounts_and_logs_show_no_key(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for vendor, names in KEYS.items():
        for name in names:
            monkeypatch.setenv(f"VIDEO_PIPELINE_{vendor}_{name}".upper(), CANARY)
    caplog.set_level(logging.DEBUG)
    loaded = bootstrap.settings(), bootstrap.vendor_settings(), dict(bootstrap.vendor_accounts())
    logging.getLogger("dagster").info("config: %s", bootstrap.vendor_settings().secrets)
    assert len(bootstrap.vendor_settings().secrets) == sum(map(len, KEYS.values()))
    shown = repr(loaded) + str(loaded) + bootstrap.vendor_settings().model_dump_json() + caplog.text
    assert CANARY not in shown
    assert "config: ('***'" in caplog.text


def test_media_of_a_vendor_in_the_world_is_not_fetched_from_this_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_LEONARDO_BASE_URL", "http://127.0.0.1:9")
    accounts = bootstrap.vendor_accounts()
    with receiver(status(200, b"picture")) as told:
        accounts["leonardo"].http({}).fetch(told.url, tmp_path / "a", most_bytes=100)
        with pytest.raises(MediaError, match="VIDEO_PIPELINE_RUNWAY_BASE_URL"):
            accounts["runway"].http({}).fetch(told.url, tmp_path / "b", most_bytes=100)
        assert len(told.messages) == 1


@pytest.mark.parametrize("name", ["FALLBACKS", "PRICES", "LIMITS"])
def test_what_is_no_json_is_told_with_what_is_meant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"VIDEO_PIPELINE_{name}", f"{{{CANARY}")
    with pytest.raises(
        InvalidInputError, match=rf'^VIDEO_PIPELINE_{name} is no JSON; it says: .*\{{"mubert"'
    ) as caught:
        load()
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_wrong_value_within_a_setting_is_named_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_PRICES", '{"mubert": -1}')
    monkeypatch.setenv("VIDEO_PIPELINE_VENDOR_PACE", "0")
    with pytest.raises(InvalidInputError, match=r"^VIDEO_PIPELINE_PRICES \(mubert\): .*; VIDEO_PIPELINE_VENDOR_PACE: "):
        load()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("FALLBACKS", '{"mubert": ["beatofen"]}', "after mubert, names 'beatofen', .*one of: beatoven, dummy, folder"),
        ("FALLBACKS", '{"mubert": ["leonardo"]}', "after mubert, names 'leonardo'"),
        ("FALLBACKS", '{"mubert": ["mubert"]}', "after mubert, names 'mubert'"),
        ("FALLBACKS", '{"nobody": []}', "names 'nobody'"),
        ("PRICES", '{"leonardoo": "0.5"}', "names 'leonardoo'"),
        ("LIMITS", '{"nobody": {"per_day": 3}}', "names 'nobody'"),
    ],
)
def test_whom_nobody_knows_is_not_passed_over(
    name: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"VIDEO_PIPELINE_{name}", value)
    with pytest.raises(InvalidInputError, match=f"^VIDEO_PIPELINE_{name}.*{complaint}"):
        bootstrap.fallbacks() if name == "FALLBACKS" else bootstrap._workshop()


def test_whom_somebody_knows_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_FALLBACKS", '{"mubert": ["beatoven", "procedural"], "dummy": ["leonardo"]}')
    monkeypatch.setenv("VIDEO_PIPELINE_PRICES", '{"runway_gen3": "0.2", "mubert": 1}')
    assert bootstrap.fallbacks() == {"mubert": ("beatoven", "procedural"), "dummy": ("leonardo",)}
    assert bootstrap._workshop().prices == {"runway_gen3": Decimal("0.2"), "mubert": Decimal(1)}


@pytest.mark.parametrize("writer", ["openai", "gemini"])
def test_a_model_that_writes_needs_a_price(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_PIPELINE_WRITER", writer)
    monkeypatch.setenv("VIDEO_PIPELINE_WRITER_MODEL", "any-1")
    with pytest.raises(InvalidInputError, match="VIDEO_PIPELINE_WRITER_INPUT_USD"):
        load()
    monkeypatch.setenv("VIDEO_PIPELINE_WRITER_INPUT_USD", "0.75")
    monkeypatch.setenv("VIDEO_PIPELINE_WRITER_OUTPUT_USD", "0")
    assert (load().writer_input_usd, load().writer_output_usd) == (Decimal("0.75"), Decimal(0))


def test_every_setting_is_in_the_docs() -> None:
    text = DOCS.read_text()
    for name, field in VendorSettings.model_fields.items():
        choices = getattr(field.validation_alias, "choices", [f"VIDEO_PIPELINE_{name.upper()}"])
        for variable in choices:
            assert f"`{variable}`" in text or variable == name, f"{variable} is missing"


def test_plans_are_those_that_somebody_has_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().plans == {}
    monkeypatch.setenv("VIDEO_PIPELINE_MUBERT_PLAN", " Startup ")
    monkeypatch.setenv("VIDEO_PIPELINE_RUNWAY_PLAN", "")
    assert load().plans == {"mubert": "Startup"}
    monkeypatch.setenv("VIDEO_PIPELINE_RUNWAY_PLAN", "x" * 101)
    with pytest.raises(InvalidInputError, match="RUNWAY_PLAN"):
        load()


def test_a_setting_that_cannot_be_used_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was a traceback, and in `doctor` the same sentence for each part of the machine."""
    monkeypatch.setenv("VIDEO_PIPELINE_LIMITS", "{bad")
    for command, code in ((["provider", "list"], 2), (["doctor"], 1)):
        monkeypatch.setattr(sys, "argv", ["video-pipeline", *command])
        with pytest.raises(SystemExit) as ended:
            main()
        said = "".join(capsys.readouterr())
        assert (ended.value.code, len(said.splitlines())) == (code, 1)
        assert "VIDEO_PIPELINE_LIMITS is no JSON" in said
