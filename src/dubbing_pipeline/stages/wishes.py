"""What a person typed, read into a request or refused with the value that is off."""

import csv
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import get_args

from dubbing_pipeline.errors import InputRefused, UsageError
from dubbing_pipeline.media.languages import primary_subtag
from dubbing_pipeline.model.spec import MODES, DubSpec
from dubbing_pipeline.model.speech import AudioMode, LineEdit

_GLOSSARY_BYTES = 1 << 20

AUDIO_MODES: tuple[AudioMode, ...] = get_args(AudioMode)


def read_spec(
    *, to: str, source: str, mode: str, glossary: Path | None, voices: Sequence[str]
) -> DubSpec:
    """Read a request.

    Args:
        to: Language to dub into, as a tag of BCP 47.
        source: Language of the film, or "" to find out.
        mode: One of ``MODES``.
        glossary: CSV file of terms.
        voices: ``SPEAKER=VOICE`` each.

    Raises:
        UsageError: A language, mode or voice cannot be read, or both languages are the same.
        InputRefused: The glossary cannot be read.
    """
    if mode not in MODES:
        raise UsageError("stages.no_such_mode", mode=mode, modes=", ".join(MODES))
    target, spoken = _language(to), _language(source) if source else None
    if target == spoken:
        raise UsageError("stages.same_language", language=target)
    return DubSpec(
        target_language=target,
        source_language=spoken,
        mode=mode,
        glossary=read_glossary(glossary) if glossary else {},
        voices=dict(_voice(each) for each in voices),
    )


def read_change(
    *,
    text: str | None,
    speaker: str | None,
    audio: str | None,
    start_s: float | None,
    end_s: float | None,
    locked: bool | None,
) -> LineEdit:
    """Read what a person wants changed on a line; None leaves a thing as it is.

    Raises:
        UsageError: Nothing is changed, the text is empty or none, or a value is not known.
    """
    _refuse_words(text, speaker)
    if audio is not None and audio not in AUDIO_MODES:
        raise UsageError("stages.no_such_audio", audio=audio, known=", ".join(AUDIO_MODES))
    change = LineEdit(
        target=" ".join(text.split()) if text is not None else None,
        speaker=speaker.strip() if speaker is not None else None,
        audio_mode=audio,
        locked=locked,
        start_ms=_milliseconds(start_s),
        end_ms=_milliseconds(end_s),
    )
    if change == LineEdit():
        raise UsageError("stages.nothing_changed")
    return change


def read_glossary(path: Path) -> dict[str, str]:
    """Read terms and their translations from a CSV file of two columns; no header.

    Raises:
        InputRefused: It is no such file; the message names the line.
    """
    try:
        if path.stat().st_size > _GLOSSARY_BYTES:
            raise InputRefused("stages.glossary_too_large", path=str(path), limit=_GLOSSARY_BYTES)
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputRefused(
            "stages.glossary_unreadable", path=str(path), detail=str(error)
        ) from error
    terms: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != 2 or not all(cells):
            raise InputRefused("stages.glossary_line", path=str(path), line=number)
        if terms.get(cells[0], cells[1]) != cells[1]:
            raise InputRefused("stages.glossary_twice", path=str(path), line=number, term=cells[0])
        terms[cells[0]] = cells[1]
    return terms


def _refuse_words(text: str | None, speaker: str | None) -> None:
    """Refuse what cannot be spoken, and bytes of the command line that are no text."""
    if any("\ud800" <= letter <= "\udfff" for letter in f"{text}{speaker}"):
        raise UsageError("stages.text_not_unicode")
    if text is not None and not any(letter.isalnum() for letter in text):
        raise UsageError("stages.empty_text")
    if speaker is not None and not speaker.strip():
        raise UsageError("stages.empty_speaker")


def _milliseconds(time_s: float | None) -> int | None:
    if time_s is None:
        return None
    if not isfinite(time_s):
        raise UsageError("stages.no_time", value=str(time_s))
    return round(time_s * 1000)


def _language(tag: str) -> str:
    language = primary_subtag(tag)
    if not language:
        raise UsageError("stages.no_language", tag=tag)
    return language


def _voice(wish: str) -> tuple[str, str]:
    speaker, equals, voice = wish.partition("=")
    if not (speaker.strip() and equals and voice.strip()):
        raise UsageError("stages.voice_wish", wish=wish)
    return speaker.strip(), voice.strip()
