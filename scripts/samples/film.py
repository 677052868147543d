"""Puts sound and picture into a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from samples.picture import Picture, make_picture, turn_quarter
from samples.programs import EXACT_OUTPUT, ffmpeg
from samples.sound import RATE_HZ, Channels

Container = Literal["mp4", "mkv", "webm", "mov", "mp3"]

_SOUND_CODECS: dict[Container, tuple[str, ...]] = {
    "mp4": ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "128k"),
    "mkv": ("-c:a", "ac3", "-b:a", "192k"),
    "webm": ("-c:a", "libopus", "-b:a", "96k"),
    "mov": ("-c:a", "pcm_s16le"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
}
_LAYOUTS = {2: "stereo", 6: "5.1"}
_LANGUAGE_TAGS = {"en": "eng", "es": "spa", "de": "deu"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a film is made of; ``sound`` or ``picture`` may be missing, not both.

    ``language`` "" writes no language tag. ``subtitles`` is a file to embed.
    """

    container: Container
    duration_ms: int
    sound: Channels | None
    picture: Picture | None
    language: str = ""
    subtitles: Path | None = None


def make_film(parts: Parts, path: Path) -> None:
    """Encode and join; the same parts give the same bytes on one machine."""
    folder = path.parent
    inputs: list[str] = []
    outputs: list[str] = []
    if parts.picture:
        inputs += _picture_input(parts.picture, folder, parts.duration_ms / 1000)
        outputs += ["-map", "0:v", "-c:v", "copy"]
    if parts.sound is not None:
        outputs += ["-map", f"{inputs.count('-i')}:a", *_SOUND_CODECS[parts.container]]
        inputs += _sound_input(parts.sound, folder)
        if parts.language:
            outputs += ["-metadata:s:a:0", f"language={_LANGUAGE_TAGS[parts.language]}"]
    if parts.subtitles:
        outputs += ["-map", f"{inputs.count('-i')}:s", "-c:s", "srt"]
        outputs += ["-metadata:s:s:0", f"language={_LANGUAGE_TAGS[parts.language]}"]
        inputs += ["-i", str(parts.subtitles)]
    length = ("-t", f"{parts.duration_ms / 1000:.3f}", "-map_metadata", "-1")
    ffmpeg(*inputs, *outputs, *length, *EXACT_OUTPUT, path.name, cwd=folder)
    if parts.picture and parts.picture.turned:
        turn_quarter(path)
    for scratch in folder.glob("scratch.*"):
        scratch.unlink()


def _picture_input(picture: Picture, folder: Path, seconds: float) -> list[str]:
    clip = folder / ("scratch.webm" if picture.codec == "vp9" else "scratch.mp4")
    length_s = make_picture(picture, clip, seconds=seconds)
    repeats = int(-(-seconds // length_s)) - 1
    return ["-stream_loop", str(repeats), "-i", clip.name] if repeats else ["-i", clip.name]


def _sound_input(sound: Channels, folder: Path) -> list[str]:
    raw = folder / "scratch.raw"
    np.rint(sound * 32767.0).clip(-32768, 32767).astype("<i2").tofile(raw)
    channels = sound.shape[1]
    form = ["-f", "s16le", "-ar", str(RATE_HZ), "-ac", str(channels)]
    return [*form, "-channel_layout", _LAYOUTS[channels], "-i", raw.name]
