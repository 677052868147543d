"""Made-up conversations of synthetic voices, to count how many lines get the right speaker."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.stages.speakers import TURN_COST, label_spans
from dubbing_pipeline.stages.voices import measure_voices
from samples.beds import music_and_noise
from samples.programs import ffmpeg, run
from samples.sound import RATE_HZ, Mono, level_to, trim
from scoring.speakers import Turn, score_speakers

HEARD_HZ = 16_000
LINES = 12
NOISE_DB = -10.0
VOICES = {
    "en": ("slt", "rms", "awb", "kal16"),
    "es": ("es", "es+f2", "es+f4", "es+m3"),
    "de": ("de", "de+f2", "de+f4", "de+m7"),
}
TEXTS = Path(__file__).parent / "texts"
"""A file a language, at least as many lines as a conversation has: none is said twice."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Voices of one language, who talk in no fixed order; a seed for what and when."""

    language: str
    voices: tuple[str, ...]
    seed: int


@dataclass(slots=True)
class Bank:
    """What was spoken once is kept: synthesis is most of the time."""

    sounds: dict[tuple[str, str], Mono] = field(default_factory=dict)

    def speak(self, voice: str, text: str) -> Mono:
        """Speak one line: 16 kHz, trimmed, -20 dB below full scale."""
        if (voice, text) not in self.sounds:
            self.sounds[voice, text] = _spoken(voice, text)
        return self.sounds[voice, text]


def conversations(language: str, count: int, seeds: int) -> Iterator[Conversation]:
    """All choices of that many voices, each with several seeds."""
    for voices in combinations(VOICES[language], count):
        for seed in range(seeds):
            yield Conversation(language, voices, seed)


def judge(bank: Bank, conversation: Conversation) -> tuple[float, float, float, float]:
    """Give the share of right lines and whether the number was right, clean and in noise."""
    sound, turns = _played(bank, conversation)
    speech = np.concatenate([sound[turn.start_ms * 16 : turn.end_ms * 16] for turn in turns])
    bed = music_and_noise(len(sound) * RATE_HZ // HEARD_HZ, seed=conversation.seed)[:, 0]
    bed = level_to(_at_16_khz(bed), _db(speech) + NOISE_DB)
    return *_judge(sound, turns), *_judge(sound + bed[: len(sound)], turns)


def _judge(sound: Mono, turns: Sequence[Turn]) -> tuple[float, float]:
    duration_ms = len(sound) // 16

    def read(start_ms: int, end_ms: int) -> Mono:
        inside = sound[max(start_ms, 0) * 16 : max(end_ms, 0) * 16]
        before = max(-start_ms, 0) * 16
        return np.pad(inside, (before, (end_ms - start_ms) * 16 - before - len(inside)))

    spans = [(turn.start_ms, turn.end_ms) for turn in turns]
    frames = measure_voices(
        read, duration_ms, [SpeechSpan(*span) for span in spans], lambda _: None
    )
    labels = label_spans(spans, frames, [TURN_COST] * len(spans))
    found = [
        Turn(turn.start_ms, turn.end_ms, str(label))
        for turn, label in zip(turns, labels, strict=True)
    ]
    as_many = len(set(labels.tolist())) == len({turn.speaker for turn in turns})
    return score_speakers(turns, found).accuracy, float(as_many)


def _played(bank: Bank, conversation: Conversation) -> tuple[Mono, list[Turn]]:
    """Play the lines with pauses of 0.1 to 0.9 s; each voice speaks at least twice."""
    dice = random.Random(f"{conversation}")  # noqa: S311 - a choice of lines
    texts = (TEXTS / f"{conversation.language}.txt").read_text(encoding="utf-8").splitlines()
    dice.shuffle(texts)
    voices = list(conversation.voices) * 2
    voices += dice.choices(conversation.voices, k=LINES - len(voices))
    dice.shuffle(voices)
    parts: list[Mono] = [np.zeros(HEARD_HZ // 2, np.float32)]
    turns: list[Turn] = []
    at = len(parts[0])
    for voice, text in zip(voices, texts, strict=False):
        spoken = bank.speak(voice, text)
        pause = np.zeros(round(dice.uniform(0.1, 0.9) * HEARD_HZ), np.float32)
        turns.append(Turn(at // 16, (at + len(spoken)) // 16, voice))
        parts += [spoken, pause]
        at += len(spoken) + len(pause)
    sound = np.concatenate(parts)
    hiss = np.random.default_rng(conversation.seed).standard_normal(len(sound)) * 1e-4
    return sound + hiss.astype(np.float32), turns


def _spoken(voice: str, text: str) -> Mono:
    with TemporaryDirectory(prefix="voices-") as name:
        folder = Path(name)
        (folder / "text.txt").write_text(text, encoding="utf-8")
        if voice[:2] in {"es", "de"}:
            run(["espeak-ng", "-v", voice, "-f", "text.txt", "-w", "voice.wav"], cwd=folder)
            source = ["-i", "voice.wav"]
        else:
            source = ["-f", "lavfi", "-i", f"flite=textfile=text.txt:voice={voice}"]
        form = ["-ar", str(RATE_HZ), "-ac", "1", "-f", "f32le", "voice.raw"]
        ffmpeg(*source, *form, cwd=folder)
        raw = np.fromfile(folder / "voice.raw", dtype="<f4")
    return level_to(_at_16_khz(trim(raw)), -20.0)


def _at_16_khz(sound: Mono) -> Mono:
    """Take every third sample, after a mean over three: good enough for speech and noise."""
    whole = sound[: len(sound) // 3 * 3].reshape(-1, 3)
    return np.asarray(whole.mean(axis=1), dtype=np.float32)


def _db(sound: Mono) -> float:
    return float(10 * np.log10(np.mean(np.square(sound)) + 1e-12))
