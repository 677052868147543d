"""Sound files give exactly the span asked for, and keep what was written."""

from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.errors import InputRefused, RefusedError
from dubbing_pipeline.media.flac import FlacWriter, Frames, SpanReader, frame_at, write_flac

RATE_HZ = 8000
STEP = 1 / 32768


def ramp(count: int, channels: int = 2) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    column = np.linspace(-1, 1 - STEP, count, dtype=np.float32)
    return np.stack([column * (at + 1) / channels for at in range(channels)], axis=1)


def read_span(path: Path, start_ms: int, end_ms: int) -> Frames:
    with SpanReader(path) as reader:
        return reader.span(start_ms, end_ms)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ramp.flac"
    write_flac(path, ramp(RATE_HZ), sample_rate_hz=RATE_HZ)
    return path


def test_what_was_written_reads_back_within_one_step(file: Path) -> None:
    assert np.abs(read_span(file, 0, 1000) - ramp(RATE_HZ)).max() <= STEP


def test_a_span_has_its_length_and_place(file: Path) -> None:
    span = read_span(file, 250, 500)
    assert span.shape == (2000, 2)
    assert np.abs(span - ramp(RATE_HZ)[2000:4000]).max() <= STEP


def test_outside_the_file_is_silence(file: Path) -> None:
    span = read_span(file, -500, 1500)
    assert span.shape == (16_000, 2)
    assert not span[:4000].any()
    assert not span[12_000:].any()
    assert span[4000:12_000].any()


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-900, -100), (2000, 3000), (500, 500)])
def test_a_span_beside_the_file_is_silence(file: Path, start_ms: int, end_ms: int) -> None:
    assert not read_span(file, start_ms, end_ms).any()


def test_a_reader_says_what_the_file_is(file: Path) -> None:
    with SpanReader(file) as reader:
        assert (reader.sample_rate_hz, reader.channels) == (RATE_HZ, 2)
        assert (reader.frames, reader.duration_ms) == (RATE_HZ, 1000)


def test_too_loud_is_clipped_and_not_turned_over(tmp_path: Path) -> None:
    path = tmp_path / "loud.flac"
    write_flac(path, np.array([[1.5], [-1.5]], dtype=np.float32), sample_rate_hz=RATE_HZ)
    assert read_span(path, 0, 1)[:2, 0] == pytest.approx([1, -1], abs=STEP)


def test_equal_sound_makes_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_flac(tmp_path / name, ramp(RATE_HZ), sample_rate_hz=RATE_HZ)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_that_is_there_is_not_overwritten(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(RefusedError):
        write_flac(file, ramp(10), sample_rate_hz=RATE_HZ)
    assert file.read_bytes() == before


def _break_off(path: Path) -> None:
    with FlacWriter(path, sample_rate_hz=RATE_HZ, channels=2) as writer:
        writer.write(ramp(10))
        raise KeyError


def test_work_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "half.flac"
    with pytest.raises(KeyError):
        _break_off(path)
    assert not path.exists()


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.flac"
    path.write_text("not sound")
    with pytest.raises(InputRefused):
        SpanReader(path)


@pytest.mark.parametrize(
    ("at_ms", "rate_hz", "frame"), [(0, 22_050, 0), (1, 22_050, 22), (1000, 22_050, 22_050)]
)
def test_a_time_falls_on_the_nearest_sample(at_ms: int, rate_hz: int, frame: int) -> None:
    assert frame_at(at_ms, rate_hz) == frame
