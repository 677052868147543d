"""Translation by a language model: chunk by chunk, with what stands around, until all is there.

A round asks for the lines still missing, in ever smaller chunks. In the last rounds, terms and
numbers are swapped for placeholders, so that a model that will not keep them cannot touch them.
A line that no round brought is an error; there is never a film with a hole in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Tick,
    TranslationLine,
    TranslationRequest,
    Variants,
)
from dubbing_pipeline.engines.openai.answers import acceptable, has_terms, items
from dubbing_pipeline.engines.openai.chat import Chat
from dubbing_pipeline.engines.openai.prompt import Chunk, messages
from dubbing_pipeline.engines.openai.wire import Wire, at, open_wire
from dubbing_pipeline.engines.placeholders import Protected, protect
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.whisper import LANGUAGES
from dubbing_pipeline.errors import EngineFailed, LanguageUnsupported

REVISION = "1"
CHUNK_SIZES = (10, 6, 3, 1, 1)
"""Lines a request in each round."""
PROTECTED_FROM = 3
"""The round from which terms and numbers are swapped for placeholders."""
_CHUNK_CHARACTERS = 1_500
_LINES_BEFORE = 4
_LINES_AFTER = 2
_PAIRS = frozenset((a, b) for a in LANGUAGES for b in LANGUAGES if a != b)


class OpenAiTranslator:
    """Any pair of languages the model can do, which only it knows."""

    def __init__(self, wire: Wire) -> None:
        self._chat = Chat(wire)

    @property
    def ref(self) -> EngineRef:
        return EngineRef("openai", REVISION, self._chat.wire.model)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="translate",
            resource="net",
            needs_network=True,
            code_license="",
            model_license="set by the service",
            cost="metered",
            pairs=_PAIRS,
            deterministic=False,
        )

    def translate(self, request: TranslationRequest, *, tick: Tick) -> tuple[Variants, ...]:
        """Translate all lines; see ``Translator``."""
        pair = (request.source_language, request.target_language)
        if pair not in _PAIRS:
            raise LanguageUnsupported(
                "engines.pair_missing",
                engine="openai",
                source=pair[0],
                target=pair[1],
                fix="dub engines list",
            )
        work = _Work(request, self._chat)
        for number in range(len(CHUNK_SIZES)):
            work.round(number, tick)
        return work.answer()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A line as it was shown to the model."""

    line: TranslationLine
    protected: Protected


class _Work:
    """One request and what has been answered so far."""

    def __init__(self, request: TranslationRequest, chat: Chat) -> None:
        self._request = request
        self._chat = chat
        self._done: dict[int, tuple[str, ...]] = {}

    def round(self, number: int, tick: Tick) -> None:
        """Ask for every line that is missing."""
        missing = [line for line in self._request.lines if line.id not in self._done]
        for lines in chunks(missing, CHUNK_SIZES[number]):
            progress = len(self._done) / len(self._request.lines)
            self._ask(lines, number >= PROTECTED_FROM, at(progress, tick))

    def answer(self) -> tuple[Variants, ...]:
        """Give all lines, in the order they were asked.

        Raises:
            EngineFailed: Some are missing.
        """
        missing = [line.id for line in self._request.lines if line.id not in self._done]
        if missing:
            raise EngineFailed(
                "engines.lines_unanswered",
                engine="openai",
                model=self._chat.wire.model,
                count=len(missing),
                lines=" ".join(map(str, missing[:10])),
            )
        return tuple(Variants(line.id, self._done[line.id]) for line in self._request.lines)

    def _ask(
        self, lines: tuple[TranslationLine, ...], protecting: bool, tick: Callable[[], None]
    ) -> None:
        asked = {line.id: self._asked(line, protecting) for line in lines}
        texts = {line_id: one.protected.text for line_id, one in asked.items()}
        said = messages(self._chunk(lines), self._request, texts=texts)
        for line_id, answered in items(self._chat.ask(said, tick=tick)).items():
            if line_id in asked:
                good = self._good(asked[line_id], answered)
                if good:
                    self._done[line_id] = good

    def _asked(self, line: TranslationLine, protecting: bool) -> _Asked:
        if not protecting:
            return _Asked(line, Protected(line.text))
        return _Asked(line, protect(line.text, glossary=self._request.glossary, numbers=True))

    def _good(self, asked: _Asked, answered: tuple[str, ...]) -> tuple[str, ...]:
        pair = (self._request.source_language, self._request.target_language)
        texts = acceptable(answered, asked.line, protected=asked.protected, languages=pair)
        glossary = self._request.glossary
        return tuple(text for text in texts if has_terms(text, asked.line.text, glossary))

    def _chunk(self, lines: tuple[TranslationLine, ...]) -> Chunk:
        everything = self._request.lines
        places = {line.id: at for at, line in enumerate(everything)}
        first, last = places[lines[0].id], places[lines[-1].id]
        earlier = everything[max(first - _LINES_BEFORE, 0) : first]
        later = everything[last + 1 : last + 1 + _LINES_AFTER]
        before = _translated(earlier, self._done)
        return Chunk(lines, tuple(before), tuple(line.text for line in later))


def _translated(
    lines: Sequence[TranslationLine], done: Mapping[int, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line.id in done:
            yield line.text, done[line.id][0]


def chunks(lines: Sequence[TranslationLine], most: int) -> Iterator[tuple[TranslationLine, ...]]:
    """Cut lines into chunks of at most so many lines and about 1,500 characters."""
    chunk: list[TranslationLine] = []
    for line in lines:
        full = sum(len(one.text) for one in chunk) + len(line.text) > _CHUNK_CHARACTERS
        if chunk and (full or len(chunk) == most):
            yield tuple(chunk)
            chunk = []
        chunk.append(line)
    if chunk:
        yield tuple(chunk)


def open_translator(settings: EngineSettings, model: str) -> OpenAiTranslator:
    """Open the configured service.

    Raises:
        EngineMissing: None is configured, or with another model.
    """
    return OpenAiTranslator(open_wire(settings.llm, model, setting="LLM"))
