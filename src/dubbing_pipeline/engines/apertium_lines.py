"""Sends lines through Apertium's modes so that none is shifted, and none loses a term or number.

What a line loses in one way of asking, it is asked for in the next, safer one; the last way
cannot lose anything, since only what stands between terms and numbers is translated.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dubbing_pipeline.engines.base import TranslationRequest
from dubbing_pipeline.engines.casing import finish, prepare
from dubbing_pipeline.engines.placeholders import (
    Protected,
    digits,
    is_whole,
    protect,
    rejoin,
    replace_terms,
    restore,
    terms_in,
)
from dubbing_pipeline.errors import EngineFailed

Program = Callable[[str, bytes], bytes]
"""Runs one mode over bytes: blocks that end in NUL in, the same blocks translated out."""

_END = ".[]"
"""Closes a line: a full stop for the taggers, and an empty blank to find it by afterwards."""
_STRAY_MARKS = re.compile(r"(?<!\w)[*#@](?=\w)")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A translated text with the placeholders still in it."""

    text: str
    protected: Protected

    @property
    def is_kept(self) -> bool:
        same_numbers = digits(self.text) == digits(self.protected.text)
        return same_numbers and is_whole(self.text, self.protected)


class LineTranslator:
    """One request on its way through one mode, or two."""

    def __init__(
        self, request: TranslationRequest, *, modes: Sequence[str], program: Program
    ) -> None:
        self._request = request
        self._modes = modes
        self._program = program
        self._texts = [prepare(line.text, request.source_language) for line in request.lines]

    def translate(self) -> list[str]:
        """Translate all lines, in order."""
        drafts = self._naturally()
        for numbers in (False, True):
            self._fill(drafts, self._protecting(drafts, numbers=numbers))
        self._fill(drafts, self._piecewise(drafts))
        return [self._finished(at, draft) for at, draft in sorted(drafts.items())]

    def _naturally(self) -> dict[int, _Draft]:
        """Translate with the terms in place, and put the wanted words where theirs came out.

        So the words around a term agree with a word, not with a gap.
        """
        glossary = self._request.glossary
        found = [terms_in(text, glossary) for text in self._texts]
        terms = sorted({term for each in found for term in each})
        plain = [protect(text, glossary={}) for text in self._texts]
        answers = self._through([*(each.text for each in plain), *terms])
        alone = dict(zip(terms, answers[len(plain) :], strict=True))
        drafts: dict[int, _Draft] = {}
        for at, counted in enumerate(found):
            if not _Draft(answers[at], plain[at]).is_kept:
                continue
            text = replace_terms(answers[at], counted, alone=alone, glossary=glossary)
            if text is not None:
                drafts[at] = _Draft(text, plain[at])
        return drafts

    def _protecting(self, drafts: Mapping[int, _Draft], *, numbers: bool) -> dict[int, _Draft]:
        """Translate what is missing with placeholders for terms, and for numbers if asked."""
        protected = self._protected(drafts, numbers=numbers)
        answers = self._through([each.text for each in protected.values()])
        made = zip(protected.items(), answers, strict=True)
        return {at: _Draft(text, each) for (at, each), text in made}

    def _piecewise(self, drafts: Mapping[int, _Draft]) -> dict[int, _Draft]:
        """Translate what stands between the placeholders, and join it again."""
        protected = self._protected(drafts, numbers=True)
        made = {}
        for at, each in protected.items():
            pieces = self._through(list(each.pieces))
            made[at] = _Draft(rejoin(pieces), each)
        return made

    def _protected(self, drafts: Mapping[int, _Draft], *, numbers: bool) -> dict[int, Protected]:
        return {
            at: protect(text, glossary=self._request.glossary, numbers=numbers)
            for at, text in enumerate(self._texts)
            if at not in drafts
        }

    def _fill(self, drafts: dict[int, _Draft], made: Mapping[int, _Draft]) -> None:
        drafts.update((at, draft) for at, draft in made.items() if draft.is_kept)

    def _finished(self, at: int, draft: _Draft) -> str:
        tidy = finish(
            draft.text,
            source=self._texts[at],
            source_language=self._request.source_language,
            target_language=self._request.target_language,
        )
        return restore(tidy, draft.protected)

    def _through(self, texts: list[str]) -> list[str]:
        for mode in self._modes:
            texts = self._once(mode, texts)
        return texts

    def _once(self, mode: str, texts: list[str]) -> list[str]:
        answers = self._blocks(mode, texts)
        if answers is not None:
            return answers
        return [self._alone(mode, text) for text in texts]

    def _alone(self, mode: str, text: str) -> str:
        answers = self._blocks(mode, [text])
        if answers is None:
            raise EngineFailed("engines.answer_shifted", engine="apertium", mode=mode, text=text)
        return answers[0]

    def _blocks(self, mode: str, texts: list[str]) -> list[str] | None:
        """Translate texts in one process; None if the answer has not one block for each."""
        spoken = [at for at, text in enumerate(texts) if any(map(str.isalpha, text))]
        if not spoken:
            return texts
        data = "".join(f"{texts[at]}{_END}\0" for at in spoken)
        out = self._program(mode, data.encode()).decode("utf-8", "replace")
        blocks = out.rstrip("\0").split("\0")
        if len(blocks) != len(spoken) or not all(b.rstrip().endswith(_END) for b in blocks):
            return None
        answers = list(texts)
        for at, block in zip(spoken, blocks, strict=True):
            answers[at] = _STRAY_MARKS.sub("", block.rstrip().removesuffix(_END)).strip()
        return answers
