"""Which vendors are told where they may write to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from video_pipeline import bootstrap
from video_pipeline.settings import Settings
from video_pipeline.vendor_settings import VendorSettings

Told = Callable[..., dict[str, str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """The addresses under these settings."""

    def addresses(url: str | None, **keys: str) -> dict[str, str]:
        configured = VendorSettings(_env_file=None, **{name: SecretStr(value) for name, value in keys.items()})
        monkeypatch.setattr(bootstrap, "settings", lambda: Settings(_env_file=None, api_url=url))
        monkeypatch.setattr(bootstrap, "vendor_settings", lambda: configured)
        return bootstrap.vendor_webhooks()

    return addresses


def test_an_address_takes_https_and_a_secret(told: Told) -> None:
    secret = {"replicate_webhook_secret": "whsec_c2VjcmV0"}
    there = {"replicate": "https://studio.example/api/v2/vendors/replicate/webhook"}
    assert told("https://studio.example/", **secret) == there
    assert told("http://studio.example", **secret) == {}
    assert told(None, **secret) == {}
    assert told("https://studio.example", replicate_api_key="r8_a") == {}
