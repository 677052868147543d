"""Engines that a test needs: opened as the program does, missing as in ``tools.need``."""

import re
import subprocess
from pathlib import Path

import soundfile

from dubbing_pipeline.engines.base import Engine, Samples, Task
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import Cancelled, EngineMissing, LanguageUnsupported
from lib.tools import lack, need, need_filter

RATE_HZ = 16_000
SENTENCE = "The old library opens on Monday. Nobody has seen the three grey cats."

DETECTORS = ("silero", "fake")
TRANSCRIBERS = (("whisper", "tiny.en"), ("fake", ""))
TRANSLATORS = ("apertium", "fake")
SYNTHESIZERS = (
    ("espeak", "", "es"),
    ("espeak", "", "en"),
    ("piper", "en", "en"),
    ("fake", "", "es"),
)
"""The local engines: name, model, and a language to try a voice in."""

CACHE = Path(__file__).resolve().parents[2] / ".pytest_cache" / "d" / "engines"


def registry() -> Registry:
    """Give the engines of this machine; nothing of a person's own folders is looked at."""
    return Registry(EngineSettings(models_dir=CACHE / "models", cache_dir=CACHE, threads=1))


def need_engine(engines: Registry, task: Task, name: str, model: str = "") -> Engine:
    """Open an engine, or end the test with what would bring it."""
    try:
        return engines.open(task, name, model)
    except (EngineMissing, LanguageUnsupported) as refusal:
        lack(f"{refusal}")


def spoken(text: str, *, voice: str, folder: Path) -> Samples:
    """Have an English sentence spoken by flite: 16 kHz mono."""
    need_filter("flite")
    target = folder / "spoken.wav"
    source = f"flite=voice={voice}:text='{text}'"
    command = [need("ffmpeg"), "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-ar", "16000", "-ac", "1", str(target)], check=True)
    samples: Samples = soundfile.read(target, dtype="float32")[0]
    return samples


def words(text: str) -> str:
    """Bring a text to words that can be compared: lower case, no marks, one spelling."""
    plain = re.sub(r"[^\w\s]", " ", text.lower())
    return " ".join(plain.split()).replace("gray", "grey")


def silent(_: float) -> None:
    """Tick for calls that shall not be stopped."""


def stop(_: float) -> None:
    raise Cancelled("stages.cancelled")
