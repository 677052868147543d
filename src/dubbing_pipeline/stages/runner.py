"""Walk the steps of a plan; redo nothing that is finished.

A finished step is a manifest under the call's own key: artifact keys by role. So "is it done"
is one look-up, the same for a second run, a run after a kill, and a run in which only a late
step changed. Nothing is remembered anywhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from dubbing_pipeline.stages.artifacts import ArtifactStore, put_json, read_json
from dubbing_pipeline.stages.base import EngineSource, Stage, StageContext, Stages
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.plan import Step
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.files import refusing_full_disk


@dataclass(frozen=True, slots=True)
class StageEvent:
    """What the one who waits is told. ``progress`` is 0 to 1 within the stage."""

    stage: str
    kind: Literal["started", "progress", "finished", "reused"]
    progress: float = 0.0
    wall_s: float = 0.0


Watch = Callable[[StageEvent], None]
"""Called for each event. It may raise ``errors.Cancelled`` to stop the work."""


@dataclass(frozen=True, slots=True)
class Made:
    """Keys by stage and role, and how long each stage that really ran took."""

    keys: Mapping[str, Keys]
    stage_wall_s: Mapping[str, float]


class Runner:
    """Runs plans over one store with one set of engines."""

    def __init__(
        self,
        *,
        artifacts: ArtifactStore,
        engines: EngineSource,
        clock: Clock,
        load: Callable[[Sequence[Step]], Stages],
    ) -> None:
        self._load = load
        self._artifacts = artifacts
        self._engines = engines
        self._clock = clock

    def run(self, steps: Sequence[Step], given: Keys, watch: Watch) -> Made:
        """Run what is not finished yet, in order.

        Args:
            steps: From ``plan``.
            given: Keys of what the job begins with: film, subtitles, edits.
            watch: Told of each start, progress and end.

        Raises:
            DubbingError: What a stage raised; it carries a note naming the stage.
        """
        stages = self._load(steps)
        keys: dict[str, Keys] = {"given": given}
        wall: dict[str, float] = {}
        for step in steps:
            stage = stages[step.stage]
            keys[step.stage] = self._step(stage, _call(stage, step, keys), watch, wall=wall)
        return Made(keys, wall)

    def finished(self, steps: Sequence[Step], given: Keys) -> Mapping[str, Keys]:
        """Look up what is finished already, up to the first step that is not."""
        stages = self._load(steps)
        keys: dict[str, Keys] = {"given": given}
        for step in steps:
            made = self._manifest(_call(stages[step.stage], step, keys))
            if made is None:
                break
            keys[step.stage] = made
        return keys

    def _step(self, stage: Stage, call: StageCall, watch: Watch, *, wall: dict[str, float]) -> Keys:
        made = self._manifest(call)
        if made is not None:
            watch(StageEvent(call.stage, "reused", 1.0))
            return made
        watch(StageEvent(call.stage, "started"))
        begin_s = self._clock.monotonic_s()
        context = StageContext(
            self._artifacts,
            self._engines,
            lambda progress: watch(StageEvent(call.stage, "progress", progress)),
        )
        try:
            # whatever a stage writes, by whatever library, it writes there
            with refusing_full_disk(self._artifacts.scratch().parent):
                made = stage.run(call, context)
        except BaseException as error:
            error.add_note(f"stage: {call.stage}")
            raise
        self._publish(call, made)
        wall[call.stage] = self._clock.monotonic_s() - begin_s
        watch(StageEvent(call.stage, "finished", 1.0, wall[call.stage]))
        return made

    def _manifest(self, call: StageCall) -> Keys | None:
        key = call.key("manifest")
        if not self._artifacts.has(key):
            return None
        made: dict[str, str] = read_json(self._artifacts, key)
        # an artifact may have been collected since; then the stage makes it again
        return made if all(self._artifacts.has(value) for value in made.values()) else None

    def _publish(self, call: StageCall, made: Keys) -> None:
        put_json(self._artifacts, call.key("manifest"), dict(made))


def _call(stage: Stage, step: Step, keys: Mapping[str, Keys]) -> StageCall:
    inputs = {role: keys[made_by][made] for role, (made_by, made) in step.inputs.items()}
    return StageCall(step.stage, stage.version, inputs, step.params, step.engines)


def load_stages(steps: Sequence[Step]) -> Stages:
    """Import the stages that steps name: module ``stages.<name>``, constant ``STAGE``.

    So a new stage is one file and one line in ``plan``, and a run loads no more than it needs.
    """
    names = dict.fromkeys(step.stage for step in steps)
    return {name: import_module(f"dubbing_pipeline.stages.{name}").STAGE for name in names}
