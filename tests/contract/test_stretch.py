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


def tone(seconds: float, hz: float = 220.0) -> Samples:
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def pitch_hz(samples: Samples) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), n=1 << 18))
    return float(np.argmax(spectrum) * RATE_HZ / (1 << 18))


@pytest.mark.parametrize("tempo", [0.7, 0.85, 0.997, 1.1, 1.234567, 1.35, 2.0])
@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.999, 1.0, 2.75])
def test_the_length_is_exact(tempo: float, seconds: float) -> None:
    line = Stretch(noise(seconds), tempo)
    assert len(stretch(line.samples, RATE_HZ, tempo)) == line.length


@pytest.mark.parametrize("tempo", [0.85, 1.35])
def test_pitch_stays(tempo: float) -> None:
    assert pitch_hz(stretch(tone(2), RATE_HZ, tempo)) == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("tempo", [0.85, 1.1, 1.35])
def test_sounds_stay_at_their_share_of_the_line(tempo: float) -> None:
    samples = np.zeros(3 * RATE_HZ, np.float32)
    samples[RATE_HZ : RATE_HZ + 2000] = noise(1)[:2000]
    loud = np.flatnonzero(np.abs(stretch(samples, RATE_HZ, tempo)) > 0.05)
    assert loud[0] / RATE_HZ == pytest.approx(1 / tempo, abs=0.025)


def test_the_end_of_a_line_is_not_lost() -> None:
    samples = np.zeros(RATE_HZ, np.float32)
    samples[-2000:] = noise(1)[:2000]
    out = stretch(samples, RATE_HZ, 1.2)
    before, after = (float(np.sum(sound**2)) for sound in (samples, out))
    assert after == pytest.approx(before / 1.2, rel=0.25)


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


def test_without_rubber_band_the_length_is_exact_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "stretcher", lambda: "atempo")
    line = Stretch(noise(1.7), 1.23)
    assert len(stretch(line.samples, RATE_HZ, line.tempo)) == line.length
