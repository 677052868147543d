"""What a language model is asked, as plain values: instructions, lines, and the answer's form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError

from dubbing_pipeline.engines.base import TranslationLine, TranslationRequest

_INSTRUCTIONS = """\
You translate film dialogue from {source} to {target} for dubbing. An actor will speak your lines.
Rules:
- Translate what is meant, as people would say it aloud; keep tone, names and meaning.
- Answer for every line in "lines", once, under its own "id". Never merge, split or skip lines.
- Give three versions: "normal", "short" (tighter, same meaning) and "long" (fuller, nothing added).
- Where a line has "characters", "normal" should have about that many, "short" fewer.
- Keep every number in digits as it stands, and every mark like [0] exactly as it stands.
- Where a term of "glossary" occurs, use its translation exactly as given.
- "before" and "after" are context; do not answer for them.
- Answer with JSON only: {{"lines": [{{"id": 1, "short": "", "normal": "", "long": ""}}]}}
"""

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "short": {"type": "string"},
                    "normal": {"type": "string"},
                    "long": {"type": "string"},
                },
                "required": ["id", "short", "normal", "long"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["lines"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines to ask for in one request, and what stands around them.

    ``before`` pairs source lines with the translations chosen for them.
    """

    lines: tuple[TranslationLine, ...]
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()


def messages(
    chunk: Chunk, request: TranslationRequest, *, texts: Mapping[int, str]
) -> list[dict[str, str]]:
    """Write the messages for one chunk.

    Args:
        chunk: The lines.
        request: Languages, glossary and speaking rate.
        texts: What to show for a line, by id, where it is not the line's own text.
    """
    system = _INSTRUCTIONS.format(
        source=language_name(request.source_language),
        target=language_name(request.target_language),
    )
    shown = [_line(line, request, texts.get(line.id, line.text)) for line in chunk.lines]
    user = {
        "glossary": _occurring(request.glossary, [str(line["text"]) for line in shown]),
        "before": [{"text": source, "translation": target} for source, target in chunk.before],
        "lines": shown,
        "after": list(chunk.after),
    }
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": json.dumps(user, ensure_ascii=False)},
    ]


def _line(line: TranslationLine, request: TranslationRequest, text: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": line.id, "text": text}
    if line.speaker:
        shown["speaker"] = line.speaker
    if line.budget_ms > 0:
        shown["characters"] = budget(line, request)
    return shown


def budget(line: TranslationLine, request: TranslationRequest) -> int:
    """Give the number of characters that can be spoken in the line's room."""
    return max(round(line.budget_ms / 1000 * request.characters_per_second), 4)


def _occurring(glossary: Mapping[str, str], texts: Sequence[str]) -> dict[str, str]:
    spoken = "\n".join(texts).casefold()
    return {term: target for term, target in glossary.items() if term.casefold() in spoken}


def language_name(code: str) -> str:
    """Name a language in English, with its code."""
    try:
        name = Locale.parse(code).get_display_name("en")
    except (UnknownLocaleError, ValueError):
        name = None
    return f"{name} ({code})" if name else code
