"""What has to be right between settings, not within one."""

from collections.abc import Callable, Iterator

from dubbing_pipeline.config.public_config import PublicConfig
from dubbing_pipeline.config.secret_config import SecretConfig
from dubbing_pipeline.errors import SettingsError

_Check = Callable[[PublicConfig, SecretConfig], Iterator[SettingsError]]

_TAKEN_FILES = frozenset({"documents.db", "master.key"})


def cross_check(public: PublicConfig, secret: SecretConfig) -> list[SettingsError]:
    """Find every combination that cannot work."""
    return [problem for check in _CHECKS for problem in check(public, secret)]


def _lease(public: PublicConfig, _: SecretConfig) -> Iterator[SettingsError]:
    if public.lease_ttl_s >= public.redis_queue_visibility_timeout_s:
        yield SettingsError(
            "config.lease_too_long",
            key="DUBBING_PIPELINE_LEASE_TTL_S",
            value=public.lease_ttl_s,
            other="REDIS_QUEUE_VISIBILITY_TIMEOUT_S",
            limit=public.redis_queue_visibility_timeout_s,
        )


def _redis(public: PublicConfig, secret: SecretConfig) -> Iterator[SettingsError]:
    if public.queue_backend == "redis" and secret.redis_url is None:
        yield _needs("QUEUE_BACKEND", "redis", "REDIS_URL")


def _network(public: PublicConfig, _: SecretConfig) -> Iterator[SettingsError]:
    if public.offline and public.allow_downloads:
        yield SettingsError(
            "config.contradiction",
            key="DUBBING_PIPELINE_OFFLINE",
            value="1",
            other="DUBBING_PIPELINE_ALLOW_DOWNLOADS",
            other_value="1",
        )


def _cloudflare(public: PublicConfig, _: SecretConfig) -> Iterator[SettingsError]:
    if public.remote_access_mode == "cloudflare":
        if public.cloudflare_team_domain is None:
            yield _needs("REMOTE_ACCESS_MODE", "cloudflare", "CLOUDFLARE_TEAM_DOMAIN")
        if public.cloudflare_aud is None:
            yield _needs("REMOTE_ACCESS_MODE", "cloudflare", "CLOUDFLARE_AUD")


def _databases(public: PublicConfig, _: SecretConfig) -> Iterator[SettingsError]:
    auth, jobs = public.auth_db_name, public.jobs_db_name
    names = {"DUBBING_PIPELINE_AUTH_DB_NAME": auth, "DUBBING_PIPELINE_JOBS_DB_NAME": jobs}
    for key, value in names.items():
        if value in _TAKEN_FILES or auth == jobs:
            yield SettingsError("config.file_name_taken", key=key, value=value)


def _sessions(public: PublicConfig, _: SecretConfig) -> Iterator[SettingsError]:
    if public.session_idle_days > public.session_max_days:
        yield SettingsError(
            "config.session_order",
            key="DUBBING_PIPELINE_SESSION_IDLE_DAYS",
            value=public.session_idle_days,
            other="DUBBING_PIPELINE_SESSION_MAX_DAYS",
            limit=public.session_max_days,
        )


def _endpoints(public: PublicConfig, secret: SecretConfig) -> Iterator[SettingsError]:
    """An address needs a model; a model or a key alone would be ignored in silence."""
    for task in ("stt", "llm", "tts"):
        name = f"DUBBING_PIPELINE_{task.upper()}"
        url, model = getattr(public, f"{task}_url"), getattr(public, f"{task}_model")
        if url is not None and model is None:
            yield _needs(f"{name}_URL", url, f"{name}_MODEL")
        if url is None and model is not None:
            yield _needs(f"{name}_MODEL", model, f"{name}_URL")
        if url is None and getattr(secret, f"{task}_key") is not None:
            yield _needs(f"{name}_KEY", "***", f"{name}_URL")


def _needs(key: str, value: str, other: str) -> SettingsError:
    return SettingsError("config.needs", key=key, value=value, other=other)


_CHECKS: tuple[_Check, ...] = (
    _lease,
    _redis,
    _network,
    _cloudflare,
    _databases,
    _sessions,
    _endpoints,
)
