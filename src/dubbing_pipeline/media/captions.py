"""Writes subtitles: SRT and WebVTT, two lines of 42 characters at most."""

import html
import textwrap
from collections.abc import Iterable

from dubbing_pipeline.media.cues import Cue, share_time

LINE_LETTERS = 42
"""Longest line and, doubled, longest text on the screen at once: the usual rule of
broadcasters for languages written in the Latin alphabet."""


def srt_text(cues: Iterable[Cue]) -> str:
    """Write SubRip. Long texts become several cues; order is by start."""
    blocks = (
        f"{number}\n{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}\n{_srt_safe(cue)}\n"
        for number, cue in enumerate(lay_out(cues), 1)
    )
    return "\n".join(blocks)


def vtt_text(cues: Iterable[Cue]) -> str:
    """Write WebVTT, with speakers as voices. Long texts become several cues."""
    blocks = (
        f"{_stamp(cue.start_ms, '.')} --> {_stamp(cue.end_ms, '.')}\n{_vtt_safe(cue)}\n"
        for cue in lay_out(cues)
    )
    return "\n".join(["WEBVTT\n", *blocks])


def lay_out(cues: Iterable[Cue]) -> list[Cue]:
    """Break texts into lines, and long texts into cues, that can be read; order by start."""
    ordered = sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))
    return [part for cue in ordered for part in _pages(cue)]


def _pages(cue: Cue) -> list[Cue]:
    lines = _even_lines(" ".join(cue.text.split()))
    return share_time(cue, ["\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)])


def _even_lines(words: str) -> list[str]:
    """Break text into as few lines as it needs, about equally long."""
    needed = len(textwrap.wrap(words, LINE_LETTERS))
    for width in range(len(words) // max(needed, 1), LINE_LETTERS):
        lines = textwrap.wrap(words, max(width, 1))
        if len(lines) == needed:
            return lines
    return textwrap.wrap(words, LINE_LETTERS)


def _srt_safe(cue: Cue) -> str:
    return cue.text.replace("-->", "->")


def _vtt_safe(cue: Cue) -> str:
    text = html.escape(cue.text, quote=False)
    return f"<v {html.escape(cue.speaker, quote=False)}>{text}" if cue.speaker else text


def _stamp(at_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(at_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
