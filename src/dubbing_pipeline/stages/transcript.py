"""What was heard in a film, or read in its subtitles, as one JSON document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from pydantic import TypeAdapter

from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.call import Json

Origin = Literal["recognised", "subtitles"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of speech. Subtitles may name its speaker, and know no word times.

    The two doubts are the recogniser's own; see ``engines.base.Segment``.
    """

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    speaker: str = ""
    average_log_probability: float = 0.0
    no_speech_probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """All speech of a film, in order of its start; ``rejected`` is what was not believed."""

    language: str
    duration_ms: int
    utterances: tuple[Utterance, ...]
    origin: Origin = "recognised"
    language_probability: float = 1.0
    rejected: tuple[Utterance, ...] = ()


_HEARD: TypeAdapter[Heard] = TypeAdapter(Heard)


def heard_json(heard: Heard) -> Json:
    """Give a transcript as a value for JSON."""
    return asdict(heard)


def heard_from(value: Json) -> Heard:
    """Take a transcript back from the JSON that ``heard_json`` made."""
    return _HEARD.validate_python(value)


def in_one_language(parts: Sequence[Heard], language: str, duration_ms: int) -> Heard:
    """Lay the parts of a film end to end."""
    return Heard(
        language,
        duration_ms,
        tuple(each for part in parts for each in part.utterances),
        language_probability=min(part.language_probability for part in parts),
        rejected=tuple(each for part in parts for each in part.rejected),
    )


def from_cues(cues: Sequence[Cue], *, language: str, duration_ms: int) -> Heard:
    """Take subtitles for what was heard; cues that only describe sound are left out."""
    utterances = tuple(
        Utterance(cue.start_ms, min(cue.end_ms, duration_ms), cue.spoken, speaker=cue.speaker)
        for cue in cues
        if cue.spoken and cue.start_ms < duration_ms
    )
    return Heard(language, duration_ms, utterances, "subtitles")
