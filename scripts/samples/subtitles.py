"""Subtitle files beside a sample."""

from pathlib import Path

import pysubs2

from samples.truth import Truth


def write_subtitles(truth: Truth, path: Path, *, name_speakers: bool) -> None:
    """Write what is said as SRT, one cue a line, on request with ``Speaker:`` before it."""
    subtitles = pysubs2.SSAFile()
    for line in truth.lines:
        text = f"{line.speaker}: {line.text}" if name_speakers else line.text
        subtitles.append(pysubs2.SSAEvent(start=line.start_ms, end=line.end_ms, text=text))
    path.write_text(subtitles.to_string("srt"), encoding="utf-8")
