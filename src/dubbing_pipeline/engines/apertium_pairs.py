"""Which pairs of languages Apertium can translate here, directly or through a third language."""

import re
from dataclasses import dataclass
from pathlib import Path

from dubbing_pipeline.engines.base import Pair
from dubbing_pipeline.engines.hashes import combined_sha256, remembered_sha256
from dubbing_pipeline.engines.languages import primary_subtag

_CODE = r"([a-z]{2,3}(?:_[A-Za-z]+)?)"
_MODE = re.compile(rf"{_CODE}-{_CODE}")
_QUOTED = re.compile(r"'([^']+)'")
BEST_MIDDLE = "es"
"""Of several ways through a third language, the one with the best dictionaries."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Modes to run one after the other; two of them mean: by way of a third language."""

    modes: tuple[str, ...]

    @property
    def name(self) -> str:
        return "+".join(self.modes)


def data_folder(program: Path) -> Path:
    """Give the folder of Apertium's data, which lies beside its program."""
    return program.resolve().parent.parent / "share" / "apertium"


def installed_modes(data_dir: Path) -> dict[Pair, str]:
    """Read the modes folder. Where a pair has regional variants, the plain one is taken."""
    found: dict[Pair, str] = {}
    for file in sorted((data_dir / "modes").glob("*.mode"), key=lambda f: (len(f.stem), f.stem)):
        match = _MODE.fullmatch(file.stem)
        if match:
            pair = (primary_subtag(match[1]), primary_subtag(match[2]))
            found.setdefault(pair, file.stem)
    return found


def chains(modes: dict[Pair, str]) -> dict[Pair, Chain]:
    """Add to the direct pairs those that one language in between makes possible."""
    found = {pair: Chain((mode,)) for pair, mode in modes.items()}
    legs = sorted(modes.items(), key=lambda leg: (leg[0][1] != BEST_MIDDLE, leg))
    for (source, middle), first in legs:
        for (again, target), second in sorted(modes.items()):
            if again == middle and target != source:
                found.setdefault((source, target), Chain((first, second)))
    return found


def data_sha256(data_dir: Path, chain: Chain, cache_dir: Path) -> str:
    """Hash all data that a chain's modes name: dictionaries, rules, and the modes themselves."""
    parts: dict[str, str] = {}
    for mode in chain.modes:
        file = data_dir / "modes" / f"{mode}.mode"
        named = [Path(name) for name in _QUOTED.findall(file.read_text(encoding="utf-8"))]
        for path in [file, *(path for path in named if path.is_file())]:
            parts[f"{mode}/{path.name}"] = remembered_sha256(path, cache_dir)
    return combined_sha256(parts)
