"""A film of half a minute without a picture: its lines are tones, its dub is hummed by fakes.

What the stages before ``revise`` make is put into the store by hand, so that the stages after
them can be run, and run again with edits, in a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import EngineRef
from dubbing_pipeline.engines.modes import EngineChoice
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.media.flac import SpanReader, write_flac
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.model.speech import Change, Edits, Line, LineEdit, Timeline
from dubbing_pipeline.stages.artifacts import put_json, put_text
from dubbing_pipeline.stages.base import EngineSource, StageContext
from dubbing_pipeline.stages.call import Keys, digest
from dubbing_pipeline.stages.documents import edits_text, read_timeline, timeline_text
from dubbing_pipeline.stages.folder_store import FolderStore
from dubbing_pipeline.stages.plan import plan
from dubbing_pipeline.stages.runner import _call, load_stages
from dubbing_pipeline.stages.takes import Take, read_takes

RATE_HZ = 48_000
FILM_MS = 30_000
FAKE = EngineRef("fake", "1")
SPEC = DubSpec("es", "en")
CHOICE = EngineChoice("low", FAKE, FAKE, FAKE, FAKE)
RUN_HERE = ("revise", "synthesize", "fit", "mix")
MASTER_DB = 3.0

Mono = npt.NDArray[np.float32]

LINES = tuple(
    Line(number, start_ms, start_ms + 2000, speaker, "Some words.", "Unas palabras dichas aquí.")
    for number, (start_ms, speaker) in enumerate(
        [(1000, "S1"), (5000, "S2"), (9000, "S1"), (13_000, "S2"), (17_000, "S1"), (23_000, "S1")],
        1,
    )
)


@dataclass
class SmallFilm:
    """The film in a store. ``loud`` maps a line's id to the peak of its tone, else 0.1."""

    store: FolderStore
    lines: Sequence[Line] = LINES
    loud: Mapping[int, float] = field(default_factory=dict)
    variants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    engines: EngineSource = field(
        default_factory=lambda: Registry(EngineSettings(Path("/nowhere"), Path("/nowhere")))
    )

    @property
    def context(self) -> StageContext:
        return StageContext(self.store, self.engines, lambda _: None)

    @property
    def timeline(self) -> Timeline:
        return Timeline("en", "es", FILM_MS, tuple(self.lines))

    def given(self) -> dict[str, Keys]:
        """Put what the stages before make; give it as if they had made it."""
        cast = [{"name": name, "f0_hz": 0.0, "gender": ""} for name in ("S1", "S2")]
        spans = [[line.start_ms, line.end_ms] for line in self.lines]
        text = timeline_text(self.timeline)
        return {
            "extract": {"sound": self._sound()},
            "transcribe": {"speech_spans": put_json(self.store, digest(spans), spans)},
            "translate": {
                "cast": put_json(self.store, digest(cast), cast),
                "timeline": put_text(self.store, digest(text), text),
                "variants": put_json(
                    self.store, digest({"variants": self.variants}), dict(self.variants)
                ),
            },
        }

    def dub(self) -> dict[str, Keys]:
        """Speak, place and mix: keys by stage and role."""
        return self._walk(self.given(), RUN_HERE, edited=False)

    def fit(self) -> dict[str, Keys]:
        """Speak and place; a mix is only said to be there."""
        made = self._walk(self.given(), RUN_HERE[:-1], edited=False)
        gain = {"gain_db": MASTER_DB}
        return {**made, "mix": {"master": put_json(self.store, digest(gain), gain)}}

    def mix(self, placed: Mapping[str, Keys]) -> dict[str, Keys]:
        """Mix what was placed with the gain it says."""
        first = {"settled": placed["fit"]["timeline"], "master": placed["mix"]["master"]}
        return self._walk({**placed, "given": first}, RUN_HERE[-1:], edited=True)

    def revise(
        self, first: Mapping[str, Keys], *changes: tuple[int, LineEdit], mix: bool = False
    ) -> dict[str, Keys]:
        """Do it again with a person's edits, up to the places of the lines or to the mix."""
        text = edits_text(Edits(tuple(Change(line, edit) for line, edit in changes)))
        given = {
            "settled": first["fit"]["timeline"],
            "master": first["mix"]["master"],
            "edits": put_text(self.store, digest({"edits": text}), text),
        }
        stages = RUN_HERE if mix else RUN_HERE[:-1]
        return self._walk({**self.given(), "given": given}, stages, edited=True)

    def timeline_of(self, made: Mapping[str, Keys]) -> Timeline:
        return read_timeline(self.store.fetch(made["fit"]["timeline"]))

    def takes_of(self, made: Mapping[str, Keys]) -> dict[int, Take]:
        return read_takes(self.store, made["fit"]["takes"])

    def heard(self, made: Mapping[str, Keys], role: str = "dub") -> Mono:
        """Read the mix, or its stem."""
        with SpanReader(self.store.fetch(made["mix"][role])) as file:
            return file.read(0, file.frames)

    def _walk(
        self, keys: dict[str, Keys], names: Sequence[str], *, edited: bool
    ) -> dict[str, Keys]:
        steps = [step for step in plan(SPEC, CHOICE, edited=edited) if step.stage in names]
        stages = load_stages(steps)
        for step in steps:
            stage = stages[step.stage]
            keys[step.stage] = stage.run(_call(stage, step, keys), self.context)
        return keys

    def _sound(self) -> str:
        sound = np.zeros(FILM_MS * RATE_HZ // 1000, np.float32)
        for line in self.lines:
            begin, end = line.start_ms * RATE_HZ // 1000, line.end_ms * RATE_HZ // 1000
            tone = np.sin(2 * np.pi * 220 * np.arange(end - begin) / RATE_HZ)
            sound[begin:end] = self.loud.get(line.id, 0.1) * tone
        key = digest({"sound": sound.tobytes().hex()})
        if not self.store.has(key):
            path = self.store.scratch(".flac")
            write_flac(path, np.stack([sound, sound], axis=1), sample_rate_hz=RATE_HZ)
            self.store.put(key, path)
        return key
