"""The doctor sees which programs are here, and what they cannot do."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from dubbing_pipeline.deploy.finding import Finding
from dubbing_pipeline.deploy.program_checks import (
    ask_program,
    check_confinement,
    check_ffmpeg,
    check_python,
    check_speakers_and_translators,
)
from dubbing_pipeline.errors import EngineMissing, ProgramFailed
from lib.tools import need

FILTERS = """Filters:
  T.. = Timeline support
 ... loudnorm          A->A       EBU R128 loudness normalization
 ... ebur128           A->N       EBU R128 scanner.
 ... atempo            A->A       Adjust audio tempo.
 ... aresample         A->A       Resample audio data.
 ... rubberband        A->A       Apply time-stretching.
 ... flite             |->A       Synthesize voice from text.
"""
ENCODERS = """Encoders:
 V....D libx264              libx264 H.264
 A....D aac                  AAC
 A....D flac                 FLAC
 A....D pcm_s16le            PCM
 S..... mov_text             3GPP Timed Text subtitle
 S..... srt                  SubRip subtitle
 S..... webvtt               WebVTT subtitle
"""
GOOD = {
    "ffmpeg -version": "ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026",
    "ffprobe -version": "ffprobe version n7.1.2 Copyright",
    "ffmpeg -hide_banner -filters": FILTERS,
    "ffmpeg -hide_banner -encoders": ENCODERS,
    "espeak-ng --version": "eSpeak NG text-to-speech: 1.51  Data at: /usr/lib",
    "apertium -l": "eng-spa\nspa-eng\neng-spa-chunker\nspa-eng_US\n",
}


def machine(answers: Mapping[str, str]) -> Callable[[Sequence[str]], str]:
    def ask(argv: Sequence[str]) -> str:
        if " ".join(argv) not in answers:
            raise EngineMissing("utils.program_missing", program=argv[0], fix="")
        return answers[" ".join(argv)]

    return ask


def without(*lost: str, words: str = "") -> Callable[[Sequence[str]], str]:
    """A machine without these programs, or without a line that holds these words."""
    kept = {name: text for name, text in GOOD.items() if not name.startswith(lost or "-")}
    return machine(
        {
            name: "".join(line for line in text.splitlines(True) if not words or words not in line)
            for name, text in kept.items()
        }
    )


def faults(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(found.state, found.code) for found in findings if found.state != "ok"]


def test_a_complete_machine_has_no_faults() -> None:
    ask = machine(GOOD)
    found = [*check_ffmpeg(ask), *check_speakers_and_translators(ask)]
    assert not faults(found)
    versions = [each.params["version"] for each in found if each.code == "deploy.program"]
    assert versions == ["5.1.9-0+deb12u1", "n7.1.2", "1.51"]
    assert found[-1].params["pairs"] == "eng-spa spa-eng spa-eng_US"


def test_a_machine_without_ffmpeg_cannot_dub() -> None:
    assert (
        faults([*check_ffmpeg(without("ffmpeg", "ffprobe"))])
        == [("fail", "deploy.program_missing")] * 2
    )


def test_an_old_ffmpeg_is_told_with_the_oldest_that_works() -> None:
    old = {**GOOD, "ffmpeg -version": "ffmpeg version 4.4.2-0ubuntu0.22.04.1"}
    found = next(check_ffmpeg(machine(old)))
    assert (found.state, found.params["oldest"]) == ("fail", "5")


@pytest.mark.parametrize("word", ["libx264", "loudnorm", "mov_text"])
def test_a_part_that_ffmpeg_lacks_is_named(word: str) -> None:
    found = [each for each in check_ffmpeg(without(words=word)) if each.state != "ok"]
    assert [(each.code, each.params["parts"]) for each in found] == [("deploy.ffmpeg_lacks", word)]


@pytest.mark.parametrize("word", ["rubberband", "flite"])
def test_a_part_that_something_stands_in_for_is_a_warning(word: str) -> None:
    assert faults([*check_ffmpeg(without(words=word))]) == [("warn", f"deploy.no_{word}")]


def test_a_program_that_does_not_answer_is_told() -> None:
    def ask(argv: Sequence[str]) -> str:
        raise ProgramFailed("utils.program_failed", program=argv[0], status=127, detail="lib gone")

    found = next(check_ffmpeg(ask))
    assert found.code == "deploy.program_broken"
    assert "lib gone" in str(found.params["detail"])


def test_missing_speakers_and_translators_are_warnings() -> None:
    ask = without("espeak-ng", "apertium")
    assert (
        faults([*check_speakers_and_translators(ask)]) == [("warn", "deploy.program_missing")] * 2
    )


def test_apertium_without_pairs_is_told() -> None:
    ask = machine({**GOOD, "apertium -l": "\n"})
    assert faults([*check_speakers_and_translators(ask)]) == [("warn", "deploy.no_pairs")]


@pytest.mark.parametrize(
    ("version", "state"), [((3, 11, 0), "ok"), ((3, 13, 9), "ok"), ((3, 14, 0), "warn")]
)
def test_python_is_judged_by_what_releases_are_tested_with(
    version: tuple[int, int, int], state: str
) -> None:
    assert check_python(version).state == state


def test_each_lost_means_of_confinement_is_a_warning() -> None:
    none = [*check_confinement(isolation="whitelist", dies_with_parent=False, limits=False)]
    assert [each.check for each in none if each.state == "warn"] == [
        "network",
        "setpriv",
        "prlimit",
    ]
    assert not faults([*check_confinement(isolation="kernel", dies_with_parent=True, limits=True)])


def test_a_real_program_is_asked() -> None:
    need("ffmpeg")
    assert ask_program(["ffmpeg", "-version"]).startswith("ffmpeg version")


def test_a_real_program_that_is_not_there_is_missing() -> None:
    with pytest.raises(EngineMissing):
        ask_program(["no-such-program-here"])
