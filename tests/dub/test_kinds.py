"""Films of every kind, dubbed end to end: what they had is kept, what is new is told."""

import os
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from lib.film_facts import FilmFacts
from lib.installation import Ended, Installation
from lib.samples import sample
from lib.short_film import dub_short, need_dub_programs
from samples.picture import turn_quarter
from samples.recipes import NAMES
from samples.subtitles import write_subtitles

NIGHTLY = os.environ.get("TESTS_NIGHTLY") == "1"  # noqa: TID251  # how much is to be tested
"""By night the films are recognised; by day their true words are given, which saves minutes."""

KINDS = ("portrait", "surround", "hevc", "mkv", "webm", "mov")
WEB_SOUND = ["aac"]


@dataclass(frozen=True, slots=True)
class Dubbed:
    """A sample before and after."""

    before: FilmFacts
    after: FilmFacts
    folder: Path
    ended: Ended

    def player(self, language: str) -> FilmFacts:
        (path,) = self.folder.glob(f"player.{language}.*")
        return FilmFacts(path)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    need_dub_programs()
    return Installation(tmp_path_factory.mktemp("kinds"))


def dub(installation: Installation, name: str, film: Path | None = None) -> Dubbed:
    """Dub a sample, or find it done."""
    film = film or sample(name).film
    words: tuple[str | Path, ...] = ("--from", "en", "--to", "es", "--json")
    if not NIGHTLY:
        texts = installation.folder / f"{name}.srt"
        write_subtitles(sample(name).truth, texts, name_speakers=True)
        words = (*words, "--subtitles", texts)
    ended = installation.call("run", *words, "--out", installation.folder / "out", "--", film)
    assert ended.code == 0, ended.steps
    after = FilmFacts(Path(ended.said["output"]))
    return Dubbed(FilmFacts(film), after, ended.folder, ended)


@pytest.fixture(params=KINDS)
def dubbed(request: pytest.FixtureRequest, installation: Installation) -> Dubbed:
    return dub(installation, request.param)


def test_a_film_of_any_kind_is_dubbed_and_keeps_what_it_had(dubbed: Dubbed) -> None:
    before, after = dubbed.before, dubbed.after
    assert dubbed.ended.said["metrics"]["passed"]
    assert after.path.suffix == ".mp4"
    assert after.comment == "AI dubbed"
    assert after.starts_at_once
    assert after.duration_s == pytest.approx(before.duration_s, abs=0.04)
    assert [each[1] for each in after.packets] == [each[1] for each in before.packets]
    assert times(after) == pytest.approx(times(before), abs=0.002)
    assert after.turned_deg == before.turned_deg


def times(film: FilmFacts) -> list[float]:
    """Give when each picture is shown after the first; the same for even and uneven rates."""
    first = film.packets[0][0]
    return [shown - first for shown, _ in film.packets]


def test_the_dub_is_the_default_track_and_the_original_stands_beside_it(dubbed: Dubbed) -> None:
    sounds = dubbed.after.kind("audio")
    assert dubbed.after.languages("audio") == ["spa", "eng"]
    assert [sound["disposition"]["default"] for sound in sounds] == [1, 0]
    assert "AI dubbed" in sounds[0]["tags"]["handler_name"]
    (original,) = dubbed.before.kind("audio")
    assert sounds[1]["channels"] == original["channels"]
    if original["codec_name"] != "pcm_s16le":  # which MP4 players do not understand
        assert sounds[1]["codec_name"] == original["codec_name"]


def test_the_words_are_there_in_both_languages(dubbed: Dubbed) -> None:
    own = len(dubbed.before.kind("subtitle"))
    assert dubbed.after.languages("subtitle") == ["spa", "eng", *["eng"] * own]
    title = dubbed.folder.name.removesuffix(".es")
    for language in ("es", "en"):
        assert "-->" in (dubbed.folder / f"{title}.{language}.srt").read_text()
        assert (dubbed.folder / f"{title}.{language}.vtt").read_text().startswith("WEBVTT")


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_browser_can_play_both_languages_at_once(dubbed: Dubbed, language: str) -> None:
    player = dubbed.player(language)
    assert player.starts_at_once
    assert player.picture["codec_name"] == "h264"
    assert player.picture["pix_fmt"] == "yuv420p"
    assert player.codecs("audio") == WEB_SOUND
    assert player.languages("audio") == ["spa" if language == "es" else "eng"]
    assert player.duration_s == pytest.approx(dubbed.before.duration_s, abs=0.06)
    assert player.turned_deg == dubbed.before.turned_deg


def test_a_phone_held_upright_stays_upright_with_its_uneven_pictures(
    installation: Installation,
) -> None:
    dubbed = dub(installation, "portrait")
    assert abs(dubbed.before.turned_deg) == abs(dubbed.after.turned_deg) == 90
    shown = times(dubbed.after)
    assert len({round(after - before, 3) for before, after in pairwise(shown)}) > 2


def test_an_upright_picture_that_browsers_cannot_show_is_encoded_upright(
    installation: Installation, tmp_path: Path
) -> None:
    film = tmp_path / "upright.mp4"
    shutil.copyfile(sample("hevc").film, film)
    turn_quarter(film)
    dubbed = dub(installation, "hevc", film)
    before, player = dubbed.before.picture, dubbed.player("es")
    assert abs(dubbed.after.turned_deg) == 90
    assert player.turned_deg == 0
    assert (player.picture["width"], player.picture["height"]) == (
        before["height"],
        before["width"],
    )


def test_sound_alone_becomes_sound_alone(installation: Installation) -> None:
    dubbed = dub(installation, "mp3")
    assert dubbed.after.path.suffix == ".m4a"
    assert dubbed.after.kind("video") == []
    assert dubbed.after.languages("audio") == ["spa", "eng"]
    assert dubbed.after.comment == "AI dubbed"
    assert dubbed.player("es").path.suffix == ".m4a"


@pytest.mark.parametrize("number", range(len(NAMES) if NIGHTLY else 5))
def test_a_film_of_any_name_is_dubbed(installation: Installation, number: int) -> None:
    dubbed = dub(installation, "names", sample("names").films[number])
    assert dubbed.after.languages("audio") == ["spa", "eng"]
    assert all(char.isprintable() and char not in '/\\"<>:|?*' for char in dubbed.folder.name)


def test_a_folder_of_the_same_name_stays_as_it_is(
    installation: Installation, tmp_path: Path
) -> None:
    stranger = tmp_path / "out" / "mkv.es"
    stranger.mkdir(parents=True)
    (stranger / "mine.txt").write_text("keep")
    (stranger / "dub.json").write_text("mine, too")
    words = dub_short(tmp_path / "out")
    first, second = (installation.call(*words).folder for _ in range(2))
    assert first == second == tmp_path / "out" / "mkv.es (2)"
    assert {path.name: path.read_text() for path in stranger.iterdir()} == {
        "mine.txt": "keep",
        "dub.json": "mine, too",
    }
