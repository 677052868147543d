"""The manifest of takes: which sound is whose line. One format between stages, store and report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dubbing_pipeline.engines.base import Speech
from dubbing_pipeline.media.flac import SpanReader, write_flac
from dubbing_pipeline.stages.artifacts import ArtifactStore, put_json, read_json


@dataclass(frozen=True, slots=True)
class Take:
    """One line's sound.

    ``take`` is the artifact as spoken and trimmed, ``natural_ms`` its length at the voice's own
    pace, ``voice`` who spoke. ``placed`` is the
    one brought to its planned length, at the mix's sample rate; "" before it is fitted.
    """

    take: str
    natural_ms: int
    voice: str
    placed: str = ""


Takes = Mapping[int, Take]


def put_takes(artifacts: ArtifactStore, key: str, takes: Takes) -> str:
    lines = {str(line): asdict(take) for line, take in sorted(takes.items())}
    return put_json(artifacts, key, {"lines": lines})


def read_takes(artifacts: ArtifactStore, key: str) -> dict[int, Take]:
    stored = read_json(artifacts, key)
    return {int(line): Take(**take) for line, take in stored["lines"].items()}


def put_speech(artifacts: ArtifactStore, key: str, speech: Speech) -> str:
    """Store mono sound as 16-bit FLAC: the same bytes for the same samples."""
    path = artifacts.scratch(".flac")
    write_flac(path, speech.samples[:, None], sample_rate_hz=speech.sample_rate_hz)
    artifacts.put(key, path)
    return key


def read_speech(artifacts: ArtifactStore, key: str) -> Speech:
    with SpanReader(artifacts.fetch(key)) as file:
        return Speech(file.read(0, file.frames)[:, 0], file.sample_rate_hz)


def take_frames(artifacts: ArtifactStore, key: str) -> tuple[int, int]:
    """Tell a take's length in samples, and its sample rate in Hz."""
    with SpanReader(artifacts.fetch(key)) as file:
        return file.frames, file.sample_rate_hz
