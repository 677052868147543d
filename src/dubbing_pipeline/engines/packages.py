"""Which Debian packages bring a pair of languages to Apertium."""

from collections.abc import Iterable

from dubbing_pipeline.engines.apertium_pairs import BEST_MIDDLE
from dubbing_pipeline.engines.base import Pair

_BOTH_WAYS = (
    ("apertium-eng-spa", "en", "es"),
    ("apertium-eng-cat", "en", "ca"),
    ("apertium-en-gl", "en", "gl"),
    ("apertium-eo-en", "eo", "en"),
    ("apertium-es-pt", "es", "pt"),
    ("apertium-fr-es", "fr", "es"),
    ("apertium-spa-ita", "es", "it"),
    ("apertium-spa-cat", "es", "ca"),
    ("apertium-es-gl", "es", "gl"),
    ("apertium-spa-arg", "es", "an"),
    ("apertium-oc-es", "oc", "es"),
    ("apertium-fra-cat", "fr", "ca"),
    ("apertium-cat-ita", "ca", "it"),
    ("apertium-por-cat", "pt", "ca"),
    ("apertium-pt-gl", "pt", "gl"),
    ("apertium-oci-fra", "oc", "fr"),
    ("apertium-hbs-slv", "sh", "sl"),
    ("apertium-swe-dan", "sv", "da"),
    ("apertium-nno-nob", "nn", "nb"),
    ("apertium-afr-nld", "af", "nl"),
    ("apertium-rus-ukr", "ru", "uk"),
    ("apertium-bel-rus", "be", "ru"),
)
_ONE_WAY = (
    ("apertium-spa-ast", "es", "ast"),
    ("apertium-es-ro", "ro", "es"),
    ("apertium-eu-es", "eu", "es"),
    ("apertium-eu-en", "eu", "en"),
    ("apertium-isl-eng", "is", "en"),
    ("apertium-mkd-eng", "mk", "en"),
    ("apertium-hbs-eng", "hr", "en"),
    ("apertium-hbs-eng", "en", "hr"),
    ("apertium-hbs-eng", "en", "sr"),
    ("apertium-hbs-eng", "en", "bs"),
)


def _by_pair() -> dict[Pair, str]:
    one_way = {(source, target): package for package, source, target in _ONE_WAY}
    there = {(source, target): package for package, source, target in _BOTH_WAYS}
    back = {(target, source): package for package, source, target in _BOTH_WAYS}
    return {**one_way, **there, **back}


def packages_for(pair: Pair, installed: Iterable[Pair] = ()) -> tuple[str, ...]:
    """Name the packages for a pair: one, or two by way of a third language; none if there is none.

    Args:
        pair: Source and target.
        installed: Direct pairs that are here already; a way through them is preferred.
    """
    known = _by_pair()
    if pair in known:
        return (known[pair],)
    here = set(installed)
    ways = _ways(pair, {*known, *here})
    needed = [tuple(known[leg] for leg in way if leg not in here) for way in ways]
    return min(needed, key=len, default=())


def _ways(pair: Pair, legs: set[Pair]) -> list[tuple[Pair, Pair]]:
    source, target = pair
    middles = sorted(
        (end for start, end in legs if start == source), key=lambda end: (end != BEST_MIDDLE, end)
    )
    return [((source, middle), (middle, target)) for middle in middles if (middle, target) in legs]


def install_command(packages: Iterable[str]) -> str:
    """Write the command that installs packages."""
    return " ".join(["sudo apt-get install apertium", *packages])
