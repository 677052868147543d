"""The bench measures what it says: shown on processes and folders whose answer is known."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bench.cases import CASES
from bench.dub_program import DubFailed, DubProgram
from bench.line_change import LineChange, measure_line_change
from bench.page import page, verdict_table, write_between
from bench.score import Row, preservation, recognition, speaker_accuracy, stem_overlap
from bench.targets import judge, judge_line_change
from bench.watched import Ran, run_watched, tree_bytes
from samples.sound import RATE_HZ
from samples.truth import TrueLine, Truth
from scoring.preservation import Kept

ROW = Row(
    sample="clean",
    wer=0.0,
    speakers=1.0,
    heard_back=0.1,
    kept=Kept(4, 4),
    wall_per_media=0.3,
    cpu_per_media=0.4,
    peak_mb=400,
    f1=0.95,
    dead_air=0.02,
    tempo_p95=1.1,
    tempo_max=1.2,
    words_cut=0,
    lufs=-16.1,
    true_peak_dbtp=-1.2,
    duration_delta_ms=10,
    video_bitexact=True,
    stage_wall_s={"extract": 0.5},
)


def true_line(line_id: int, start_ms: int, *, speaker: str, text: str) -> TrueLine:
    end_ms = start_ms + 1000
    words = tuple(text.split())
    return TrueLine(line_id, start_ms, end_ms, speaker, "en", text, words, ((start_ms, end_ms),))


TRUTH = Truth(
    "clean",
    "en",
    4000,
    (
        true_line(1, 500, speaker="Anna", text="Two books"),
        true_line(2, 2500, speaker="Ben", text="Thank you"),
    ),
    glossary={"books": "tomos"},
)


def found_line(
    line_id: int, start_ms: int, *, speaker: str, texts: tuple[str, str]
) -> dict[str, Any]:
    times = {"start_ms": start_ms, "end_ms": start_ms + 1000}
    return {"id": line_id, **times, "speaker": speaker, "source": texts[0], "target": texts[1]}


LINES = [
    found_line(1, 450, speaker="1", texts=("Two books.", "Dos libros")),
    found_line(2, 2600, speaker="2", texts=("Think you.", "Gracias")),
]


def test_a_row_that_holds_everything_breaks_nothing() -> None:
    assert not [verdict for verdict in judge([ROW]) if verdict.broken]
    assert all(verdict.held == ("clean",) for verdict in judge([ROW]))


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("wall / media", {"wall_per_media": 0.36}),
        ("word error rate", {"wer": 0.051}),
        ("speakers right", {"speakers": 0.94}),
        ("English dub heard back", {"heard_back": 0.16}),
        ("ids, numbers, terms kept", {"kept": Kept(3, 4)}),
        ("speech overlap F1", {"f1": 0.89}),
        ("dead air", {"dead_air": 0.06}),
        ("tempo p95", {"tempo_p95": 1.16}),
        ("tempo max", {"tempo_max": 1.36}),
        ("words cut", {"words_cut": 1}),
        ("loudness", {"lufs": -16.6}),
        ("true peak", {"true_peak_dbtp": -0.9}),
        ("duration", {"duration_delta_ms": -41}),
        ("picture copied bit by bit", {"video_bitexact": False}),
    ],
)
def test_each_number_can_break_its_target_alone(name: str, bad: dict[str, Any]) -> None:
    broken = [verdict.target.name for verdict in judge([replace(ROW, **bad)]) if verdict.broken]
    assert broken == [name]


def test_recognition_may_be_worse_over_music_and_is_not_asked_of_voices_at_once() -> None:
    rows = [replace(ROW, sample=name, wer=0.14) for name in ("noisy", "overlap", "mkv")]
    (verdict,) = (one for one in judge(rows) if one.target.name == "word error rate")
    assert (verdict.held, verdict.broken) == (("noisy",), ("mkv",))
    assert "| word error rate | at most .05, .15 over music | noisy | mkv |" in verdict_table(rows)


def test_words_and_speakers_are_scored_against_the_truth() -> None:
    assert recognition(TRUTH, LINES) == 0.25
    assert speaker_accuracy(TRUTH, LINES) == 1.0


def test_what_a_translation_lost_is_named() -> None:
    kept = preservation(CASES["clean"], TRUTH, LINES)
    assert (kept.kept, kept.total) == (3, 4)
    assert kept.missing == ("line 1: books should be tomos",)
    assert "- `clean`: line 1: books should be tomos" in page(
        [replace(ROW, kept=kept)], None, machine="2 cores."
    )


def test_a_line_without_a_translation_is_a_lost_id() -> None:
    lines = [*LINES, found_line(3, 3800, speaker="1", texts=("Yes", " "))]
    assert "id 3 is missing" in preservation(CASES["clean"], TRUTH, lines).missing


def test_overlap_is_measured_on_the_sound_of_the_stem(tmp_path: Path) -> None:
    sound = np.zeros(4 * RATE_HZ, dtype=np.float32)
    sound[RATE_HZ // 2 : RATE_HZ] = 0.1  # half of the first line; the second stays silent
    soundfile.write(tmp_path / "stem.flac", sound, RATE_HZ, format="FLAC")
    overlap = stem_overlap(TRUTH, tmp_path / "stem.flac")
    assert (overlap.precision, overlap.recall, overlap.dead_air) == (1.0, 0.25, 0.75)


HOLDS_MEMORY = """
import subprocess, sys
block = bytearray(60_000_000)
if sys.argv[1] == "parent":
    child = subprocess.Popen([sys.executable, "-c", sys.argv[2], "child"])
    child.wait()
else:
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_the_memory_of_children_counts() -> None:
    command = [sys.executable, "-c", HOLDS_MEMORY, "parent", HOLDS_MEMORY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        size = tree_bytes(process.pid)
        process.stdin.close()
    assert 120e6 < size < 200e6


def test_a_program_is_timed_and_its_words_are_kept() -> None:
    code = "import os, sys; print(os.environ['WORD']); print('e', file=sys.stderr); sys.exit(3)"
    ran = run_watched([sys.executable, "-c", code], environment={"WORD": "said"})
    assert (ran.exit_code, ran.output, ran.errors) == (3, "said\n", "e\n")
    assert ran.wall_s > 0
    assert ran.cpu_s > 0
    assert ran.peak_mb > 0


def test_a_failed_dub_says_why(tmp_path: Path) -> None:
    program = tmp_path / "dub"
    program.write_text("#!/bin/sh\necho the disk is full >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(DubFailed, match="dub lines ended with 1: the disk is full"):
        DubProgram(program, tmp_path / "state").render(tmp_path)


class StagedProgram(DubProgram):
    """Instead of the program: keeps artifacts by a plain name, and writes new ones at a render."""

    def __init__(self, folder: Path, *, mix: np.ndarray[Any, Any], takes: dict[str, Any]) -> None:
        super().__init__(folder / "none", folder)
        self._store, self._mix, self._takes = folder / "artifacts" / "aa", mix, takes
        self._store.mkdir(parents=True)

    def write(self, name: str, mix: np.ndarray[Any, Any], takes: dict[str, Any]) -> None:
        soundfile.write(self._store / f"{name}-mix", mix, RATE_HZ, format="FLAC")
        (self._store / f"{name}-takes").write_text(json.dumps({"lines": takes}))

    def artifact(self, key: str) -> Path:
        return self._store / key

    def edit(self, folder: Path, line: int, text: str) -> Ran:
        return Ran(0, text, "", 0.5, 0.5, 1.0)

    def respeak(self, folder: Path, line: int) -> tuple[Path, Ran]:
        return folder / "timeline.json", Ran(0, "", "", 1.0, 1.0, 1.0)

    def render(self, folder: Path) -> Ran:
        self.write("new", self._mix, self._takes)
        return Ran(0, "", "", 12.0, 9.0, 1.0)


def changed(tmp_path: Path, *, touch_s: float, other: str) -> LineChange:
    """Change lines 2 to 4 of five, each 20 s long; touch the mix at a time and line 1's take."""
    lines = [
        {"id": number, "start_ms": number * 20_000, "end_ms": number * 20_000 + 2000}
        for number in range(5)
    ]
    (tmp_path / "timeline.json").write_text(json.dumps({"lines": lines}))
    made = {"fit": {"takes": "old-takes"}, "mix": {"dub": "old-mix"}}
    (tmp_path / "dub.json").write_text(json.dumps({"made": made}))
    takes = {str(number): {"take": f"t{number}", "placed": f"p{number}"} for number in range(5)}
    mix = np.zeros((100 * RATE_HZ, 2), dtype=np.float32)
    touched = mix.copy()
    touched[int(touch_s * RATE_HZ)] = 0.1
    new_takes = {**takes, "0": {"take": "t0", "placed": other}, "2": {"take": "n", "placed": "n"}}
    program = StagedProgram(tmp_path, mix=touched, takes=new_takes)
    program.write("old", mix, takes)
    return measure_line_change(program, tmp_path)


def test_a_change_that_stays_in_its_window_holds_everything(tmp_path: Path) -> None:
    change = changed(tmp_path, touch_s=21.0, other="p0")
    assert change == LineChange((1.5, 1.5, 1.5), 1.5, 12.0, 9.0, 2, 0, 0)
    assert all(judge_line_change(change).values())


def test_a_change_outside_its_window_is_counted(tmp_path: Path) -> None:
    change = changed(tmp_path, touch_s=90.0, other="another")
    assert (change.takes_changed, change.samples_changed) == (1, 1)
    assert list(judge_line_change(change).values()) == [True, True, False, False]


def test_tables_are_written_between_the_markers_alone(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("above\n<!-- bench-dub:begin -->\nold\n<!-- bench-dub:end -->\nbelow\n")
    write_between(file, "bench-dub", "new")
    assert file.read_text() == (
        "above\n<!-- bench-dub:begin -->\nnew\n<!-- bench-dub:end -->\nbelow\n"
    )
    with pytest.raises(ValueError, match="no markers"):
        write_between(file, "bench-web", "new")
