"""The work of a child: the plan of one job, run over the artifact store.

The call holds only keys, names and engines by hash, and comes from ``preparation``; endpoints
with their secrets come beside it, in the same first message, and reach neither disk nor
environment.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dubbing_pipeline.engines.modes import EngineChoice
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.media.containers import choose_container
from dubbing_pipeline.media.probe import probe
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.runtime.parent import Supervisor
from dubbing_pipeline.stages.artifacts import ArtifactStore, put_text, read_json
from dubbing_pipeline.stages.call import Keys, digest
from dubbing_pipeline.stages.documents import read_timeline
from dubbing_pipeline.stages.dub_folder import Record
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.outputs import film_names, preview_name
from dubbing_pipeline.stages.plan import Step, plan, plan_preview
from dubbing_pipeline.stages.report import Timing, report_json, report_page
from dubbing_pipeline.stages.runner import Made, Runner, StageEvent, load_stages
from dubbing_pipeline.utils.clock import SystemClock

_SPEC: TypeAdapter[DubSpec] = TypeAdapter(DubSpec)
_ENGINES: TypeAdapter[EngineChoice] = TypeAdapter(EngineChoice)
_SETTINGS: TypeAdapter[EngineSettings] = TypeAdapter(EngineSettings)

LAID_OUT = frozenset({"film", "target_srt", "source_srt"})
"""Roles of the export that go to the output folder; player files are read from the store."""


class Progress:
    """Passes a runner's events on, and holds the slot of the stage that runs."""

    def __init__(self, steps: Sequence[Step], supervisor: Supervisor) -> None:
        self._resources = {step.stage: step.resource for step in steps}
        self._supervisor = supervisor
        self.slot = ExitStack()

    def watch(self, event: StageEvent) -> None:
        if event.kind == "finished":
            self.slot.close()
        self._supervisor.report(event.stage, event.progress)
        if event.kind == "started":
            resource = self._resources.get(event.stage, "cpu")
            self.slot.enter_context(self._supervisor.slot(resource))


def dub(call: Mapping[str, Any], supervisor: Supervisor) -> Mapping[str, Any]:
    """Do one job's work.

    Args:
        call: ``job`` (the spec of the job), ``kind``, ``title``, ``state_dir``, ``owner``,
            ``engine_settings``.
        supervisor: Takes progress, grants slots, says when to stop.

    Returns:
        A manifest: artifacts by ``stage.role``, outputs, metrics.
    """
    job = call["job"]
    clock = SystemClock()
    begin_s = clock.monotonic_s()
    spec, engines = _SPEC.validate_python(job["spec"]), _ENGINES.validate_python(job["engines"])
    given: Keys = job["given"]
    steps = _steps(str(call["kind"]), job, spec, engines)
    registry = Registry(_SETTINGS.validate_python(call["engine_settings"]))
    with open_store(Path(call["state_dir"]), str(call["owner"])) as artifacts:
        runner = Runner(artifacts=artifacts, engines=registry, clock=clock, load=load_stages)
        supervisor.pin(_flat({**runner.finished(steps, given), "given": given}))
        progress = Progress(steps, supervisor)
        with progress.slot:
            made = runner.run(steps, given, progress.watch)
        record = Record(str(call["title"]), spec, engines, given, made={}, files={})
        wall_s = clock.monotonic_s() - begin_s
        return _manifest(call, record, made, artifacts, wall_s=wall_s)


def _steps(
    kind: str, job: Mapping[str, Any], spec: DubSpec, engines: EngineChoice
) -> tuple[Step, ...]:
    if kind == "respeak":
        return plan_preview(spec, engines, line=int(job["line"]))
    return plan(spec, engines, edited=kind == "render")


def _flat(keys: Mapping[str, Keys]) -> dict[str, str]:
    return {f"{stage}.{role}": key for stage, made in keys.items() for role, key in made.items()}


def _manifest(
    call: Mapping[str, Any], record: Record, made: Made, artifacts: ArtifactStore, *, wall_s: float
) -> Mapping[str, Any]:
    rev = int(call["job"].get("rev", 0))
    if call["kind"] == "respeak":
        name = preview_name(int(call["job"]["line"]), rev)
        metrics: dict[str, Any] = {"preview": made.keys["preview"]["clip"], "name": name}
        return {"artifacts": _flat(made.keys), "outputs": [], "metrics": metrics}
    timeline = read_timeline(artifacts.fetch(made.keys["fit"]["timeline"]))
    container = choose_container(probe(artifacts.fetch(record.given["film"])))
    names = film_names(record, container, source=timeline.source_language, rev=rev)
    exported = made.keys["export"]
    quality = read_json(artifacts, made.keys["verify"]["metrics"])
    timing = Timing(wall_s, made.stage_wall_s)
    reports = {
        "report.json": report_json(quality, timing),
        "report.html": report_page(quality, timing, timeline),
    }
    stem = Path(names["film"]).stem
    outputs = {name: exported[role] for role, name in names.items() if role in LAID_OUT}
    for ending, text in reports.items():
        outputs[f"{stem}.{ending}"] = put_text(artifacts, digest({"report": text}), text)
    return {
        "artifacts": {
            **_flat(made.keys),
            **{name: outputs[f"{stem}.{name}"] for name in reports},
        },
        "outputs": [{"key": key, "name": name} for name, key in outputs.items()],
        "metrics": {
            "source_language": timeline.source_language,
            "target_language": timeline.target_language,
            "duration_ms": timeline.duration_ms,
            "stage_wall_s": dict(made.stage_wall_s),
            "quality": quality,
        },
    }


def spec_json(spec: DubSpec, engines: EngineChoice, given: Keys) -> dict[str, Any]:
    """Write what a child needs as the JSON that is kept with the job."""
    return {
        "mode": spec.mode,
        "source_language": spec.source_language,
        "target_language": spec.target_language,
        "spec": _SPEC.dump_python(spec, mode="json"),
        "engines": asdict(engines),
        "given": dict(given),
    }
