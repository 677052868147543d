"""Reads a user's subtitles: SRT, WebVTT, ASS and SSA. ffmpeg never sees them.

SRT and WebVTT are read here, line by line, so that a refusal names the line; the tag language
of ASS is read by pysubs2. (pysubs2's own WebVTT reader takes notes and cue names for text.)
"""

import html
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pysubs2

from dubbing_pipeline.errors import InputRefused
from dubbing_pipeline.media.cues import Cue, name_speakers, part_dialogue, share_time
from dubbing_pipeline.media.source import opened

MAX_BYTES = 16 << 20
MAX_CUES = 20_000
MAX_LETTERS = 2_000
MAX_LINE = 10_000
MAX_TIME_MS = 24 * 3600 * 1000

_STAMP = r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})[.,]([0-9]{1,3})"
_TIMING = re.compile(rf"\s*{_STAMP}\s*-->\s*{_STAMP}(?:\s.*)?")
_DIALOGUE = re.compile(
    r"Dialogue:\s*(?P<layer>Marked=[01]|[0-9]{1,9})"
    r"(?:,\s*[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}[.,][0-9]{1,3}\s*){2}"
    r",[^,]*,[^,]*(?:,\s*[0-9]{1,9}\s*){3},[^,]*,.*"
)
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^<>]*>")
_ENCODINGS = (
    ("utf-8", b"\xef\xbb\xbf"),
    ("utf-16-le", b"\xff\xfe"),
    ("utf-16-be", b"\xfe\xff"),
    ("utf-8", b""),
    ("utf-16-le", b""),
    ("utf-16-be", b""),
    ("cp1252", b""),
)
"""Encodings in the order they are tried, each with the mark a file must begin with."""

_FOREIGN_SHARE = 0.25


def read_subtitles(path: Path) -> tuple[Cue, ...]:
    """Read a subtitle file.

    Args:
        path: A regular file; its name does not matter, what is in it does.

    Returns:
        Cues with text in order of their start; they may overlap. Tags are gone, names of
        speakers are in ``speaker``, a cue in which several people speak is parted.

    Raises:
        InputRefused: It is no such file, its encoding cannot be told, it goes over a limit, or
            a line is wrong: then the message has its number and what was expected.
    """
    with opened(path) as descriptor:
        if os.fstat(descriptor).st_size > MAX_BYTES:
            raise InputRefused(
                "media.subtitles_too_large", path=str(path), limit_mib=MAX_BYTES >> 20
            )
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read(MAX_BYTES)
    return parse_subtitles(data, name=path.name)


def parse_subtitles(data: bytes, *, name: str = "subtitles") -> tuple[Cue, ...]:
    """Read the bytes of a subtitle file; see ``read_subtitles``.

    Args:
        data: The file.
        name: What to call it in messages.
    """
    text = decode(data, name=name).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    for row, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise InputRefused("media.line_too_long", name=name, line=row, limit=MAX_LINE)
    cues: list[Cue] = []
    for cue in _reader(text)(lines, name):
        if not cue.text:
            continue
        _check(cue, name)
        cues.append(cue)
        if len(cues) > MAX_CUES:
            raise InputRefused("media.too_many_cues", name=name, limit=MAX_CUES)
    if not cues:
        raise InputRefused("media.no_cues", name=name)
    cues.sort(key=lambda cue: (cue.start_ms, cue.end_ms, cue.row))
    return tuple(part_dialogue(name_speakers(_distinct(cues))))


def _distinct(cues: list[Cue]) -> list[Cue]:
    """Drop doubles: ASS shows one text several times to colour it."""
    return list({replace(cue, row=0): cue for cue in cues}.values())


def decode(data: bytes, *, name: str) -> str:
    """Turn bytes into text: by its byte order mark, as UTF-8, as UTF-16, else as Windows-1252.

    Windows-1252 can read almost anything, so it is only believed where at most a quarter of
    the letters are not ASCII, as in western languages.

    Raises:
        InputRefused: None of them fits; the file should be saved as UTF-8.
    """
    for encoding, mark in _ENCODINGS:
        if not data.startswith(mark):
            continue
        try:
            text = data[len(mark) :].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and (encoding != "cp1252" or _is_western(text)):
            return text
    raise InputRefused("media.subtitle_encoding", name=name)


def _is_western(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(1 for letter in letters if not letter.isascii())
    return foreign <= _FOREIGN_SHARE * len(letters)


_Reader = Callable[[list[str], str], Iterator[Cue]]


def _reader(text: str) -> _Reader:
    start = text.lstrip()
    if start.startswith("WEBVTT"):
        return _read_vtt
    if start.startswith("[Script Info]") or "\n[Events]" in text:
        return _read_ass
    return _read_srt


def _read_srt(lines: list[str], name: str) -> Iterator[Cue]:
    """Read SubRip. A number above a time is its index; empty lines inside a text are dropped."""
    current: Cue | None = None
    body: list[tuple[int, str]] = []
    for row, line in enumerate(lines, 1):
        if "-->" in line:
            if current is not None:
                yield _tidied(current, _without_index(current, body, row))
            current, body = _timed(line, row, name), []
        elif current is None and line.strip() and not line.strip().isdigit():
            raise _refused(line, row, name)
        elif line.strip():
            body.append((row, line))
    if current is not None:
        yield _tidied(current, [text for _, text in body])


def _without_index(cue: Cue, body: list[tuple[int, str]], next_row: int) -> list[str]:
    """Drop the index of the next cue: a number right above its time, or alone between gaps."""
    texts = [text for _, text in body]
    if not body or not texts[-1].strip().isdigit():
        return texts
    row = body[-1][0]
    above = body[-2][0] if len(body) > 1 else cue.row
    is_index = row == next_row - 1 or row - above > 1
    return texts[:-1] if is_index else texts


def _read_vtt(lines: list[str], name: str) -> Iterator[Cue]:
    """Read WebVTT: a cue ends at an empty line; what stands between cues is no text."""
    current: Cue | None = None
    body: list[str] = []
    for row, line in enumerate([*lines, ""], 1):
        if current is not None and ("-->" in line or not line.strip()):
            yield from _voices(current, "\n".join(body))
            current = None
        if "-->" in line:
            current, body = _timed(line, row, name), []
        elif current is not None:
            body.append(line)


def _voices(cue: Cue, text: str) -> list[Cue]:
    """Read ``<v Anna>``: each voice of a cue becomes a cue of its own."""
    before, *voices = _VOICE.split(text)
    pairs = [("", before), *zip(voices[::2], voices[1::2], strict=True)]
    said = [
        (speaker, _tidied(cue, html.unescape(_TAG.sub("", part)).split("\n")).text)
        for speaker, part in pairs
    ]
    said = [(speaker, part) for speaker, part in said if part]
    shares = share_time(cue, [part for _, part in said])
    return [
        replace(share, speaker=" ".join(html.unescape(speaker).split()))
        for share, (speaker, _) in zip(shares, said, strict=False)
    ]


def _read_ass(lines: list[str], name: str) -> Iterator[Cue]:
    """Read ASS or SSA: its dialogue lines, without drawings and comments."""
    for row, line in enumerate(lines, 1):
        if not line.lstrip().startswith("Dialogue:"):
            continue
        match = _DIALOGUE.fullmatch(line.strip())
        if match is None:
            raise _refused(line, row, name)
        form = "ssa" if match["layer"].startswith("Marked") else "ass"
        (event,) = pysubs2.SSAFile.from_string(f"[Events]\n{line.strip()}", format_=form)
        if _DRAWING.search(event.text):
            continue
        cue = Cue(event.start, event.end, "", " ".join(event.name.split()), row)
        yield _tidied(cue, event.plaintext.split("\n"))


def _timed(line: str, row: int, name: str) -> Cue:
    match = _TIMING.fullmatch(line)
    if match is None:
        raise _refused(line, row, name)
    stamps = match.groups("0")
    start_ms, end_ms = _milliseconds(stamps[:4]), _milliseconds(stamps[4:])
    if start_ms is None or end_ms is None:
        raise _refused(line, row, name)
    return Cue(start_ms, end_ms, "", row=row)


def _milliseconds(stamp: Sequence[str]) -> int | None:
    hours, minutes, seconds = (int(part) for part in stamp[:3])
    if minutes > 59 or seconds > 59:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(stamp[3].ljust(3, "0"))


def _tidied(cue: Cue, lines: Sequence[str]) -> Cue:
    """Give a cue its text, without tags, override codes, empty lines and doubled spaces."""
    plain = (_OVERRIDE.sub("", _TAG.sub("", line)) for line in lines)
    text = "\n".join(words for line in plain if (words := " ".join(line.split())))
    return replace(cue, text=text)


def _check(cue: Cue, name: str) -> None:
    if cue.end_ms <= cue.start_ms:
        raise InputRefused("media.cue_without_time", name=name, line=cue.row)
    if cue.end_ms > MAX_TIME_MS:
        raise InputRefused("media.cue_too_late", name=name, line=cue.row)
    if len(cue.text) > MAX_LETTERS:
        raise InputRefused("media.cue_too_long", name=name, line=cue.row, limit=MAX_LETTERS)


def _refused(line: str, row: int, name: str) -> InputRefused:
    return InputRefused("media.subtitle_line", name=name, line=row, found=line.strip()[:80])
