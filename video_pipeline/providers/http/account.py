"""Owns what an installation has with a vendor: keys, address, how media is fetched; hides how it was configured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.ports import Messenger
from video_pipeline.providers.http.client import PATIENCE_S, VendorHttp
from video_pipeline.providers.http.verdict import Explain

API_KEY = "api_key"
_VERSION = re.compile(r"/v\d+[a-z]*\d*$")


@dataclass(frozen=True, slots=True)
class Account:
    """One vendor's account; its repr shows no key."""

    vendor: str
    base_url: str
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # by name, such as api_key
    messenger: Messenger | None = field(default=None, repr=False)  # fetches media, without keys

    def key(self, name: str = API_KEY) -> str:
        """One of the keys; InvalidInputError, which says what to set, when nobody has configured it."""
        if not self.keys.get(name):
            raise InvalidInputError(
                f"{self.vendor} needs a key: set {self.setting(name)}, in the environment or in the file of keys"
            )
        return self.keys[name]

    def missing(self, *sets: tuple[str, ...]) -> str:
        """What has to be configured before the vendor can be asked, in words; "" when nothing has to be.

        One of `sets` of keys is enough, by default the one key that most vendors give out.
        """
        choices = sets or ((API_KEY,),)
        if any(all(self.keys.get(name) for name in names) for names in choices):
            return ""
        wanted = " or ".join(" and ".join(map(self.setting, names)) for names in choices)
        return f"{self.vendor} needs a key: set {wanted}, in the environment or in the file of keys"

    def versioned(self, version: str) -> Account:
        """The account at a version of the interface: the one that the base URL ends with, else `version`."""
        base = self.base_url.rstrip("/")
        return self if _VERSION.search(base) else replace(self, base_url=f"{base}/{version}")

    def setting(self, name: str = API_KEY) -> str:
        """The environment variable that holds one of the keys."""
        return f"VIDEO_PIPELINE_{self.vendor.upper()}_{name.upper()}"

    def http(
        self,
        headers: Mapping[str, str],
        *,
        explain: Explain | None = None,
        key_setting: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> VendorHttp:
        """The client of the vendor's interface; `headers` are what it wants to have its keys in."""
        return VendorHttp(
            self.vendor,
            self.base_url,
            headers,
            secrets=tuple(self.keys.values()),
            explain=explain,
            messenger=self.messenger,
            key_setting=key_setting or self.setting(),
            patience_s=patience_s,
        )
