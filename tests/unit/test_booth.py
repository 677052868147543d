"""What was spoken once is not spoken again, and a take knows nothing of the film."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.engines.base import EngineRef, Speech, SpeechRequest, Synthesizer, Tick
from dubbing_pipeline.engines.fake import FakeSynthesizer
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import EngineFailed
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.booth import Booth, Wanted
from dubbing_pipeline.stages.folder_store import FolderStore, open_store
from lib.small_film import FAKE

ONE = Wanted(1, "Una frase.", "low")


@dataclass
class Counting(FakeSynthesizer):
    """Counts the texts it speaks; ``silent`` ones have no sound, ``deadly`` ones end the run."""

    spoken: list[str] = field(default_factory=list)
    silent: str = ""
    deadly: str = ""

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        if any(each.text == self.deadly for each in requests):
            raise KeyboardInterrupt
        self.spoken += [each.text for each in requests]
        found = super().speak(requests, tick=tick)
        return tuple(
            Speech(np.zeros_like(speech.samples), speech.sample_rate_hz)
            if each.text == self.silent
            else speech
            for each, speech in zip(requests, found, strict=True)
        )


class Engines(Registry):
    def __init__(self, engine: Synthesizer) -> None:
        super().__init__(EngineSettings(Path("/nowhere"), Path("/nowhere")))
        self._engine = engine

    def synthesizer(self, ref: EngineRef) -> Synthesizer:
        return self._engine


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    with open_store(tmp_path, "test") as store:
        yield store


def booth_of(store: FolderStore, engine: Synthesizer, ref: EngineRef = FAKE) -> Booth:
    return Booth(ref, "es", StageContext(store, Engines(engine), lambda _: None))


def test_equal_words_of_one_voice_are_spoken_once(store: FolderStore) -> None:
    engine = Counting()
    booth = booth_of(store, engine)
    booth.record([ONE, replace(ONE, line=2)])
    booth.record([replace(ONE, line=3)])
    assert engine.spoken == [ONE.text]


@pytest.mark.parametrize(
    "other", [replace(ONE, text="Otra."), replace(ONE, voice="high"), replace(ONE, rate=1.1)]
)
def test_other_words_voices_and_rates_are_other_takes(store: FolderStore, other: Wanted) -> None:
    engine = Counting()
    booth_of(store, engine).record([ONE, other])
    assert len(engine.spoken) == 2


def test_a_take_is_of_its_engine_and_of_no_line(store: FolderStore) -> None:
    booth, other = booth_of(store, Counting()), booth_of(store, Counting(), EngineRef("fake", "2"))
    assert booth.key(ONE) == booth.key(replace(ONE, line=9))
    assert booth.key(ONE) != other.key(ONE)


def test_a_take_is_as_long_as_it_is_heard(store: FolderStore) -> None:
    booth = booth_of(store, Counting())
    booth.record([ONE])
    assert booth.natural_ms(ONE) == pytest.approx(len(ONE.text) * 1000 / 15, abs=50)


def test_a_take_without_sound_names_its_line(store: FolderStore) -> None:
    with pytest.raises(EngineFailed) as caught:
        booth_of(store, Counting(silent=ONE.text)).record([replace(ONE, line=7)])
    assert (caught.value.code, caught.value.params["line"]) == ("stages.silent_take", 7)


def test_a_kill_loses_no_more_than_the_lines_of_one_batch(store: FolderStore) -> None:
    wanted = [replace(ONE, text=f"Frase {number}.") for number in range(50)]
    with pytest.raises(KeyboardInterrupt):
        booth_of(store, Counting(deadly="Frase 30.")).record(wanted)
    engine = Counting()
    booth_of(store, engine).record(wanted)
    assert engine.spoken == [each.text for each in wanted[24:]]
