"""Which pairs Apertium can do, and which package would bring another."""

from pathlib import Path

import pytest

from dubbing_pipeline.engines.apertium_pairs import Chain, chains, data_sha256, installed_modes
from dubbing_pipeline.engines.languages import primary_subtag
from dubbing_pipeline.engines.packages import install_command, packages_for


def modes_in(folder: Path, *names: str) -> Path:
    (folder / "modes").mkdir(parents=True)
    for name in names:
        (folder / "modes" / f"{name}.mode").write_text(f"lt-proc '{folder}/{name}.bin'")
        (folder / f"{name}.bin").write_bytes(name.encode())
    return folder


def test_modes_are_pairs_and_the_plain_one_stands_for_its_variants(tmp_path: Path) -> None:
    names = ("eng-spa", "spa-eng_US", "spa-eng", "es-pt_BR", "es-pt", "eng-hbs_HR", "spa-eng-morph")
    assert installed_modes(modes_in(tmp_path, *names)) == {
        ("en", "es"): "eng-spa",
        ("es", "en"): "spa-eng",
        ("es", "pt"): "es-pt",
        ("en", "hr"): "eng-hbs_HR",
    }


def test_a_third_language_makes_more_pairs() -> None:
    modes = {("en", "es"): "eng-spa", ("es", "en"): "spa-eng", ("es", "pt"): "es-pt"}
    assert chains(modes)[("en", "pt")] == Chain(("eng-spa", "es-pt"))
    assert ("en", "en") not in chains(modes)


def test_a_direct_pair_wins_and_spanish_is_the_best_middle() -> None:
    modes = {
        ("en", "ca"): "eng-cat",
        ("ca", "pt"): "cat-por",
        ("en", "es"): "eng-spa",
        ("es", "pt"): "es-pt",
        ("es", "ca"): "spa-cat",
    }
    assert chains(modes)[("en", "pt")].modes == ("eng-spa", "es-pt")
    assert chains(modes)[("en", "ca")].modes == ("eng-cat",)


def test_the_hash_of_a_chain_changes_with_its_data_only(tmp_path: Path) -> None:
    data = modes_in(tmp_path / "data", "eng-spa", "es-pt")
    chain = Chain(("eng-spa",))
    before = data_sha256(data, chain, tmp_path)
    (data / "es-pt.bin").write_bytes(b"another pair")
    assert data_sha256(data, chain, tmp_path) == before
    (data / "eng-spa.bin").write_bytes(b"another dictionary")
    assert data_sha256(data, chain, tmp_path) != before


@pytest.mark.parametrize(
    ("pair", "packages"),
    [
        (("en", "es"), ("apertium-eng-spa",)),
        (("es", "en"), ("apertium-eng-spa",)),
        (("en", "pt"), ("apertium-eng-spa", "apertium-es-pt")),
        (("eu", "en"), ("apertium-eu-en",)),
        (("en", "eu"), ()),
        (("en", "zh"), ()),
    ],
)
def test_packages_for_a_pair(pair: tuple[str, str], packages: tuple[str, ...]) -> None:
    assert packages_for(pair) == packages


def test_what_is_installed_is_not_asked_for_again() -> None:
    packages = packages_for(("en", "it"), [("en", "es")])
    assert packages == ("apertium-spa-ita",)
    assert install_command(packages) == "sudo apt-get install apertium apertium-spa-ita"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("spa", "es"),
        ("en_GB", "en"),
        ("es-419", "es"),
        ("ast", "ast"),
        ("hbs_SR", "sr"),
        ("EN", "en"),
    ],
)
def test_codes_become_primary_subtags(code: str, language: str) -> None:
    assert primary_subtag(code) == language
