"""What engines are told about this installation: values only, read at the doors."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

PACKAGES_FIX = "./scripts/setup"
"""Brings the Python packages and programs that engines need."""
MULTILINGUAL_FIX = "dub engines install whisper-small"
"""Brings the smallest recogniser that does well in many languages."""
HUB_URL = "https://huggingface.co"
"""Where pinned models are fetched from."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible service. ``url`` is the prefix of its paths, version part included.

    A path such as ``/audio/speech`` is appended to it. ``model`` is the name the service knows.
    """

    url: str
    model: str
    key: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Folders, permissions and endpoints for engines.

    ``models_dir`` holds what people put there and what ``dub engines install`` fetched;
    ``cache_dir`` holds what can be made again. ``hub_dir`` is a local model hub cache, read
    only. ``offline`` forbids every engine that needs the network, and every download.
    """

    models_dir: Path
    cache_dir: Path
    hub_dir: Path | None = None
    allow_downloads: bool = False
    offline: bool = False
    hub_url: str = HUB_URL
    threads: int = 1
    stt: Endpoint | None = None
    llm: Endpoint | None = None
    tts: Endpoint | None = None
