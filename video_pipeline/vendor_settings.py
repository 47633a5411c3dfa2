"""Owns what an operator can configure about vendors: keys, addresses, who is asked; hides where values come from.

Keys stand in the environment, in the file that VIDEO_PIPELINE_SECRETS_FILE names, or in `.env`, in this order. Each is
also found under the name that its vendor's own tools use.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import SettingsConfigDict

from video_pipeline.secrecy import PREFIX, SecretiveSettings, load_settings

KEYS: dict[str, tuple[str, ...]] = {
    "mubert": ("company_id", "license_token", "customer_id", "access_token"),
    "beatoven": ("api_key",),
    "leonardo": ("api_key", "webhook_key"),
    "gemini": ("api_key",),
    "replicate": ("api_key", "webhook_secret"),
    "runway": ("api_key",),
    "recraft": ("api_key",),
    "openai": ("api_key",),
}
"""What proves who is asking, by vendor."""

DEFAULT_MODELS = {"gemini": "gemini-3.8-flash"}
"""Who writes unless somebody is named; servers that speak as OpenAI's do have models of any name."""

Key = SecretStr | None
ModelName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:/-]{1,100}$")]
Plan = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
BaseUrl = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://[^\s@?#]+$")]


def _named(name: str, *usual: str) -> AliasChoices:
    return AliasChoices(f"{PREFIX}{name.upper()}", *usual, name)


def _key(name: str, *usual: str, what: str) -> Any:
    return Field(default=None, validation_alias=_named(name, *usual), description=what)


def _base(vendor: str, default: str, *usual: str) -> Any:
    name = f"{vendor}_base_url"
    return Field(default=default, validation_alias=_named(name, *usual), description=f"Where {vendor} is reached.")


def _plan(vendor: str) -> Any:
    what = f"The plan that is paid for at {vendor}; licences name it."
    return Field(default=None, validation_alias=_named(f"{vendor}_plan"), description=what)


@dataclass(frozen=True, slots=True)
class Writing:
    """Which language model writes, and the price of a million tokens in US dollars."""

    vendor: str
    model: str
    read_usd: Decimal
    written_usd: Decimal


class LimitSettings(BaseModel):
    """What may be asked of one vendor; see `domain.purchases.Limits`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int | None = Field(default=None, ge=1)
    calls_per_minute: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=0)
    per_month: int | None = Field(default=None, ge=0)


class VendorSettings(SecretiveSettings):
    """The vendors of one installation; every field is an environment variable, listed in docs/providers.md."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        # Complaints quote what was given, which may be a key.
        hide_input_in_errors=True,
    )

    secrets_file: Path | None = Field(
        default=None, description="A file of NAME=value lines with keys, which only its owner may read."
    )

    mubert_company_id: Key = _key("mubert_company_id", what="Of the service tier, from Mubert's e-mail.")
    mubert_license_token: Key = _key("mubert_license_token", what="Belongs to the company id.")
    mubert_customer_id: Key = _key("mubert_customer_id", what="Of the public tier, instead of the company's.")
    mubert_access_token: Key = _key("mubert_access_token", what="Belongs to the customer id.")
    mubert_base_url: BaseUrl = _base("mubert", "https://music-api.mubert.com/api/v3")
    mubert_plan: Plan = _plan("mubert")

    beatoven_api_key: Key = _key("beatoven_api_key", "BEATOVEN_API_KEY", what="Beatoven's key.")
    beatoven_base_url: BaseUrl = _base("beatoven", "https://public-api.beatoven.ai")
    beatoven_plan: Plan = _plan("beatoven")

    leonardo_api_key: Key = _key("leonardo_api_key", "LEONARDO_API_KEY", what="Leonardo's key.")
    leonardo_webhook_key: Key = _key("leonardo_webhook_key", what="What Leonardo's webhooks bear.")
    leonardo_base_url: BaseUrl = _base("leonardo", "https://cloud.leonardo.ai/api/rest")
    leonardo_plan: Plan = _plan("leonardo")

    gemini_api_key: Key = _key("gemini_api_key", "GEMINI_API_KEY", "GOOGLE_API_KEY", what="Gemini's key.")
    gemini_base_url: BaseUrl = _base("gemini", "https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL")
    gemini_plan: Plan = _plan("gemini")
    gemini_image_model: ModelName = Field(
        default="gemini-3.1-flash-image", description="The model of Gemini that makes pictures."
    )

    replicate_api_key: Key = _key("replicate_api_key", "REPLICATE_API_TOKEN", what="Replicate's token.")
    replicate_webhook_secret: Key = _key(
        "replicate_webhook_secret", "REPLICATE_WEBHOOK_SECRET", what="What Replicate signs its webhooks with."
    )
    replicate_base_url: BaseUrl = _base("replicate", "https://api.replicate.com/v1", "REPLICATE_BASE_URL")
    replicate_plan: Plan = _plan("replicate")

    runway_api_key: Key = _key("runway_api_key", "RUNWAYML_API_SECRET", what="Runway's key.")
    runway_base_url: BaseUrl = _base("runway", "https://api.dev.runwayml.com", "RUNWAYML_BASE_URL")
    runway_plan: Plan = _plan("runway")

    recraft_api_key: Key = _key("recraft_api_key", "RECRAFT_API_KEY", "RECRAFT_API_TOKEN", what="Recraft's token.")
    recraft_base_url: BaseUrl = _base("recraft", "https://external.api.recraft.ai/v1")
    recraft_plan: Plan = _plan("recraft")

    openai_api_key: Key = _key("openai_api_key", "OPENAI_API_KEY", what="The key of OpenAI, or of a server like it.")
    # Who has told OpenAI's own tools to ask another server has that server's key in OPENAI_API_KEY.
    openai_base_url: BaseUrl = _base("openai", "https://api.openai.com/v1", "OPENAI_BASE_URL")
    openai_plan: Plan = _plan("openai")

    fallbacks: dict[ProviderName, tuple[ProviderName, ...]] = Field(
        default_factory=dict, description='Whom to ask after a provider that cannot: {"mubert": ["procedural"]}.'
    )
    prices: dict[ProviderName, Annotated[Decimal, Field(ge=0)]] = Field(
        default_factory=dict,
        description='US dollars for one piece, by provider: {"mubert": "0.08"}; a second of a clip.',
    )
    limits: dict[ProviderName, LimitSettings] = Field(
        default_factory=dict,
        description='Limits of vendors: {"mubert": {"concurrency": 2, "calls_per_minute": 30, "per_month": 100}}.',
    )
    vendor_pace: float = Field(
        default=1.0, gt=0, le=100, description="How much longer than usual is waited between questions to vendors."
    )

    writer: Literal["grammar", "openai", "gemini"] = Field(
        default="grammar", description="Who writes prompts and texts; the grammar costs nothing and always works."
    )
    writer_model: ModelName | None = Field(
        default=None, validate_default=True, description="The language model that writes."
    )
    writer_input_usd: Decimal | None = Field(
        default=None, ge=0, validate_default=True, description="Price of a million tokens that the model reads."
    )
    writer_output_usd: Decimal | None = Field(
        default=None, ge=0, validate_default=True, description="Price of a million tokens that the model writes."
    )

    thumbnail_provider: ProviderName | None = Field(
        default=None, description="Who is asked for a picture for thumbnails alone; by default nobody."
    )
    refinement_provider: ProviderName | None = Field(
        default=None, description="Who makes a picture anew; by default who made the others of its job."
    )

    @field_validator("writer_model")
    @classmethod
    def _model(cls, value: str | None, info: ValidationInfo) -> str | None:
        writer = info.data.get("writer", "grammar")
        if value is None and writer != "grammar" and writer not in DEFAULT_MODELS:
            raise ValueError(f"the writer {writer} needs the name of a model")
        return value or DEFAULT_MODELS.get(writer)

    @field_validator("writer_input_usd", "writer_output_usd")
    @classmethod
    def _price(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        """Nobody's books are to say that something was free because nobody knew what it costs."""
        if value is None and info.data.get("writer", "grammar") != "grammar":
            raise ValueError("a model that writes needs its price for a million tokens; 0 for a server of your own")
        return value

    @property
    def writing(self) -> Writing | None:
        """The language model that writes; None where the grammar does."""
        model, read, written = self.writer_model, self.writer_input_usd, self.writer_output_usd
        if self.writer == "grammar" or model is None or read is None or written is None:
            return None  # the validators above let no other writer through without all three
        return Writing(self.writer, model, read, written)

    def keys(self, vendor: str) -> dict[str, str]:
        """What is configured of the keys of a vendor, in clear, by their names in `KEYS`."""
        values = {name: getattr(self, f"{vendor}_{name}") for name in KEYS[vendor]}
        clear = {name: value.get_secret_value().strip() for name, value in values.items() if value is not None}
        return {name: value for name, value in clear.items() if value}

    def base_url(self, vendor: str) -> str:
        """Where a vendor is reached."""
        return str(getattr(self, f"{vendor}_base_url"))

    @property
    def plans(self) -> dict[str, str]:
        """The plans that are paid for, by vendor, where somebody has said which."""
        named = {vendor: getattr(self, f"{vendor}_plan") for vendor in KEYS}
        return {vendor: plan for vendor, plan in named.items() if plan}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every key of every vendor, in clear: what may not be shown."""
        return tuple(value for vendor in KEYS for value in self.keys(vendor).values())


def load() -> VendorSettings:
    """The vendors as the environment says now.

    InvalidInputError names each variable that is not usable, and what is wrong with the file of keys; it quotes no
    value.
    """
    return load_settings(VendorSettings)
