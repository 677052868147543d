"""Voices of the samples: flite for English, espeak-ng for the rest.

English is spoken by flite because recognisers understand it as well as a person (espeak-ng's
English has a word error rate of .2 to .9); the flite library comes with Debian's ffmpeg.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from samples.dialogue import Spoken
from samples.programs import ffmpeg, run
from samples.sound import RATE_HZ, Mono, level_to, trim

SPEECH_DBFS = -20.0
"""Level of each spoken line, its root mean square in dB below full scale."""

_BATCH = 24


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker of the samples. ``pan`` is -1 (left) to 1 (right)."""

    speaker: str
    language: str
    program: str
    name: str
    gender: str
    pan: float


VOICES = {
    voice.speaker: voice
    for voice in (
        Voice("Anna", "en", "flite", "slt", "f", -0.3),
        Voice("Ben", "en", "flite", "rms", "m", 0.3),
        Voice("Carl", "en", "flite", "awb", "m", 0.0),
        Voice("Lucia", "es", "espeak-ng", "es+f2", "f", -0.3),
        Voice("Marcos", "es", "espeak-ng", "es+m3", "m", 0.3),
        Voice("Greta", "de", "espeak-ng", "de+f2", "f", -0.3),
        Voice("Hans", "de", "espeak-ng", "de+m3", "m", 0.3),
    )
}


def speak(lines: Sequence[Spoken]) -> list[Mono]:
    """Speak lines in their voices, each trimmed to its sound and set to one level.

    Returns:
        One array a line, shape ``(n,)``, 48,000 a second.
    """
    with TemporaryDirectory(prefix="samples-") as name:
        folder = Path(name)
        for index, line in enumerate(lines):
            (folder / f"{index}.txt").write_text(line.text, encoding="utf-8")
            _prepare(folder, index, VOICES[line.speaker])
        for start in range(0, len(lines), _BATCH):
            _render(folder, start, lines[start : start + _BATCH])
        raws = [np.fromfile(folder / f"{index}.raw", dtype="<f4") for index in range(len(lines))]
    return [level_to(trim(raw), SPEECH_DBFS) for raw in raws]


def _prepare(folder: Path, index: int, voice: Voice) -> None:
    """Let espeak-ng speak; flite's lines are spoken by ffmpeg itself."""
    if voice.program == "espeak-ng":
        run(
            ["espeak-ng", "-v", voice.name, "-f", f"{index}.txt", "-w", f"{index}.wav"],
            cwd=folder,
        )


def _render(folder: Path, start: int, lines: Sequence[Spoken]) -> None:
    """Bring a batch of lines to 48 kHz with one process; starting one takes longer than a line."""
    inputs: list[str] = []
    outputs: list[str] = []
    for offset, line in enumerate(lines):
        index, voice = start + offset, VOICES[line.speaker]
        inputs += _input(index, voice)
        outputs += ["-map", f"{offset}:a", "-ar", str(RATE_HZ), "-ac", "1"]
        outputs += ["-f", "f32le", f"{index}.raw"]
    ffmpeg(*inputs, *outputs, cwd=folder)


def _input(index: int, voice: Voice) -> list[str]:
    if voice.program == "flite":
        return ["-f", "lavfi", "-i", f"flite=textfile={index}.txt:voice={voice.name}"]
    return ["-i", f"{index}.wav"]
