"""What was said and when: words, lines, the timeline, and what a person changed.

All times are integer milliseconds from the start of the film, so that files compare byte by byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from dubbing_pipeline.errors import InputRefused

AudioMode = Literal["tts", "original", "mute"]
"""How a line sounds in the dub: spoken anew, left as it was, or silent."""

FitState = Literal["fits", "tight", "overflow"]


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word. ``probability`` is 0 to 1."""

    start_ms: int
    end_ms: int
    text: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Fit:
    """The timing planner's decision for one line; see ``stages.timing``.

    ``natural_ms`` is the take's length as spoken, trimmed. ``tempo`` is natural length over
    placed length: 1.2 is a fifth faster. ``start_ms`` is where the dub starts, which is
    ``lag_ms`` after the source line does. ``slot_ms`` is the room the line had.
    ``overflow_ms`` is by how much it still runs past its room; it is never cut.
    """

    start_ms: int
    end_ms: int
    natural_ms: int
    slot_ms: int
    tempo: float
    lag_ms: int
    overflow_ms: int
    state: FitState


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of the timeline: said by one speaker, in one breath or a few."""

    id: int
    start_ms: int
    end_ms: int
    speaker: str
    source: str
    target: str = ""
    audio_mode: AudioMode = "tts"
    locked: bool = False
    fit: Fit | None = None
    words: tuple[Word, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Timeline:
    """All lines of one film in one pair of languages. Made by stages, never changed."""

    source_language: str
    target_language: str
    duration_ms: int
    lines: tuple[Line, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names in order of first appearance."""
        return tuple(dict.fromkeys(line.speaker for line in self.lines))

    def line(self, line_id: int) -> Line:
        """Find a line by id.

        Raises:
            InputRefused: No line has that id.
        """
        for line in self.lines:
            if line.id == line_id:
                return line
        raise InputRefused("model.no_such_line", line=line_id, lines=len(self.lines))


@dataclass(frozen=True, slots=True)
class LineEdit:
    """What a person changed on one line; None leaves a field as the stages made it."""

    target: str | None = None
    speaker: str | None = None
    audio_mode: AudioMode | None = None
    locked: bool | None = None
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change a person made to one line."""

    line: int
    edit: LineEdit


@dataclass(frozen=True, slots=True)
class Edits:
    """An overlay on a timeline, kept as the history of its changes; later ones win."""

    history: tuple[Change, ...] = ()

    @property
    def rev(self) -> int:
        """Grows by one with every change; 0 is untouched."""
        return len(self.history)

    @property
    def lines(self) -> Mapping[int, LineEdit]:
        """What holds now, by line."""
        found: dict[int, LineEdit] = {}
        for change in self.history:
            found[change.line] = _over(found.get(change.line, LineEdit()), change.edit)
        return found

    def with_change(self, line: int, edit: LineEdit) -> "Edits":
        return Edits((*self.history, Change(line, edit)))

    def apply(self, timeline: Timeline) -> Timeline:
        """Lay the changes over a timeline. Lines stay in order of their start.

        Raises:
            InputRefused: An edit names a line that is not there, or moves one out of the film.
        """
        edits = self.lines
        for line_id in edits:
            timeline.line(line_id)
        changed = tuple(
            _edited(line, edits[line.id]) if line.id in edits else line for line in timeline.lines
        )
        for line in changed:
            if not 0 <= line.start_ms < line.end_ms <= timeline.duration_ms:
                raise InputRefused(
                    "model.line_outside",
                    line=line.id,
                    start_ms=line.start_ms,
                    end_ms=line.end_ms,
                    duration_ms=timeline.duration_ms,
                )
        ordered = tuple(sorted(changed, key=lambda line: (line.start_ms, line.id)))
        return replace(timeline, lines=ordered)


def _over(below: LineEdit, above: LineEdit) -> LineEdit:
    return LineEdit(
        **{
            each.name: getattr(below, each.name) if value is None else value
            for each in fields(LineEdit)
            for value in (getattr(above, each.name),)
        }
    )


def _edited(line: Line, edit: LineEdit) -> Line:
    return replace(
        line,
        target=line.target if edit.target is None else edit.target,
        speaker=line.speaker if edit.speaker is None else edit.speaker,
        audio_mode=line.audio_mode if edit.audio_mode is None else edit.audio_mode,
        locked=line.locked if edit.locked is None else edit.locked,
        start_ms=line.start_ms if edit.start_ms is None else edit.start_ms,
        end_ms=line.end_ms if edit.end_ms is None else edit.end_ms,
    )
