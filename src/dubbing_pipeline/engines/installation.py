"""What engines are told about this installation, taken from its settings."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from dubbing_pipeline.config.settings import Settings
from dubbing_pipeline.engines.settings import Endpoint, EngineSettings


def engine_settings(
    settings: Settings, environ: Mapping[str, str], *, threads: int
) -> EngineSettings:
    """Hand over what engines may know.

    Args:
        settings: All settings.
        environ: Says where the local model hub cache is, by the hub's own names.
        threads: Processor threads that one engine may use.
    """
    public, secret = settings.public, settings.secret
    return EngineSettings(
        models_dir=public.models_dir,
        cache_dir=public.cache_dir,
        hub_dir=hub_folder(environ),
        allow_downloads=public.allow_downloads,
        offline=public.offline,
        threads=threads,
        stt=_endpoint(public.stt_url, public.stt_model, secret.stt_key),
        llm=_endpoint(public.llm_url, public.llm_model, secret.llm_key),
        tts=_endpoint(public.tts_url, public.tts_model, secret.tts_key),
    )


def hub_folder(environ: Mapping[str, str]) -> Path | None:
    """Find the model hub's cache: ``HF_HUB_CACHE``, ``HF_HOME``, the user's cache folder."""
    if told := environ.get("HF_HUB_CACHE"):
        return Path(told)
    if told := environ.get("HF_HOME"):
        return Path(told, "hub")
    if told := environ.get("XDG_CACHE_HOME"):
        return Path(told, "huggingface", "hub")
    home = environ.get("HOME")
    return Path(home, ".cache", "huggingface", "hub") if home else None


def _endpoint(url: str | None, model: str | None, key: SecretStr | None) -> Endpoint | None:
    # The settings refuse one without the other.
    return None if url is None or model is None else Endpoint(url, model, key)
