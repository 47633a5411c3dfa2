"""Owns the wiring of an installation: which tool stands behind each port; hides when each is opened and closed.

What is opened stays open for the life of the process and is closed at its end. The only room that knows every tool.
Rooms with numeric libraries are imported where they are opened: they take a second, and most commands do without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine

from video_pipeline import settings as configuration
from video_pipeline import vendor_settings as vendor_configuration
from video_pipeline.cores import Cores, at_process_end
from video_pipeline.domain.addresses import Target, is_private_host
from video_pipeline.domain.announcements import ANNOUNCERS, PATH
from video_pipeline.domain.errors import InvalidInputError
from video_pipeline.outbound import HttpMessenger
from video_pipeline.ports import (
    AccessStore,
    AmbienceProvider,
    Backups,
    ImageProvider,
    JobStore,
    MediaStore,
    MediaTools,
    Messenger,
    MusicProvider,
    Outbox,
    PromptWriter,
    Scanner,
    VideoEngine,
)
from video_pipeline.providers.http import Account
from video_pipeline.providers.workshop import Workshop
from video_pipeline.scanner import CommandScanner
from video_pipeline.secrecy import mask_logs
from video_pipeline.settings import Settings
from video_pipeline.steps.roster import Roster
from video_pipeline.steps.studio import Studio, check_usable, check_usable_engine
from video_pipeline.store import (
    EmbeddedPostgres,
    LocalMediaStore,
    PostgresAccess,
    PostgresBackups,
    PostgresJobStore,
    PostgresOutbox,
    admit_providers,
    connect,
    migrate,
    rewritten_url,
    server_facts,
    url_of_schema,
)
from video_pipeline.vendor_settings import KEYS, VendorSettings

APPLICATION_DATABASE = "video_pipeline"
DAGSTER_DATABASE = "dagster"
DAGSTER_SCHEMA = "dagster"
"""On a configured server a schema, because not everybody may create a database there."""


@lru_cache
def settings() -> Settings:
    """The settings of this process; from now on its logs show no key."""
    vendor_settings()
    return configuration.load()


@lru_cache
def vendor_settings() -> VendorSettings:
    """What is configured about vendors; from now on the logs of this process show none of their keys."""
    loaded = vendor_configuration.load()
    mask_logs(loaded.secrets)
    return loaded


@lru_cache
def cores() -> Cores:
    """The worker processes of this process."""
    return Cores(settings().workers)


@lru_cache
def _embedded_server() -> EmbeddedPostgres:
    chosen_by = settings()
    server = EmbeddedPostgres(chosen_by.postgres_dir, user=chosen_by.postgres_user, state_dir=chosen_by.state_dir)
    server.start()
    at_process_end(server.stop, priority=10)
    return server


def database_url() -> str:
    """The studio's database: the configured one, or the embedded server's, which is started by asking."""
    configured = settings().database_url
    return rewritten_url(configured) if configured else _embedded_server().url(APPLICATION_DATABASE)


def dagster_url() -> str:
    """Where Dagster keeps its own tables: configured, or beside the studio's on the same server."""
    configured = settings().dagster_database_url
    if configured:
        return rewritten_url(configured)
    if settings().database_url:
        return url_of_schema(engine(), DAGSTER_SCHEMA)
    return _embedded_server().url(DAGSTER_DATABASE)


def engine(url: str | None = None) -> Engine:
    """The engine of a migrated database; by default of this installation's."""
    return _migrated_engine(url or database_url())


@lru_cache
def _migrated_engine(url: str) -> Engine:
    opened = connect(url)
    migrate(opened)
    return opened


@lru_cache
def job_store(url: str | None = None) -> JobStore:
    """The books; by default of this installation."""
    return PostgresJobStore(engine(url))


@lru_cache
def access_store(url: str | None = None) -> AccessStore:
    """Who may do what; by default in this installation."""
    return PostgresAccess(engine(url))


@lru_cache
def outbox(url: str | None = None) -> Outbox:
    """Webhooks and what they are still to be told; by default of this installation."""
    return PostgresOutbox(engine(url))


@lru_cache
def messenger() -> Messenger:
    """What sends to webhooks."""
    return HttpMessenger(allow_private=settings().webhook_private)


@lru_cache
def media_store(root: str | None = None) -> MediaStore:
    """The files; by default of this installation."""
    return LocalMediaStore(Path(root).resolve() if root else settings().storage)


@lru_cache
def media_tools(binary: str | None = None) -> MediaTools:
    """The render engine; by default with this installation's ffmpeg."""
    from video_pipeline.ffmpeg import FfmpegTools, find_ffmpeg

    configured = Path(binary) if binary else settings().ffmpeg_binary
    limit = int(settings().cache_limit_gib * 2**30)
    return FfmpegTools(
        find_ffmpeg(configured),
        cores(),
        settings().cache,
        cache_limit_bytes=limit,
        encoder=settings().encoder,
    )


@lru_cache
def _admit_providers() -> None:
    """Let the schema know every provider of the registry, so that a new one needs no migration."""
    from video_pipeline.providers import registry

    admit_providers(engine(), music=tuple(registry.MUSIC), visual=tuple(registry.IMAGES))


def _workshop() -> Workshop:
    from video_pipeline.providers import registry

    configured = vendor_settings()
    registry.check_known("VIDEO_PIPELINE_PRICES", configured.prices)
    registry.check_known("VIDEO_PIPELINE_LIMITS", configured.limits)
    return Workshop(
        cores(),
        settings().library,
        vendor_accounts(),
        webhooks=vendor_webhooks(),
        pace=configured.vendor_pace,
        models={"gemini": configured.gemini_image_model},
        prices=configured.prices,
        limits={vendor: each.model_dump(exclude_none=True) for vendor, each in configured.limits.items()},
    )


@lru_cache
def music_providers() -> dict[str, MusicProvider]:
    """Providers of music, by name."""
    from video_pipeline.providers import registry

    _admit_providers()
    return registry.music_providers(_workshop())


@lru_cache
def ambience_providers() -> dict[str, AmbienceProvider]:
    """Providers of ambience, by name."""
    from video_pipeline.providers import registry

    return registry.ambience_providers(_workshop())


@lru_cache
def image_providers() -> dict[str, ImageProvider]:
    """Providers of pictures, by name."""
    from video_pipeline.providers import registry

    _admit_providers()
    return registry.image_providers(_workshop())


@lru_cache
def video_engines() -> dict[str, VideoEngine]:
    """Engines that make clips, by name."""
    from video_pipeline.providers import registry

    return registry.video_engines(_workshop())


def fallbacks() -> Mapping[str, tuple[str, ...]]:
    """Whom to ask after a provider that cannot; InvalidInputError when one is unknown, or makes something else."""
    from video_pipeline.providers import registry

    chains = vendor_settings().fallbacks
    registry.check_chains("VIDEO_PIPELINE_FALLBACKS", chains)
    return chains


def thumbnail_provider() -> str | None:
    """Who is asked for pictures for thumbnails alone; InvalidInputError when that is nobody who is known."""
    return _painter(vendor_settings().thumbnail_provider, "THUMBNAIL_PROVIDER")


def refinement_provider() -> str | None:
    """Who makes pictures anew, if somebody else than made them; InvalidInputError when nobody knows them."""
    return _painter(vendor_settings().refinement_provider, "REFINEMENT_PROVIDER")


def _painter(name: str | None, setting: str) -> str | None:
    from video_pipeline.providers import registry

    if name is not None:
        registry.check_known(f"VIDEO_PIPELINE_{setting}", [name], registry.IMAGES)
    return name


@lru_cache
def vendor_accounts() -> Mapping[str, Account]:
    """What this installation has with each vendor, by name."""
    configured = vendor_settings()
    return {
        vendor: Account(vendor, url := configured.base_url(vendor), configured.keys(vendor), _media_of(vendor, url))
        for vendor in KEYS
    }


def vendor_secrets() -> dict[str, str]:
    """What vendors prove with that a letter is theirs, by vendor, where it is configured."""
    configured = vendor_settings()
    found = {vendor: configured.keys(vendor).get(each.secret) for vendor, each in ANNOUNCERS.items()}
    return {vendor: secret for vendor, secret in found.items() if secret}


def vendor_webhooks() -> dict[str, str]:
    """Where vendors may write to, by vendor: where their letters can be told from others', and the way is private."""
    studio_url = settings().studio_url
    if not studio_url.startswith("https://"):
        return {}
    return {vendor: studio_url + PATH.format(vendor=vendor) for vendor in vendor_secrets()}


def _media_of(vendor: str, base_url: str) -> Messenger:
    """What fetches a vendor's media; a vendor out in the world has none in this network."""
    return HttpMessenger(
        allow_private=is_private_host(Target.parse(base_url).host),
        remedy=f"a vendor in this network has a VIDEO_PIPELINE_{vendor.upper()}_BASE_URL in it",
    )


@lru_cache
def prompt_writer() -> PromptWriter:
    """The writer of prompts; InvalidInputError when one is chosen whose key is missing."""
    from video_pipeline.providers import registry
    from video_pipeline.providers.writers import Tariff

    writing = vendor_settings().writing
    if writing is None:
        return registry.prompt_writer()
    account, tariff = vendor_accounts()[writing.vendor], Tariff(writing.read_usd, writing.written_usd)
    return registry.prompt_writer(registry.Assignment(account, writing.model, tariff))


def backups() -> Backups:
    """Copies of this installation's books and files."""
    return PostgresBackups(engine(), media_store(), replaced=settings().root / "replaced")


def scanner() -> Scanner | None:
    """What decides about uploads; None when nobody named a command."""
    command = settings().scanner
    return None if command is None else CommandScanner(command)


def studio() -> Studio:
    """All tools of this installation."""
    return Studio(
        jobs=job_store(),
        media=media_store(),
        tools=media_tools(),
        music=music_providers(),
        ambience=ambience_providers(),
        images=image_providers(),
        engines=video_engines(),
        writer=prompt_writer(),
        thumbnail_provider=thumbnail_provider(),
        refinement_provider=refinement_provider(),
        plans=vendor_settings().plans,
        fallbacks=fallbacks(),
        web=messenger(),
        scanner=scanner(),
    )


def roster() -> Roster:
    """Everybody who can be asked, also where the writer that is configured lacks its key."""
    writer, missing = None, ""
    try:
        writer = prompt_writer()
    except InvalidInputError as error:
        missing = str(error)
    return Roster(
        music=music_providers(),
        images=image_providers(),
        engines=video_engines(),
        ambience=ambience_providers(),
        writer=writer,
        writer_missing=missing,
        idle_writers=_idle_writers(),
        thumbnails=thumbnail_provider(),
        refinements=refinement_provider(),
        fallbacks=fallbacks(),
    )


def _idle_writers() -> dict[str, str]:
    """Vendors of language models that nobody has chosen as the writer, each with what chooses it, in words."""
    from video_pipeline.providers import registry

    writing = vendor_settings().writing
    chosen = "grammar" if writing is None else writing.vendor
    return {
        vendor: f"{vendor} writes nothing here, {chosen} does; it would with VIDEO_PIPELINE_WRITER={vendor} and what "
        "docs/providers.md names beside that"
        for vendor in registry.MODELS
        if vendor != chosen
    }


def check_providers(music: str, images: str, engine: str) -> None:
    """Raise InvalidInputError when a provider or engine of that name does not exist, or lacks its key."""
    check_usable(music_providers(), music)
    check_usable(image_providers(), images)
    check_usable_engine(video_engines(), engine)


def database_facts() -> dict[str, str]:
    """Which server is used, where, and the version of the schema, which is brought up to date by asking."""
    opened = engine()
    facts = server_facts(opened)
    return {
        "server": f"PostgreSQL {facts.version}",
        "where": facts.where,
        "embedded": "no" if settings().database_url else "yes",
        "schema_version": facts.schema_version,
    }
