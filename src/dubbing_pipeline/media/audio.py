"""A film's sound as FLAC files on the film's own clock, and how loud a file is."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from dubbing_pipeline.errors import InputRefused, ProgramFailed
from dubbing_pipeline.media.ffmpeg import (
    MediaInput,
    MediaOutput,
    Tick,
    bit_exact,
    clock_holders,
    convert,
    no_tick,
)
from dubbing_pipeline.media.streams import AudioStream, MediaInfo

MIX_RATE_HZ = 48_000
SPEECH_RATE_HZ = 16_000
SILENCE_LUFS = -70.0
"""Where the gate of the measure lies: nothing quieter has a loudness."""

_GAP_S = 0.04
"""Holes and overlaps of time stamps longer than this are filled or cut, so that sound keeps to
the picture; shorter ones are the rounding of containers."""

_CUT_SHORT = ("partial file", "File ended prematurely")
"""What ffmpeg's MP4 and Matroska readers say; it goes on then, and would leave silence."""

_FLAC = ("-c:a", "flac", "-compression_level", "5", *bit_exact())


@dataclass(frozen=True, slots=True)
class Loudness:
    """ITU-R BS.1770-4 and EBU Tech 3342, as ffmpeg's ``ebur128`` measures them.

    Silence is -70 LUFS, which is where the gate lies, with a true peak of minus infinity.
    """

    integrated_lufs: float
    true_peak_dbtp: float
    range_lu: float


def decode_film(
    path: Path,
    info: MediaInfo,
    sound: AudioStream,
    *,
    mix: Path,
    speech: Path,
    tick: Tick = no_tick,
) -> None:
    """Decode one sound stream of a film into two FLAC files, in one go.

    Sample 0 is the film's time 0 and the last one its end, whenever the stream itself starts
    and ends; holes in it are silence. More than two channels are mixed down by ITU-R BS.775,
    which keeps the centre, and so the dialogue, and are turned down as far as needed never to
    clip.

    Args:
        path: The film.
        info: What ``probe`` said about it.
        sound: Which stream of it; see ``probe.audio_to_dub``.
        mix: Where to write 48 kHz, stereo, 16 bits.
        speech: Where to write 16 kHz, mono, 16 bits.
        tick: Progress and cancel.

    Raises:
        InputRefused: The film is not a regular file, or it ends before its own index says.
        OutOfSpace: The disk is full.
        ProgramFailed: ffmpeg could not decode it.
    """
    said = convert(
        [MediaInput(path)],
        [
            MediaOutput(mix, "flac", ("-map", "[mix]", *_FLAC)),
            MediaOutput(speech, "flac", ("-map", "[speech]", *_FLAC)),
            *clock_holders(info),
        ],
        graph=_graph(info, sound),
        duration_ms=info.duration_ms,
        tick=tick,
    )
    if any(words in said for words in _CUT_SHORT):
        raise InputRefused("media.cut_short")


def measure_loudness(path: Path, *, duration_ms: int, tick: Tick = no_tick) -> Loudness:
    """Measure a FLAC file of ours.

    Raises:
        ProgramFailed: ffmpeg could not read it.
    """
    summary = _ebur128(path, "peak=true:", duration_ms=duration_ms, tick=tick)
    return Loudness(
        integrated_lufs=_number("I", summary),
        true_peak_dbtp=_number("Peak", summary),
        range_lu=_number("LRA", summary),
    )


def measure_lufs(path: Path, *, duration_ms: int, tick: Tick = no_tick) -> float:
    """Measure the integrated loudness alone: a third of the time, peaks are what is dear.

    Raises:
        ProgramFailed: ffmpeg could not read it.
    """
    return _number("I", _ebur128(path, "", duration_ms=duration_ms, tick=tick))


def _ebur128(path: Path, peak: str, *, duration_ms: int, tick: Tick) -> str:
    report = convert(
        [MediaInput(path, demuxer="flac")],
        [MediaOutput(None, "null")],
        graph=f"[0:a]ebur128={peak}framelog=verbose",
        duration_ms=duration_ms,
        tick=tick,
        log_level="info",
    )
    return report.rpartition("Summary:")[2]


def _graph(info: MediaInfo, sound: AudioStream) -> str:
    on_clock = f"aresample=async=1:first_pts=0:min_hard_comp={_GAP_S}"
    # Left to itself, ffmpeg turns mono down by 3 dB on its way to two channels.
    stereo = "pan=stereo|c0=c0|c1=c0," if sound.channels == 1 else ""
    mix = f"{stereo}aformat=sample_fmts=s16:channel_layouts=stereo"
    speech = "aformat=sample_fmts=s16:channel_layouts=mono"
    branches = (
        f"[0:{sound.index}]{on_clock},asplit=2[full][voice]",
        f"[full]aresample={MIX_RATE_HZ},{mix},{_cut(info, MIX_RATE_HZ)}[mix]",
        f"[voice]aresample={SPEECH_RATE_HZ},{speech},{_cut(info, SPEECH_RATE_HZ)}[speech]",
    )
    return ";".join(branches)


def _cut(info: MediaInfo, rate_hz: int) -> str:
    samples = round(info.duration_ms * rate_hz / 1000)
    return f"apad=whole_len={samples},atrim=end_sample={samples}"


def _number(name: str, summary: str) -> float:
    found = re.search(rf"^\s*{name}:\s+(-?inf|nan|-?[0-9.]+)", summary, re.MULTILINE)
    if found is None:
        raise ProgramFailed("media.no_measurement", name=name, detail=summary)
    value = float(found[1])
    return -math.inf if math.isnan(value) else value
