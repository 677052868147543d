"""Stretched speech has exactly the length asked for, at the old pitch, whoever stands beside."""

import numpy as np
import pytest

from dubbing_pipeline.errors import Cancelled
from dubbing_pipeline.media import stretch as room
from dubbing_pipeline.media.stretch import Samples, Stretch, stretch, stretch_all, stretcher
from lib.tools import need

RATE_HZ = 22_050


@pytest.fixture(autouse=True)
def _ffmpeg() -> None:
    need("ffmpeg")


def noise(seconds: float, seed: int = 0) -> Samples:
    count = round(seconds * RATE_HZ)
    return np.random.default_rng(seed).uniform(-0.3, 0.3, count).astype(np.float32)


def vowel(seconds: float, hz: float) -> Samples:
    """Make a voiced sound: thirty harmonics, each softer than the last."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = sum((np.sin(2 * np.pi * hz * n * at) / n for n in range(1, 31)), np.zeros(len(at)))
    return (0.1 * sound).astype(np.float32)


def pitch_hz(samples: Samples) -> float:
    """Find the pitch by autocorrelation over the middle of a sound."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    likeness = np.fft.irfft(np.abs(np.fft.rfft(middle, n=2 * len(middle))) ** 2)
    shortest = RATE_HZ // 400
    return RATE_HZ / (shortest + int(np.argmax(likeness[shortest : RATE_HZ // 70])))


@pytest.fixture(params=["rubberband", "atempo"])
def _either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with what this ffmpeg has, and with what stands in for it."""
    monkeypatch.setattr(room, "stretcher", lambda: request.param)


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("tempo", [0.7, 0.85, 0.997, 1.1, 1.234567, 1.35, 2.0])
@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.999, 1.0, 2.75])
def test_the_length_is_exact(tempo: float, seconds: float) -> None:
    line = Stretch(noise(seconds), tempo)
    assert len(stretch(line.samples, RATE_HZ, tempo)) == line.length


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("tempo", [0.85, 1.12, 1.35])
@pytest.mark.parametrize("hz", [105, 210])
def test_pitch_stays(tempo: float, hz: float) -> None:
    assert pitch_hz(stretch(vowel(2, hz), RATE_HZ, tempo)) == pytest.approx(hz, rel=0.02)


@pytest.mark.usefixtures("_either")
@pytest.mark.parametrize("tempo", [0.85, 1.1, 1.35])
def test_sounds_stay_at_their_share_of_the_line_and_none_is_lost(tempo: float) -> None:
    samples, burst = np.zeros(3 * RATE_HZ, np.float32), noise(0.1)
    for second in (0.0, 1.0, 2.9):
        samples[round(second * RATE_HZ) :][: len(burst)] = burst
    out = stretch(samples, RATE_HZ, tempo)
    loud = np.flatnonzero(np.abs(out) > 0.05)
    onsets = loud[np.concatenate([[True], np.diff(loud) > RATE_HZ // 10])] / RATE_HZ
    assert onsets * tempo == pytest.approx([0.0, 1.0, 2.9], abs=0.025)
    energies = [float(np.sum(out[round(at * RATE_HZ) :][:3000] ** 2)) for at in onsets]
    assert min(energies) > 0.6 * max(energies)


def test_an_untouched_tempo_gives_the_very_samples() -> None:
    samples = noise(1)
    assert stretch(samples, RATE_HZ, 1.0) is samples


def test_a_line_without_sound_stays_without() -> None:
    assert len(stretch(np.zeros(0, np.float32), RATE_HZ, 1.2)) == 0


def test_lines_do_not_depend_on_their_neighbours_and_come_in_order() -> None:
    lines = [Stretch(noise(0.3 + at / 7, seed=at), 0.9 + at / 100) for at in range(room._BATCH + 6)]
    lines[3] = Stretch(lines[3].samples, 1.0)
    together = stretch_all(lines, RATE_HZ)
    assert [len(out) for out in together] == [line.length for line in lines]
    for at in (0, 3, room._BATCH - 1, room._BATCH, len(lines) - 1):
        alone = stretch(lines[at].samples, RATE_HZ, lines[at].tempo)
        assert np.array_equal(alone, together[at])


def test_progress_grows_over_all_batches_and_cancel_passes() -> None:
    lines = [Stretch(noise(0.2), 1.1)] * (room._BATCH + 1)
    seen: list[float] = []
    stretch_all(lines, RATE_HZ, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def stop(_done: float) -> None:
        raise Cancelled("runner.cancelled")

    with pytest.raises(Cancelled):
        stretch_all(lines, RATE_HZ, stop)


def test_rubber_band_does_the_work() -> None:
    assert stretcher() == "rubberband"
