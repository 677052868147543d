"""Ctrl-C, SIGTERM and a lost terminal: an orderly end, nothing left, and the next run goes on."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.installation import Ended, Installation
from lib.processes import all_end_within
from lib.samples import sample
from lib.short_film import need_dub_programs

STOPS = (
    ("import", 0, signal.SIGTERM),
    ("transcribe", 2, signal.SIGINT),
    ("synthesize", 0, signal.SIGTERM),
    ("mix", 1, signal.SIGHUP),
    ("export", 2, signal.SIGINT),
    ("publish", 6, signal.SIGTERM),
)
"""Steps, how many lines of the step were told before, and what stops it there."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A run that was stopped. ``left`` lists processes and names of files that outlived it."""

    number: signal.Signals
    ended: Ended
    left: list[object]


@dataclass(frozen=True, slots=True)
class Stops:
    all: list[Stop]
    last: Ended


@pytest.fixture(scope="module")
def stops(tmp_path_factory: pytest.TempPathFactory) -> Stops:
    need_dub_programs()
    installation = Installation(tmp_path_factory.mktemp("stops"))
    languages = ("--from", "en", "--to", "es", "--json")
    words = ("run", sample("mkv").film, *languages, "--out", installation.folder / "out")
    each = [
        stop(installation, words, step, lines=lines, number=number) for step, lines, number in STOPS
    ]
    return Stops(each, installation.call(*words))


def stop(
    installation: Installation,
    words: Sequence[str | Path],
    step: str,
    *,
    lines: int,
    number: signal.Signals,
) -> Stop:
    with installation.start(*words) as running:
        running.reach(step, lines=lines)
        running.signal(number)
        ended = running.end()
        living = all_end_within(running.descendants(), 0.0)
    out, work = installation.folder / "out", installation.state / "work"
    return Stop(number, ended, [*living, *out.glob("*"), *out.glob(".*"), *work.glob("*")])


def test_each_signal_has_its_exit_code(stops: Stops) -> None:
    assert [stop.ended.code for stop in stops.all] == [128 + number for _, _, number in STOPS]


def test_the_person_hears_that_nothing_is_lost(stops: Stops) -> None:
    for each in stops.all:
        assert each.ended.error["code"] == "cli.interrupted"
        assert each.ended.steps[-1].startswith("dub: Interrupted. What was finished is kept")


def test_nothing_is_left_when_the_program_has_ended(stops: Stops) -> None:
    assert not [each for each in stops.all if each.left]


def test_the_next_run_goes_on_and_ends_well(stops: Stops) -> None:
    assert stops.last.code == 0, stops.last.steps
    assert stops.last.started == ["import", "publish"]
