"""How far a dub is: one bar a stage and an estimate on a terminal, one line a stage elsewhere."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dubbing_pipeline.cli.ending import ENDING
from dubbing_pipeline.stages.runner import StageEvent, Watch
from dubbing_pipeline.utils.clock import Clock, SystemClock

SHARES: Mapping[str, float] = {
    "import": 0.02,
    "extract": 0.05,
    "transcribe": 0.45,
    "diarize": 0.04,
    "translate": 0.04,
    "revise": 0.0,
    "synthesize": 0.10,
    "fit": 0.08,
    "mix": 0.10,
    "export": 0.07,
    "verify": 0.05,
    "preview": 0.05,
    "publish": 0.01,
}
"""Each stage's usual share of the time: for the estimate only."""

_KNOWN_SHARE = 0.05


@contextmanager
def shown() -> Iterator[Watch]:
    """Show the events of one dub on standard error, as fits what it is."""
    if not sys.stderr.isatty():
        yield _heeding(Lines(sys.stderr).watch)
        return
    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _heeding(Bars(progress, SystemClock()).watch)


def _heeding(watch: Watch) -> Watch:
    """Make a watch that also heeds a signal whose exception was lost on its way."""

    def heed(event: StageEvent) -> None:
        ENDING.check()
        watch(event)

    return heed


class Lines:
    """One line an event: ``mix: started``, ``mix: 40 %``, ``mix: 3.9 s`` or ``mix: reused``.

    For logs and for programs that watch a dub. Progress is told in steps of ten percent.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = -1

    def watch(self, event: StageEvent) -> None:
        words = self._words(event)
        if words:
            self._stream.write(f"{event.stage}: {words}\n")
            self._stream.flush()

    def _words(self, event: StageEvent) -> str:
        if event.kind == "progress":
            step = int(event.progress * 10)
            if step <= self._told:  # some stages count their passes one by one
                return ""
            self._told = step
            return f"{step * 10} %"
        self._told = -1
        return f"{event.wall_s:.1f} s" if event.kind == "finished" else event.kind


class Estimate:
    """Guesses the seconds that are left, by the shares of the stages still to come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begin_s = clock.monotonic_s()
        self._finished = 0.0
        self._reused = 0.0

    def left_s(self, event: StageEvent) -> float | None:
        """Take an event in; None while too little is known to guess."""
        share = SHARES.get(event.stage, 0.0)
        if event.kind == "reused":
            self._reused += share  # it took no time, so it says nothing about the rest
        if event.kind == "finished":
            self._finished += share
        done = self._finished + (share * event.progress if event.kind == "progress" else 0.0)
        if done < _KNOWN_SHARE:
            return None
        elapsed_s = self._clock.monotonic_s() - self._begin_s
        return elapsed_s * max(0.0, 1.0 - self._reused - done) / done


class Bars:
    """One bar a stage; the running one also says how long all of it may still take."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._estimate = Estimate(clock)
        self._bars: dict[str, TaskID] = {}

    def watch(self, event: StageEvent) -> None:
        bar = self._bar(event.stage)
        left_s = self._estimate.left_s(event)
        done = 1.0 if event.kind in {"finished", "reused"} else event.progress
        note = "reused" if event.kind == "reused" else ""
        if event.kind == "progress" and left_s is not None:
            note = f"about {_rounded(left_s)} left"
        self._progress.update(bar, completed=done, note=note)
        if event.kind in {"finished", "reused"}:
            self._progress.stop_task(bar)

    def _bar(self, stage: str) -> TaskID:
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(stage, total=1.0, note="")
        return self._bars[stage]


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
