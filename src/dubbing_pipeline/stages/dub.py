"""One film dubbed into a folder, without a server; and a finished folder changed line by line."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dubbing_pipeline.engines.modes import EngineChoice
from dubbing_pipeline.errors import NotFoundError, RefusedError, UsageError
from dubbing_pipeline.media.containers import choose_container
from dubbing_pipeline.media.probe import audio_to_dub, probe
from dubbing_pipeline.media.subtitles import read_subtitles
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.model.speech import Edits, Line, LineEdit, Timeline
from dubbing_pipeline.stages import dub_folder
from dubbing_pipeline.stages.artifacts import ArtifactStore, put_text, read_json
from dubbing_pipeline.stages.call import Keys, digest
from dubbing_pipeline.stages.documents import edits_text, read_edits, read_timeline, timeline_text
from dubbing_pipeline.stages.dub_folder import (
    EDITS,
    REPORT,
    REPORT_PAGE,
    TIMELINE,
    Record,
    beside,
)
from dubbing_pipeline.stages.intake import take_in
from dubbing_pipeline.stages.outputs import film_names, preview_name
from dubbing_pipeline.stages.plan import plan, plan_preview
from dubbing_pipeline.stages.report import Timing, report_json, report_page
from dubbing_pipeline.stages.runner import Made, Runner, StageEvent, Watch
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.files import alone_in, write_atomic


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for at the command line; subtitles are given as files."""

    film: Path
    spec: DubSpec
    out_dir: Path
    source_subtitles: Path | None = None
    target_subtitles: Path | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the dub is. ``metrics`` is what the report says."""

    folder: Path
    output: Path
    report: Path
    metrics: Mapping[str, Any]


Resolve = Callable[[Request], EngineChoice]
"""Chooses engines for a request, or refuses with the command that brings what is missing."""

Outside = Callable[[Path], Path]
"""Gives a hidden temporary name in a folder; what lies there does not outlive a kill for long."""


class Dubber:
    """Dubs into folders with one store, one set of engines and one runner."""

    def __init__(
        self,
        *,
        artifacts: ArtifactStore,
        runner: Runner,
        resolve: Resolve,
        outside: Outside,
        clock: Clock,
    ) -> None:
        self._artifacts = artifacts
        self._runner = runner
        self._resolve = resolve
        self._outside = outside
        self._clock = clock

    def dub(self, request: Request, watch: Watch) -> Finished:
        """Dub a film. What was finished before, in whatever run, is not done again.

        Raises:
            DubbingError: Anything of the tree; nothing half-made is left in the out folder.
        """
        begin_s = self._clock.monotonic_s()
        _refuse_early(request)
        engines = self._resolve(request)
        given, spec = self._take_in(request, watch)
        title = dub_folder.title_of(request.film)
        record = Record(title, spec, engines, given, made={}, files={})
        known = dub_folder.find(request.out_dir, record)
        if known is not None:
            watch(StageEvent("publish", "reused", 1.0))
            return _finished(known)
        made = self._runner.run(plan(spec, engines), given, watch)
        record = replace(record, made=_stages_of(made))
        names = self._names(record)
        record = replace(record, files=names)
        files: dict[str, Path | str] = self._files(made, names)
        files |= {TIMELINE: self._artifacts.fetch(made.keys["fit"]["timeline"])}
        files |= self._reports(made, self._timing(made, begin_s), rev=0)
        return _finished(self._publish(request.out_dir, record, files, watch))

    def _publish(
        self, out_dir: Path, record: Record, files: Mapping[str, Path | str], watch: Watch
    ) -> Path:
        with self._told("publish", watch) as tick:
            # the same command may have run at the same time, and come first
            known = dub_folder.find(out_dir, record)
            if known is not None:
                return known
            hidden = self._outside(out_dir)
            return dub_folder.publish(out_dir, record, files, hidden=hidden, tick=tick)

    def render(self, folder: Path, watch: Watch) -> Finished:
        """Make the film anew with the folder's edits; the earlier one stays beside it."""
        begin_s = self._clock.monotonic_s()
        record = dub_folder.read_record(folder)
        edits = read_edits(folder / EDITS)
        if edits.rev == 0:
            raise RefusedError("stages.nothing_edited", folder=str(folder))
        given = self._given_edited(folder, record, edits, watch)
        made = self._runner.run(plan(record.spec, record.engines, edited=True), given, watch)
        names = self._names(replace(record, made=_stages_of(made)), rev=edits.rev)
        exported = {role: self._artifacts.fetch(made.keys["export"][role]) for role in names}
        names |= dub_folder.unchanged(folder, record, exported)
        files: dict[str, Path | str] = self._files(made, names)
        timeline = self._artifacts.fetch(made.keys["fit"]["timeline"])
        files |= {beside(TIMELINE, edits.rev): timeline}
        dub_folder.refuse_others(folder, files)
        files |= self._reports(made, self._timing(made, begin_s), rev=edits.rev)
        with self._told("publish", watch) as tick:
            for number, (name, content) in enumerate(files.items()):
                tick(number / len(files))
                dub_folder.place_once(folder / name, content, hidden=self._outside(folder))
            dub_folder.write_record(folder, replace(record, files=names, rev=edits.rev))
        return _finished(folder)

    def respeak(self, folder: Path, line: int, watch: Watch) -> Path:
        """Speak one edited line, and mix the ten seconds around it for a first hearing.

        Returns:
            The preview, a file of the folder.
        """
        record = dub_folder.read_record(folder)
        edits = read_edits(folder / EDITS)
        edits.apply(read_timeline(folder / TIMELINE)).line(line)
        given = self._given_edited(folder, record, edits, watch)
        steps = plan_preview(record.spec, record.engines, line=line)
        made = self._runner.run(steps, given, watch)
        path = folder / preview_name(line, edits.rev)
        clip = self._artifacts.fetch(made.keys["preview"]["clip"])
        if not dub_folder.holds(path, clip):
            path.unlink(missing_ok=True)  # of other edits that had the same number
        dub_folder.place_once(path, clip, hidden=self._outside(folder))
        return path

    def _take_in(self, request: Request, watch: Watch) -> tuple[dict[str, str], DubSpec]:
        texts = {"source": request.source_subtitles, "target": request.target_subtitles}
        with self._told("import", watch) as tick:
            given = {"film": take_in(request.film, self._artifacts, tick)}
            for which, path in texts.items():
                if path is not None:
                    given[f"{which}_subtitles"] = take_in(path, self._artifacts, tick)
        spec = replace(
            request.spec,
            source_subtitles=given.get("source_subtitles"),
            target_subtitles=given.get("target_subtitles"),
        )
        return given, spec

    @contextmanager
    def _told(self, step: str, watch: Watch) -> Iterator[Callable[[float], None]]:
        """Tell of a step before or after the stages as the runner tells of those.

        Yields:
            What takes the step's progress, 0 to 1.
        """
        watch(StageEvent(step, "started"))
        begin_s = self._clock.monotonic_s()
        yield lambda done: watch(StageEvent(step, "progress", done))
        watch(StageEvent(step, "finished", 1.0, self._clock.monotonic_s() - begin_s))

    def _given_edited(self, folder: Path, record: Record, edits: Edits, watch: Watch) -> Keys:
        """Give what an edited dub begins with; what was collected since is made again.

        Raises:
            NotFoundError: The film, or a subtitle file, is not in the store any more.
        """
        if not all(self._artifacts.has(key) for key in record.given.values()):
            raise NotFoundError("stages.film_gone", folder=str(folder), title=record.title)
        texts = {
            "settled": timeline_text(read_timeline(folder / TIMELINE)),
            "edits": edits_text(edits),
        }
        stored = {
            role: put_text(self._artifacts, digest({role: text}), text)
            for role, text in texts.items()
        }
        return {**record.given, **stored, "master": self._master(record, watch)}

    def _master(self, record: Record, watch: Watch) -> str:
        key = record.made["mix"]["master"]
        if self._artifacts.has(key):
            return key
        steps = plan(record.spec, record.engines)
        first = steps[: [step.stage for step in steps].index("mix") + 1]
        return self._runner.run(first, record.given, watch).keys["mix"]["master"]

    def _names(self, record: Record, rev: int = 0) -> dict[str, str]:
        timeline = read_timeline(self._artifacts.fetch(record.made["fit"]["timeline"]))
        container = choose_container(probe(self._artifacts.fetch(record.given["film"])))
        return film_names(record, container, source=timeline.source_language, rev=rev)

    def _files(self, made: Made, names: Mapping[str, str]) -> dict[str, Path | str]:
        exported = made.keys["export"]
        return {name: self._artifacts.fetch(exported[role]) for role, name in names.items()}

    def _timing(self, made: Made, begin_s: float) -> Timing:
        return Timing(self._clock.monotonic_s() - begin_s, made.stage_wall_s)

    def _reports(self, made: Made, timing: Timing, rev: int) -> dict[str, Path | str]:
        metrics = read_json(self._artifacts, made.keys["verify"]["metrics"])
        timeline = read_timeline(self._artifacts.fetch(made.keys["fit"]["timeline"]))
        return {
            beside(REPORT, rev): report_json(metrics, timing),
            beside(REPORT_PAGE, rev): report_page(metrics, timing, timeline),
        }


def _refuse_early(request: Request) -> None:
    """Look at what was named before anything is copied: messages then name the person's files."""
    dub_folder.refuse_unwritable(request.out_dir)
    texts = [request.source_subtitles, request.target_subtitles]
    for path in (request.film, *(text for text in texts if text is not None)):
        if not path.exists():
            raise NotFoundError("stages.no_such_file", path=str(path))
    if request.source_subtitles is not None and request.spec.source_language is None:
        raise UsageError("stages.subtitles_language")
    audio_to_dub(probe(request.film.resolve()))
    for text in texts:
        if text is not None:
            read_subtitles(text.resolve())


def edit(folder: Path, line: int, change: LineEdit) -> Edits:
    """Note a change of one line in a folder. Nothing is spoken yet.

    Raises:
        NotFoundError: The folder holds no finished dub.
        InputRefused: The line is not there.
    """
    dub_folder.read_record(folder)
    timeline = read_timeline(folder / TIMELINE)
    with alone_in(folder):
        edits = read_edits(folder / EDITS).with_change(line, change)
        edits.apply(timeline)
        write_atomic(folder / EDITS, edits_text(edits))
    return edits


def current_timeline(folder: Path) -> tuple[Timeline, Edits]:
    """Read a folder's lines as they are now: what the stages made, with the edits on top.

    A line has the fit it has in the newest film, and none if it was changed since.
    """
    record = dub_folder.read_record(folder)
    edits = read_edits(folder / EDITS)
    timeline = edits.apply(read_timeline(folder / TIMELINE))
    newest = read_timeline(folder / beside(TIMELINE, record.rev))
    lines = tuple(_as_placed(line, newest.line(line.id)) for line in timeline.lines)
    return replace(timeline, lines=lines), edits


def _as_placed(line: Line, newest: Line) -> Line:
    placed = replace(line, fit=newest.fit)
    return placed if placed == newest else replace(line, fit=None)


def _stages_of(made: Made) -> dict[str, Keys]:
    return {stage: keys for stage, keys in made.keys.items() if stage != "given"}


def _finished(folder: Path) -> Finished:
    record = dub_folder.read_record(folder)
    report = folder / beside(REPORT, record.rev)
    metrics = dub_folder.read_report(report)
    return Finished(folder, folder / record.files["film"], report, metrics)
