"""A second pair of ears: does a recogniser understand what the dub says?"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.lines import Lines
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.whisper import SAMPLE_RATE_HZ, open_whisper
from scoring.words import word_errors


def heard_back(stem: Path, lines: Lines) -> float:
    """Recognise the English voices of a dub.

    Returns:
        Word error rate against the words that the dub was to say.
    """
    wanted = " ".join(line["target"] for line in lines if line["audio_mode"] == "tts")
    with TemporaryDirectory() as empty:
        settings = EngineSettings(models_dir=Path(empty), cache_dir=Path(empty), offline=True)
        whisper = open_whisper(settings, "tiny.en")
        transcript = whisper.transcribe(_sound(stem), language="en", tick=lambda _: None)
    heard = " ".join(segment.text for segment in transcript.segments)
    return word_errors(wanted, heard).rate


def _sound(stem: Path) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "flac", "-i", str(stem)]
    form = ["-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-f", "f32le", "-"]
    raw = subprocess.run([*command, *form], check=True, capture_output=True).stdout
    return np.frombuffer(raw, dtype="<f4")
