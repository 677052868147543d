"""What cannot be dubbed ends with its own words, its own code and no film; told in JSON, too."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.installation import Ended, Installation
from lib.samples import sample
from lib.short_film import need_dub_programs
from lib.tools import lack, need

OUTSIDERS = 65_534
"""User and group ``nobody``."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    need_dub_programs()
    return Installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture
def refused(installation: Installation, tmp_path: Path) -> Callable[..., Ended]:
    """Run a dub that must not come about; see that it leaves nothing and says so twice."""

    def run(*words: str | Path, by: Installation = installation) -> Ended:
        ended = by.call("run", *words, "--out", tmp_path / "out", "--json")
        assert not (tmp_path / "out").exists()
        assert list((by.state / "work").glob("*")) == []
        assert list(ended.said) == ["error"]
        assert ended.error["message"] in "\n".join(ended.steps)
        return ended

    return run


ENGLISH = ("--from", "en", "--to", "es")


def short() -> Path:
    """Give a film of three English lines."""
    return sample("mkv").film


def test_a_silent_film_has_nothing_to_dub(refused: Callable[..., Ended], tmp_path: Path) -> None:
    film = tmp_path / "silent.mp4"
    ffmpeg("-f", "lavfi", "-i", "anullsrc", "-f", "lavfi", "-i", "testsrc", "-t", "3", film)
    ended = refused(film, *ENGLISH)
    assert (ended.code, ended.error["code"]) == (1, "stages.no_speech")


def test_music_has_nothing_to_dub(refused: Callable[..., Ended]) -> None:
    ended = refused(sample("music").film, *ENGLISH)
    assert ended.code == 1
    assert ended.error["code"] in {"stages.no_speech", "stages.no_words"}


def test_a_film_without_sound_has_nothing_to_dub(refused: Callable[..., Ended]) -> None:
    ended = refused(sample("mute").film, *ENGLISH)
    assert (ended.code, ended.error["code"]) == (1, "media.no_audio")


@pytest.mark.parametrize("name", ["spanish", "german"])
def test_an_untold_language_needs_a_recogniser_that_hears_it(
    refused: Callable[..., Ended], name: str
) -> None:
    ended = refused(sample(name).film, "--to", "en")
    assert (ended.code, ended.error["code"]) == (1, "engines.language_needed")
    assert "knows only en" in ended.error["message"]
    assert "dub engines install whisper-small" in ended.error["message"]


def test_a_language_the_recogniser_does_not_know_names_the_command(
    refused: Callable[..., Ended],
) -> None:
    ended = refused(sample("spanish").film, "--from", "es", "--to", "en")
    assert (ended.code, ended.error["code"]) == (1, "engines.language_unknown_to_model")
    assert "dub engines install whisper-small" in ended.error["message"]


def test_a_pair_that_nobody_translates_says_what_else_there_is(
    refused: Callable[..., Ended],
) -> None:
    ended = refused(short(), "--from", "en", "--to", "ja")
    assert (ended.code, ended.error["code"]) == (1, "engines.no_package_for_pair")
    assert "--target-subtitles" in ended.error["message"]


def test_a_pair_that_a_package_brings_names_the_command(refused: Callable[..., Ended]) -> None:
    ended = refused(short(), "--from", "en", "--to", "ca")
    if ended.error["code"] != "engines.pair_missing":
        lack("the pair en-ca is installed here")
    assert "sudo apt-get install apertium apertium-" in ended.error["message"]


@pytest.mark.parametrize("mode", ["medium", "high"])
def test_a_mode_without_its_models_is_refused_and_never_lowered(
    refused: Callable[..., Ended], mode: str
) -> None:
    ended = refused(short(), *ENGLISH, "--mode", mode)
    assert (ended.code, ended.error["code"]) == (1, "engines.weights_missing")
    assert "dub engines install whisper-" in ended.error["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--to", "en", "--from", "en"), "stages.same_language"),
        (("--to", "nothing!", "--from", "en"), "stages.no_language"),
        ((*ENGLISH, "--mode", "best"), "stages.no_such_mode"),
        ((*ENGLISH, "--voices", "S1"), "stages.voice_wish"),
    ],
)
def test_words_that_make_no_sense_are_a_usage_error(
    refused: Callable[..., Ended], words: tuple[str, ...], code: str
) -> None:
    ended = refused(short(), *words)
    assert (ended.code, ended.error["code"]) == (2, code)


@pytest.mark.parametrize("option", ["film", "--subtitles", "--target-subtitles"])
def test_a_file_that_is_not_there_is_not_found(
    refused: Callable[..., Ended], tmp_path: Path, option: str
) -> None:
    missing = tmp_path / "not here"
    words = (missing,) if option == "film" else (short(), option, missing)
    ended = refused(*words, *ENGLISH)
    assert (ended.code, ended.error["code"]) == (5, "stages.no_such_file")
    assert str(missing) in ended.error["message"]


def test_a_folder_is_no_film(refused: Callable[..., Ended], tmp_path: Path) -> None:
    ended = refused(tmp_path, *ENGLISH)
    assert (ended.code, ended.error["code"]) == (1, "media.not_a_file")


def test_text_is_no_film(refused: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("words\n" * 100)
    ended = refused(tmp_path / "film.mp4", *ENGLISH)
    assert (ended.code, ended.error["code"]) == (1, "media.is_text")


@pytest.mark.parametrize(
    ("index", "code"), [("last", "media.unreadable"), ("first", "media.cut_short")]
)
def test_a_film_that_was_cut_off_is_not_dubbed_by_half(
    refused: Callable[..., Ended], tmp_path: Path, index: str, code: str
) -> None:
    """With its index first, a player shows such a film up to where it ends, then nothing."""
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    first = ("-movflags", "+faststart") if index == "first" else ()
    ffmpeg("-i", sample("clean").film, "-c", "copy", *first, whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    ended = refused(cut, *ENGLISH)
    assert (ended.code, ended.error["code"]) == (1, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1\n00:00:01,000 -> 00:00:02,000\nHello.\n", "media.subtitle_line"),
        ("nothing with a time\n", "media.subtitle_line"),
        ("\n", "media.no_cues"),
    ],
)
def test_wrong_subtitles_are_refused_with_their_line(
    refused: Callable[..., Ended], tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / "wrong.srt").write_text(text)
    ended = refused(short(), *ENGLISH, "--subtitles", tmp_path / "wrong.srt")
    assert (ended.code, ended.error["code"]) == (1, code)
    assert "wrong.srt" in ended.error["message"]


def test_subtitles_need_their_language(refused: Callable[..., Ended]) -> None:
    ended = refused(short(), "--to", "es", "--subtitles", sample("mkv").subtitles)
    assert (ended.code, ended.error["code"]) == (2, "stages.subtitles_language")


def test_a_broken_glossary_is_refused_with_its_line(
    refused: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "glossary.csv").write_text("library,mediateca\nbook\n")
    ended = refused(short(), *ENGLISH, "--glossary", tmp_path / "glossary.csv")
    assert (ended.code, ended.error["code"]) == (1, "stages.glossary_line")
    assert "Line 2" in ended.error["message"]


def test_a_voice_for_nobody_names_who_there_is(refused: Callable[..., Ended]) -> None:
    texts = ("--subtitles", sample("mkv").speaker_subtitles)
    ended = refused(short(), *ENGLISH, *texts, "--voices", "Zoe=es")
    assert (ended.code, ended.error["code"]) == (2, "stages.no_such_speaker")
    assert all(name in ended.error["message"] for name in sample("mkv").truth.speakers)


@pytest.mark.parametrize(
    ("program", "fix"),
    [
        ("espeak-ng", "sudo apt-get install espeak-ng"),
        ("apertium", "sudo apt-get install apertium apertium-eng-spa"),
        ("ffmpeg", "./scripts/setup"),
        ("ffprobe", "./scripts/setup"),
    ],
)
def test_a_missing_program_names_the_command_that_brings_it(
    refused: Callable[..., Ended], tmp_path: Path, program: str, fix: str
) -> None:
    path = all_programs_but(program, tmp_path / "programs")
    settings = {"PATH": str(path)}
    ended = refused(short(), *ENGLISH, by=Installation(tmp_path / "bare", settings=settings))
    assert ended.code == 1
    assert ended.error["code"] in {"engines.program_missing", "utils.program_missing"}
    assert fix in ended.error["message"]


def test_a_film_that_may_not_be_read_says_so(refused: Callable[..., Ended], tmp_path: Path) -> None:
    film = tmp_path / "locked.mp4"
    film.write_bytes(short().read_bytes())
    film.chmod(0)
    ended = refused(film, *ENGLISH, by=powerless(tmp_path / "own"))
    assert (ended.code, ended.error["code"]) == (1, "media.not_readable")


def test_a_state_folder_that_cannot_be_made_says_so(
    refused: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings = {"DUBBING_PIPELINE_STATE_DIR": str(tmp_path / "file" / "state")}
    ended = refused(short(), *ENGLISH, by=Installation(tmp_path / "own", settings=settings))
    assert (ended.code, ended.error["code"]) == (4, "stages.state_not_writable")
    assert "DUBBING_PIPELINE_STATE_DIR" in ended.error["message"]


def test_a_state_folder_of_somebody_else_is_left_alone(
    refused: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    try:
        os.chown(tmp_path / "state", OUTSIDERS, OUTSIDERS)
    except PermissionError:
        lack("only root can give a folder away")
    ended = refused(short(), *ENGLISH, by=Installation(tmp_path))
    assert (ended.code, ended.error["code"]) == (4, "config.foreign_state")
    assert "sudo -u" in ended.error["message"]
    assert list((tmp_path / "state").iterdir()) == []


@pytest.mark.parametrize("out", ["file", "file/inside"])
def test_a_file_is_no_out_folder(installation: Installation, tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    ended = installation.call("run", short(), *ENGLISH, "--out", tmp_path / out, "--json")
    assert (ended.code, ended.error["code"]) == (2, "stages.out_not_a_folder")
    assert (tmp_path / "file").read_text() == "mine"


def test_an_out_folder_that_may_not_be_written_to_is_refused_before_the_work(
    tmp_path: Path,
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o555)
    by = powerless(tmp_path / "own")
    ended = by.call("run", short(), *ENGLISH, "--out", tmp_path / "out", "--json")
    assert (ended.code, ended.error["code"]) == (2, "stages.out_not_writable")
    assert ended.started == []


def test_a_refusal_is_told_in_the_users_language(installation: Installation) -> None:
    by = Installation(installation.folder, settings={"LANG": "es_ES.UTF-8"})
    ended = by.call("run", sample("mute").film, *ENGLISH)
    assert (ended.code, ended.out) == (1, "")
    assert "no hay nada que doblar" in ended.steps[-1]


def ffmpeg(*words: str | Path) -> None:
    command = [need("ffmpeg"), "-nostdin", "-v", "error", *map(str, words)]
    subprocess.run(command, check=True)


def all_programs_but(name: str, folder: Path) -> Path:
    """Make a folder that leads to every program on PATH but one."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):  # noqa: TID251  # where programs are
        for program in Path(place).glob("*"):
            link = folder / program.name
            if program.name != name and not link.is_symlink():
                link.symlink_to(program)
    return folder


def powerless(folder: Path) -> Installation:
    """Give an installation whose program has no more rights than its user: root, too."""
    drop = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--")
    if os.geteuid() != 0:
        return Installation(folder)
    need("setpriv")
    return Installation(folder, prefix=drop)
