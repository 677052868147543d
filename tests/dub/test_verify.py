"""The stage ``verify`` passes a good dub, and fails each film that is none for its own reason."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    Segment,
    Tick,
    Transcript,
)
from dubbing_pipeline.errors import VerifyFailed
from dubbing_pipeline.stages.artifacts import read_json
from dubbing_pipeline.stages.call import Keys
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.verify import Verify
from lib.dubbed import (
    RATE_HZ,
    Dub,
    Studio,
    context_of,
    good_dub,
    laid,
    without_end,
)

Metrics = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """Verifies films made of parts, beside one and the same input."""

    studio: Studio
    original: Path

    def passes(self, dub: Dub, film: Path | None = None, hears: str | None = None) -> Metrics:
        """Verify a film that must pass; give its metrics."""
        return self._read(self._run(dub, film, hears)["metrics"])

    def fails(self, dub: Dub, film: Path | None = None, hears: str | None = None) -> Metrics:
        """Verify a film that must fail; give its metrics, which are kept."""
        with pytest.raises(VerifyFailed) as caught:
            self._run(dub, film, hears)
        metrics = self._read(str(caught.value.params["report"]))
        assert caught.value.code == "stages.verify_failed"
        assert all(name in str(caught.value.params["checks"]) for name in broken(metrics))
        return metrics

    def _run(self, dub: Dub, film: Path | None, hears: str | None) -> Keys:
        call = self.studio.call(dub, film or self.dubbed(dub), self.original)
        recogniser = Recogniser(hears) if hears else None
        if recogniser:
            call = replace(call, engines={**call.engines, "transcriber": recogniser.ref})
        return Verify().run(call, context_of(self.studio.store, recogniser))

    def _read(self, key: str) -> Metrics:
        return dict(read_json(self.studio.store, key))

    def dubbed(self, dub: Dub, *, gain_db: float = 0.0, ending: str = "mp4") -> Path:
        """Render a dub with both its tracks."""
        mixed = self.studio.mixed(dub, gain_db)
        return self.studio.film((mixed, "spa"), (dub.source, "eng"), ending=ending)


class Recogniser:
    """Hears the same words whatever is played to it."""

    capabilities = Capabilities(
        task="transcribe",
        resource="cpu",
        needs_network=False,
        code_license="",
        model_license="",
        languages=frozenset({"en"}),
    )

    def __init__(self, text: str) -> None:
        self._text = text
        self.ref = EngineRef("parrot", text)

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        tick(1.0)
        assert samples.size > RATE_HZ
        return Transcript(language or "", (Segment(0, 1000, self._text, ()),))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    dub = good_dub()
    folder = tmp_path_factory.mktemp("verify")
    with open_store(folder / "state", "test") as store:
        studio = Studio(store, folder)
        yield Bench(studio, studio.film((dub.source, "eng")))


def long(dub: Dub) -> Dub:
    """Say that the film is long."""
    return replace(dub, timeline=replace(dub.timeline, duration_ms=130_000))


def broken(metrics: Metrics) -> set[str]:
    """Name the hard checks that failed."""
    return {check["name"] for check in metrics["checks"] if check["hard"] and not check["ok"]}


def test_a_good_dub_passes_with_nothing_to_complain_of(bench: Bench) -> None:
    metrics = bench.passes(good_dub())
    assert metrics["passed"]
    assert [check for check in metrics["checks"] if not check["ok"]] == []
    assert metrics["speech_overlap_f1"] >= 0.9
    assert metrics["dead_air_ratio"] <= 0.05
    assert metrics["onset_lag_p95_ms"] <= 150
    assert metrics["words_cut"] == metrics["lines_overflow"] == 0
    assert metrics["loudness_lufs"] == pytest.approx(-16, abs=0.5)
    assert metrics["video_bitexact"] is True
    assert abs(metrics["duration_delta_ms"]) <= 40


def test_a_dub_in_matroska_passes_with_the_same_picture(bench: Bench) -> None:
    metrics = bench.passes(good_dub(), bench.dubbed(good_dub(), ending="mkv"))
    assert metrics["passed"]
    assert metrics["video_bitexact"] is True


def test_a_tone_instead_of_speech_fails(bench: Bench) -> None:
    dub = good_dub()
    time_s = np.arange(dub.frames) / RATE_HZ
    tone = (0.2 * np.sin(2 * np.pi * 440 * time_s) * (dub.stem != 0)).astype(np.float32)
    assert "speech_in_stem" in broken(bench.fails(replace(dub, stem=tone)))


def test_the_untranslated_source_fails(bench: Bench) -> None:
    dub = good_dub()
    louder = replace(dub, stem=(1.7 * np.roll(dub.source, 20)).astype(np.float32))
    assert "leak" in broken(bench.fails(louder))


def test_source_words_in_a_long_dub_fail(bench: Bench) -> None:
    dub = good_dub()
    said = " ".join(line.source for line in dub.timeline.lines)
    assert broken(bench.fails(long(dub), hears=said)) == {"source_words"}


def test_a_recogniser_that_hears_something_else_passes(bench: Bench) -> None:
    metrics = bench.passes(long(good_dub()), hears="Aloe diff is sierra the porter.")
    assert "source_words" in {check["name"] for check in metrics["checks"]}


def test_a_short_dub_beyond_doubt_passes_unheard(bench: Bench) -> None:
    metrics = bench.passes(good_dub(), hears="The building will open its doors in September.")
    assert "source_words" not in {check["name"] for check in metrics["checks"]}


def test_a_short_dub_in_doubt_is_heard(bench: Bench) -> None:
    dub = good_dub()
    said = " ".join(line.source for line in dub.timeline.lines)
    broken_ones = broken(bench.fails(replace(dub, stem=dub.source), hears=said))
    assert {"leak", "source_words"} <= broken_ones


def test_text_that_was_not_translated_fails(bench: Bench) -> None:
    dub = good_dub()
    lines = tuple(replace(line, target=line.source) for line in dub.timeline.lines)
    same = replace(dub, timeline=replace(dub.timeline, lines=lines))
    assert broken(bench.fails(same)) == {"text_untranslated"}


def test_lines_chopped_in_the_mix_fail(bench: Bench) -> None:
    dub = good_dub()
    chopped = {line: without_end(take, 200) for line, take in dub.placed.items()}
    stem = laid(dub.timeline, chopped, dub.frames)
    metrics = bench.fails(replace(dub, stem=stem))
    assert broken(metrics) == {"words_lost"}
    assert metrics["words_cut"] == metrics["lines"] == 3


def test_lines_chopped_before_the_mix_fail(bench: Bench) -> None:
    dub = good_dub()
    chopped = {line: without_end(take, 200) for line, take in dub.placed.items()}
    stem = laid(dub.timeline, chopped, dub.frames)
    metrics = bench.fails(replace(dub, stem=stem, placed=chopped))
    assert broken(metrics) == {"words_lost"}
    assert all(150 <= line["cut_ms"] <= 400 for line in metrics["per_line"])


def test_one_missing_line_fails(bench: Bench) -> None:
    dub = good_dub()
    placed = {line: take * (line != 1) for line, take in dub.placed.items()}
    metrics = bench.fails(replace(dub, stem=laid(dub.timeline, placed, dub.frames)))
    assert broken(metrics) == {"words_lost"}
    assert metrics["words_cut"] == 1


def test_lines_half_a_second_late_fail(bench: Bench) -> None:
    dub = good_dub()
    metrics = bench.fails(
        replace(dub, stem=laid(dub.timeline, dub.placed, dub.frames, shift_ms=500))
    )
    assert broken(metrics) == {"lines_off_plan"}
    assert metrics["onset_error_p50_ms"] == pytest.approx(500, abs=20)


def test_a_film_without_the_original_track_fails(bench: Bench) -> None:
    dub = good_dub()
    film = bench.studio.film((bench.studio.mixed(dub), "spa"))
    assert broken(bench.fails(dub, film)) == {"original_in_film"}


def test_a_film_whose_dub_track_is_the_original_fails(bench: Bench) -> None:
    dub = good_dub()
    film = bench.studio.film((dub.source, "spa"), (dub.source, "eng"))
    assert broken(bench.fails(dub, film)) == {"dub_in_film"}


def test_a_film_that_ends_early_fails(bench: Bench) -> None:
    dub = good_dub()
    tracks = ((bench.studio.mixed(dub), "spa"), (dub.source, "eng"))
    film = bench.studio.film(*tracks, seconds=dub.frames / RATE_HZ - 0.9)
    assert broken(bench.fails(dub, film)) == {"duration_far_off_ms"}


def test_a_dub_that_can_hardly_be_heard_fails(bench: Bench) -> None:
    film = bench.dubbed(good_dub(), gain_db=-15.0)
    assert broken(bench.fails(good_dub(), film)) == {"loudness_far_off_lu"}


def test_what_was_measured_is_not_measured_again(bench: Bench) -> None:
    dub = good_dub()
    call = bench.studio.call(dub, bench.dubbed(dub), bench.original)
    ticks: list[float] = []
    context = replace(context_of(bench.studio.store), tick=ticks.append)
    first = Verify().run(call, context)
    ticks.clear()
    assert Verify().run(call, context) == first
    assert ticks == []
