"""Translation with Apertium (GPL-2, called as a program): rules and dictionaries, no model.

Its answers give the gist; idioms come out word by word. All lines of a film go through one
process a pair. Lines are parted by NUL, at which every program of the pipe starts anew, so a
line can neither change its neighbour nor shift into its place.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path

from dubbing_pipeline.engines.apertium_pairs import (
    Chain,
    chains,
    data_folder,
    data_sha256,
    installed_modes,
)
from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Pair,
    Tick,
    TranslationRequest,
    Variants,
)
from dubbing_pipeline.engines.casing import finish, prepare
from dubbing_pipeline.engines.hashes import combined_sha256
from dubbing_pipeline.engines.packages import install_command, packages_for
from dubbing_pipeline.engines.placeholders import (
    Protected,
    digits,
    is_whole,
    protect,
    rejoin,
    restore,
)
from dubbing_pipeline.engines.program import find_program, output_of
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import EngineFailed, EngineMissing, LanguageUnsupported

REVISION = 1
FIX = "sudo apt-get install apertium apertium-eng-spa"
_END = ".[]"
"""Closes a line: a full stop for the taggers, and an empty blank to find it by afterwards."""
_WALL_S = 60.0
_CHARACTERS_PER_SECOND = 2_000
_STRAY_MARKS = re.compile(r"(?<!\w)[*#@](?=\w)")

Program = Callable[[str, bytes], bytes]
"""Runs one mode over bytes."""


class ApertiumTranslator:
    """All installed pairs, or the one it was opened for."""

    def __init__(
        self, program: Path, *, data_dir: Path, cache_dir: Path, pair: Pair | None = None
    ) -> None:
        self._program = str(program)
        self._data_dir = data_dir
        self._cache_dir = cache_dir
        found = chains(installed_modes(data_dir))
        self._chains = found if pair is None else {pair: found[pair]}
        self._pair = pair

    @property
    def ref(self) -> EngineRef:
        model = "" if self._pair is None else "-".join(self._pair)
        return EngineRef("apertium", f"{self._version}-{REVISION}", model, self._sha256)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="translate",
            resource="cpu",
            needs_network=False,
            code_license="GPL-2.0-or-later",
            model_license="GPL-2.0-or-later",
            pairs=frozenset(self._chains),
        )

    def translate(self, request: TranslationRequest, *, tick: Tick) -> tuple[Variants, ...]:
        """Translate all lines; see ``Translator``."""
        pair = (request.source_language, request.target_language)
        chain = self._chains.get(pair)
        if chain is None:
            raise _pair_missing(pair, installed_modes(self._data_dir))
        tick(0.0)
        run = _Run(chain, mode=lambda mode, data: self._mode(mode, data, tick))
        texts = [prepare(line.text, request.source_language) for line in request.lines]
        translated = run.all(texts, request)
        tick(1.0)
        return tuple(
            _answer(line.id, text) for line, text in zip(request.lines, translated, strict=True)
        )

    def _mode(self, mode: str, data: bytes, tick: Tick) -> bytes:
        argv = [self._program, "-d", str(self._data_dir), "-f", "none", "-u", "-z", mode]
        wall_s = _WALL_S + len(data) / _CHARACTERS_PER_SECOND
        return output_of(argv, stdin=data, wall_s=wall_s, tick=lambda: tick(0.5))

    @cached_property
    def _version(self) -> str:
        said = output_of([self._program, "-V"], wall_s=_WALL_S).decode()
        found = re.search(r"\d+(?:\.\d+)+", said)
        return found.group() if found else "unknown"

    @cached_property
    def _sha256(self) -> str:
        return combined_sha256(
            {
                chain.name: data_sha256(self._data_dir, chain, self._cache_dir)
                for chain in self._chains.values()
            }
        )


class _Run:
    """One request on its way through a chain of modes."""

    def __init__(self, chain: Chain, *, mode: Program) -> None:
        self._chain = chain
        self._mode = mode

    def all(self, texts: Sequence[str], request: TranslationRequest) -> list[str]:
        """Translate prepared texts; what lost a term or a number is done again, more safely."""
        protected = [protect(text, glossary=request.glossary) for text in texts]
        done = self._through([part.text for part in protected])
        for at, text in enumerate(texts):
            if not _is_kept(done[at], protected[at]):
                protected[at] = protect(text, glossary=request.glossary, numbers=True)
                done[at] = self._safely(protected[at])
        finished = []
        for at, text in enumerate(texts):
            tidy = finish(
                done[at],
                source=text,
                source_language=request.source_language,
                target_language=request.target_language,
            )
            finished.append(restore(tidy, protected[at]))
        return finished

    def _safely(self, protected: Protected) -> str:
        whole = self._through([protected.text])[0]
        if _is_kept(whole, protected):
            return whole
        return rejoin(self._through(list(protected.pieces)))

    def _through(self, texts: list[str]) -> list[str]:
        for mode in self._chain.modes:
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
        data = "".join(f"{texts[at]}{_END}\0" for at in spoken)
        out = self._mode(mode, data.encode()).decode("utf-8", "replace") if spoken else ""
        blocks = out.rstrip("\0").split("\0") if spoken else []
        if len(blocks) != len(spoken) or not all(b.rstrip().endswith(_END) for b in blocks):
            return None
        answers = list(texts)
        for at, block in zip(spoken, blocks, strict=True):
            answers[at] = _STRAY_MARKS.sub("", block.rstrip().removesuffix(_END)).strip()
        return answers


def _is_kept(text: str, protected: Protected) -> bool:
    return is_whole(text, protected) and digits(text) == digits(protected.text)


def _answer(line_id: int, text: str) -> Variants:
    if not text:
        raise EngineFailed("engines.line_empty", engine="apertium", line=line_id)
    return Variants(line_id, (text,))


def _pair_missing(pair: Pair, installed: Iterable[Pair]) -> LanguageUnsupported:
    source, target = pair
    packages = packages_for(pair, installed)
    if not packages:
        return LanguageUnsupported("engines.no_package_for_pair", source=source, target=target)
    return LanguageUnsupported(
        "engines.pair_missing",
        engine="apertium",
        source=source,
        target=target,
        fix=install_command(packages),
    )


def open_apertium(settings: EngineSettings, model: str) -> ApertiumTranslator:
    """Open Apertium with all its pairs, or with one pair, named ``en-es``.

    Raises:
        EngineMissing: It is not installed, or no pair is.
        LanguageUnsupported: The pair is not installed.
    """
    program = find_program("apertium")
    if program is None:
        raise EngineMissing("engines.program_missing", engine="apertium", fix=FIX)
    data_dir = data_folder(program)
    found = chains(installed_modes(data_dir))
    if not found:
        raise EngineMissing("engines.no_pairs", engine="apertium", fix=FIX)
    source, _, target = model.partition("-")
    if model and (source, target) not in found:
        raise _pair_missing((source, target), installed_modes(data_dir))
    pair = (source, target) if model else None
    return ApertiumTranslator(program, data_dir=data_dir, cache_dir=settings.cache_dir, pair=pair)
