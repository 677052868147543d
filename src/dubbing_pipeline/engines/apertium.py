"""Translation with Apertium (GPL-2, called as a program): rules and dictionaries, no model.

Its answers give the gist; idioms come out word by word. All lines of a film go through one
process a pair. Lines are parted by NUL, at which every program of the pipe starts anew, so a
line can neither change its neighbour nor shift into its place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from dubbing_pipeline.engines.apertium_lines import LineTranslator
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
from dubbing_pipeline.engines.hashes import combined_sha256
from dubbing_pipeline.engines.packages import install_command, packages_for
from dubbing_pipeline.engines.program import find_program, output_of
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.shortening import shortened
from dubbing_pipeline.errors import EngineFailed, EngineMissing, LanguageUnsupported

REVISION = 3
FIX = "sudo apt-get install apertium apertium-eng-spa"
_WALL_S = 60.0
_CHARACTERS_PER_SECOND = 2_000


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
        texts = self._through(request, chain, tick)
        shorter = self._through(_shorter(request), chain, tick)
        tick(1.0)
        return tuple(
            _answer(line.id, texts[line.id], shorter.get(line.id)) for line in request.lines
        )

    def _through(self, request: TranslationRequest, chain: Chain, tick: Tick) -> dict[int, str]:
        lines = LineTranslator(
            request,
            modes=chain.modes,
            program=lambda mode, data: self._mode(mode, data, tick),
        )
        translated = zip(request.lines, lines.translate(), strict=True)
        return {line.id: text for line, text in translated}

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


def _shorter(request: TranslationRequest) -> TranslationRequest:
    """Ask again for the lines that can be said in fewer words."""
    shorter = [
        replace(line, text=text)
        for line in request.lines
        for text in [shortened(line.text, request.source_language)]
        if text is not None and _loses_no_term(line.text, text, request.glossary)
    ]
    return replace(request, lines=shorter)


def _loses_no_term(text: str, shorter: str, glossary: Mapping[str, str]) -> bool:
    whole, left = text.casefold(), shorter.casefold()
    return all(whole.count(term) == left.count(term) for term in map(str.casefold, glossary))


def _answer(line_id: int, text: str, shorter: str | None) -> Variants:
    if not text:
        raise EngineFailed("engines.line_empty", engine="apertium", line=line_id)
    if shorter and len(shorter) < len(text):
        return Variants(line_id, (text, shorter))
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
