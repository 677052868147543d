"""A short film and its dub, made from parts, so that any part can be spoilt.

English by flite, the dub in Spanish by espeak-ng. Everything but the stages under test is plain
arithmetic here: the dub is the stem over a lowered original, brought to -16 LUFS.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import (
    EngineRef,
    Speech,
    SpeechDetector,
    Synthesizer,
    Transcriber,
    Translator,
)
from dubbing_pipeline.engines.silero import SileroDetector
from dubbing_pipeline.errors import EngineMissing
from dubbing_pipeline.media.audio import measure_loudness
from dubbing_pipeline.media.flac import write_flac
from dubbing_pipeline.media.stretch import Stretch, stretch_all
from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.artifacts import put_text
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import StageCall
from dubbing_pipeline.stages.documents import timeline_text
from dubbing_pipeline.stages.folder_store import FolderStore
from dubbing_pipeline.stages.take import duration_ms, resized, trim
from dubbing_pipeline.stages.takes import Take, put_speech, put_takes
from dubbing_pipeline.stages.timing import Placing, plan
from lib.tools import need, need_filter
from samples.dialogue import Spoken
from samples.programs import ffmpeg
from samples.voices import speak

RATE_HZ = 48_000
TARGET_LUFS = -16.0

Mono = npt.NDArray[np.float32]

SCRIPT = (
    (
        "Anna",
        "The building will open its doors in September.",
        "Lucia",
        "El edificio abrirá sus puertas en septiembre.",
    ),
    (
        "Ben",
        "We have waited for this day for three years.",
        "Marcos",
        "Hemos esperado este día durante tres años.",
    ),
    ("Anna", "Come in and have a look around.", "Lucia", "Entren y echen un vistazo."),
)


@dataclass(frozen=True)
class Dub:
    """The parts. Sound is mono, 48,000 samples a second."""

    timeline: Timeline
    source: Mono
    spoken: Mapping[int, Mono]
    placed: Mapping[int, Mono]
    stem: Mono

    @property
    def frames(self) -> int:
        return len(self.source)


@cache
def good_dub() -> Dub:
    """Make the parts of a dub that holds what it must."""
    need("ffmpeg")
    need("espeak-ng")
    need_filter("flite")
    voices = speak([Spoken(who, text) for who, text, _, _ in SCRIPT])
    takes = speak([Spoken(who, text) for _, _, who, text in SCRIPT])
    spoken = {
        number: trim(Speech(take, RATE_HZ), line=number).samples
        for number, take in enumerate(takes)
    }
    lines, source = _laid_out(voices)
    placings = [
        Placing(
            line.id,
            line.start_ms,
            line.end_ms,
            line.speaker,
            duration_ms(Speech(spoken[line.id], RATE_HZ)),
        )
        for line in lines
    ]
    film_ms = len(source) * 1000 // RATE_HZ
    fits = plan(placings, film_ms)
    stretched = stretch_all([Stretch(spoken[n], fits[n].tempo) for n in fits], RATE_HZ)
    placed = {
        number: resized(take, (fits[number].end_ms - fits[number].start_ms) * RATE_HZ // 1000)
        for number, take in zip(fits, stretched, strict=True)
    }
    timeline = Timeline(
        "en", "es", film_ms, tuple(replace(line, fit=fits[line.id]) for line in lines)
    )
    return Dub(timeline, source, spoken, placed, laid(timeline, placed, len(source)))


def _laid_out(voices: list[Mono]) -> tuple[list[Line], Mono]:
    """Put the source lines one after the other, with pauses, and a second at the end."""
    at_ms, lines, parts = 600, [], []
    for number, (voice, (speaker, text, _, target)) in enumerate(zip(voices, SCRIPT, strict=True)):
        end_ms = at_ms + len(voice) * 1000 // RATE_HZ
        lines.append(Line(number, at_ms, end_ms, speaker, text, target))
        parts.append((at_ms, voice))
        at_ms = end_ms + 900
    source = np.zeros((at_ms + 400) * RATE_HZ // 1000, np.float32)
    for start_ms, voice in parts:
        begin = start_ms * RATE_HZ // 1000
        source[begin : begin + len(voice)] += voice
    return lines, source


def laid(timeline: Timeline, placed: Mapping[int, Mono], frames: int, shift_ms: int = 0) -> Mono:
    """Lay placed takes into a stem, all of them later by ``shift_ms``."""
    stem = np.zeros(frames, np.float32)
    for line in timeline.lines:
        if line.fit is not None:
            begin = (line.fit.start_ms + shift_ms) * RATE_HZ // 1000
            part = placed[line.id][: max(0, frames - begin)]
            stem[begin : begin + len(part)] += part
    return stem


def stereo(sound: Mono) -> npt.NDArray[np.float32]:
    """Put the same sound on both sides."""
    return np.stack([sound, sound], axis=1)


def without_end(take: Mono, chopped_ms: int) -> Mono:
    """Silence the last of what a take says; its length stays."""
    loud = np.flatnonzero(np.abs(take) > 0.05 * np.abs(take).max())
    cut = take.copy()
    cut[max(0, int(loud[-1]) - chopped_ms * RATE_HZ // 1000) :] = 0
    return cut


@dataclass(frozen=True)
class Studio:
    """Turns parts into files and a call of the stage under test."""

    store: FolderStore
    folder: Path

    def mixed(self, dub: Dub, gain_db: float = 0.0) -> Mono:
        """Lay the stem over the lowered original, at -16 LUFS and a gain."""
        mix = dub.stem + 0.08 * dub.source
        path = self.folder / "loudness.flac"
        path.unlink(missing_ok=True)
        write_flac(path, stereo(mix), sample_rate_hz=RATE_HZ)
        now = measure_loudness(path, duration_ms=dub.timeline.duration_ms).integrated_lufs
        gain = np.float32(10 ** ((TARGET_LUFS - now + gain_db) / 20))
        peaks: Mono = np.clip(mix * gain, -0.75, 0.75)
        return peaks

    def film(
        self, *tracks: tuple[Mono, str], seconds: float | None = None, ending: str = "mp4"
    ) -> Path:
        """Write a film with the same picture each time and these sound tracks, or find it."""
        length_s = seconds or len(tracks[0][0]) / RATE_HZ
        name = _key(f"{length_s}" + "".join(_key(sound.tobytes()) + tag for sound, tag in tracks))
        path = self.folder / f"{name}.{ending}"
        if path.exists():
            return path
        inputs, options = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=25"], []
        for number, (sound, tag) in enumerate(tracks):
            flac = self.folder / f"{name}.{ending}.{number}.flac"
            write_flac(flac, stereo(sound), sample_rate_hz=RATE_HZ)
            inputs += ["-i", str(flac)]
            options += ["-map", f"{number + 1}:a", f"-metadata:s:a:{number}", f"language={tag}"]
        picture = ("-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25")
        coded = ("-c:a", "aac", "-b:a", "128k", "-t", f"{length_s:.3f}")
        ffmpeg(*inputs, *picture, *options, *coded, str(path))
        return path

    def call(self, dub: Dub, film: Path, original: Path) -> StageCall:
        """Store everything under its content, and name it."""
        takes = {
            line: Take(
                self._speech(dub.spoken[line]),
                duration_ms(Speech(dub.spoken[line], RATE_HZ)),
                "es",
                self._speech(dub.placed[line]),
            )
            for line in dub.placed
        }
        text = timeline_text(dub.timeline)
        inputs = {
            "film": self._file(film),
            "input": self._file(original),
            "stem": self._speech(dub.stem),
            "source_speech": self._speech(dub.source),
            "timeline": put_text(self.store, _key(text), text),
            "takes": put_takes(
                self.store, _key(repr({n: asdict(t) for n, t in takes.items()})), takes
            ),
        }
        engines = {"detector": EngineRef("silero", "6")}
        return StageCall("verify", 1, inputs, engines=engines)

    def _speech(self, sound: Mono) -> str:
        return put_speech(self.store, _key(sound.tobytes()), Speech(sound, RATE_HZ))

    def _file(self, path: Path) -> str:
        content = path.read_bytes()
        copy = self.store.scratch()
        copy.write_bytes(content)
        self.store.put(_key(content), copy)
        return _key(content)


def _key(content: str | bytes) -> str:
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()


class Engines:
    """Silero, and a recogniser if one is handed in."""

    def __init__(self, transcriber: Transcriber | None = None) -> None:
        self._transcriber = transcriber

    def speech_detector(self, _ref: EngineRef) -> SpeechDetector:
        return _silero()

    def transcriber(self, ref: EngineRef) -> Transcriber:
        if self._transcriber is None:
            raise EngineMissing("engines.package_missing", engine=ref.name, fix="none")
        return self._transcriber

    def translator(self, ref: EngineRef) -> Translator:
        raise EngineMissing("engines.package_missing", engine=ref.name, fix="none")

    def synthesizer(self, ref: EngineRef) -> Synthesizer:
        raise EngineMissing("engines.package_missing", engine=ref.name, fix="none")


@cache
def _silero() -> SileroDetector:
    return SileroDetector()


def context_of(store: FolderStore, transcriber: Transcriber | None = None) -> StageContext:
    return StageContext(store, Engines(transcriber), lambda _: None)
