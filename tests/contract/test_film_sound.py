"""A film's sound comes out on the film's own clock, whole, and as loud as it is."""

import math
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.media.audio import decode_film, measure_loudness
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, clock_holders, convert
from dubbing_pipeline.media.flac import Frames, SpanReader, write_flac
from dubbing_pipeline.media.probe import audio_to_dub, probe
from lib.forged import run_ffmpeg
from lib.tools import need

RATE_HZ = 48_000
PICTURE = ("-f", "lavfi", "-i", "color=size=64x64:duration=4:rate=25")
CLICKS_S = (0.5, 2.5)
CLICKS = "aevalsrc='0.9*(between(t,0.5,0.52)+between(t,2.5,2.52))':duration=3.5:sample_rate=48000"
"""Two clicks of 20 ms each."""


@pytest.fixture(autouse=True)
def _ffmpeg() -> None:
    need("ffmpeg")


def decoded(film: Path) -> tuple[Frames, Frames]:
    """Decode a film; give its 48 kHz and its 16 kHz sound."""
    info = probe(film)
    mix, speech = film.with_suffix(".mix"), film.with_suffix(".speech")
    decode_film(film, info, audio_to_dub(info), mix=mix, speech=speech)
    with SpanReader(mix) as full, SpanReader(speech) as voice:
        assert (full.sample_rate_hz, full.channels) == (RATE_HZ, 2)
        assert (voice.sample_rate_hz, voice.channels) == (16_000, 1)
        assert (full.duration_ms, voice.duration_ms) == (info.duration_ms, info.duration_ms)
        return full.read(0, full.frames), voice.read(0, voice.frames)


def onsets_s(frames: Frames, rate_hz: int) -> list[float]:
    """Find where sound begins after at least 200 ms of silence."""
    loud = np.flatnonzero(np.abs(frames).max(axis=1) > 0.3)
    firsts = np.concatenate([[True], np.diff(loud) > rate_hz // 5])
    return [float(at) / rate_hz for at in loud[firsts]]


def make(path: Path, *arguments: str) -> Path:
    run_ffmpeg(*PICTURE, *arguments, f"file:{path}")
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("f.mkv", "pcm_s16le"),
        ("f.mp4", "aac"),
        ("f.mkv", "libmp3lame"),
        ("f.webm", "libopus"),
        ("f.ts", "aac"),
    ],
)
@pytest.mark.parametrize("late_s", [0.0, 0.3])
def test_a_click_stands_where_it_does_in_the_film(
    tmp_path: Path, name: str, codec: str, late_s: float
) -> None:
    sound = ("-itsoffset", str(late_s), "-f", "lavfi", "-i", CLICKS, "-c:a", codec)
    video = "libvpx" if name.endswith("webm") else "libx264"
    film = make(tmp_path / name, *sound, "-c:v", video, "-pix_fmt", "yuv420p")
    full, voice = decoded(film)
    picture = probe(film).picture
    assert picture is not None
    expected = [picture.start_ms / 1000 + click + late_s for click in CLICKS_S]
    assert onsets_s(full, RATE_HZ) == pytest.approx(expected, abs=0.01)
    assert onsets_s(voice, 16_000) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("picture_late_s", "sound_late_s"), [(0.3, 0.0), (0.0, 0.3)])
def test_a_picture_taken_out_of_an_mpeg_stream_keeps_to_the_sound_taken_out(
    tmp_path: Path, picture_late_s: float, sound_late_s: float
) -> None:
    film, out = tmp_path / "f.ts", tmp_path / "out.mkv"
    late = ("-itsoffset", str(sound_late_s), "-f", "lavfi", "-i", CLICKS, "-c:a", "aac")
    picture = ("-itsoffset", str(picture_late_s), *PICTURE)
    run_ffmpeg(*picture, *late, "-c:v", "libx264", "-pix_fmt", "yuv420p", f"file:{film}")
    decoded(film)
    info = probe(film)
    assert info.picture is not None
    options = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    convert(
        [MediaInput(film), MediaInput(film.with_suffix(".mix"), demuxer="flac")],
        [MediaOutput(out, "matroska", options), *clock_holders(info)],
        duration_ms=info.duration_ms,
    )
    muxed = probe(out).picture
    assert muxed is not None
    assert muxed.start_ms == pytest.approx(info.picture.start_ms, abs=2)
    assert (info.picture.start_ms > 250) == (picture_late_s > 0)


def test_a_hole_in_the_sound_is_silence_and_moves_nothing(tmp_path: Path) -> None:
    hole = ("-af", "aselect='not(between(t,1,2))'")
    sound = ("-f", "lavfi", "-i", CLICKS, *hole, "-c:a", "pcm_s16le")
    full, _ = decoded(make(tmp_path / "f.mkv", *sound))
    assert onsets_s(full, RATE_HZ) == pytest.approx(CLICKS_S, abs=0.01)


def test_sound_longer_than_the_picture_is_kept_to_its_end(tmp_path: Path) -> None:
    late_click = "aevalsrc='0.9*between(t,5.9,5.95)':duration=6:sample_rate=48000"
    sound = ("-f", "lavfi", "-i", late_click, "-c:a", "pcm_s16le")
    full, _ = decoded(make(tmp_path / "f.mkv", *sound))
    assert len(full) == 6 * RATE_HZ
    assert onsets_s(full, RATE_HZ) == pytest.approx([5.9], abs=0.01)


def test_mono_sounds_as_loud_on_both_sides(tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "sine=duration=4:sample_rate=48000", "-c:a", "pcm_s16le")
    full, voice = decoded(make(tmp_path / "f.mkv", *sound))
    assert np.array_equal(full[:, 0], full[:, 1])
    assert np.abs(full).max() == pytest.approx(0.125, abs=0.002)
    assert np.abs(voice).max() == pytest.approx(0.125, abs=0.002)


def surround(centre: str, others: str) -> tuple[str, ...]:
    """Make 5.1 sound: left, right, centre, low, two surrounds."""
    channels = f"{others}|{others}|{centre}|{others}|{others}|{others}"
    source = f"aevalsrc='{channels}':channel_layout=5.1:duration=4:sample_rate=48000"
    return ("-f", "lavfi", "-i", source, "-c:a", "pcm_s16le")


def test_dialogue_in_the_centre_of_5_1_is_kept_on_both_sides(tmp_path: Path) -> None:
    full, voice = decoded(make(tmp_path / "f.mkv", *surround("0.5*sin(2*PI*440*t)", "0")))
    assert np.array_equal(full[:, 0], full[:, 1])
    assert np.abs(full).max() > 0.1
    assert np.abs(voice).max() > 0.1


def test_loud_5_1_is_turned_down_and_never_clipped(tmp_path: Path) -> None:
    tone = "0.99*sin(2*PI*440*t)"
    full, _ = decoded(make(tmp_path / "f.mkv", *surround(tone, tone)))
    assert 0.9 < np.abs(full).max() < 1.0
    flat = np.abs(np.diff(full[:, 0])) == 0
    assert flat.mean() < 0.01


def test_decoding_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", CLICKS, "-c:a", "aac")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first = make(tmp_path / "a" / "f.mp4", *sound)
    second = Path(tmp_path / "b" / "f.mp4")
    second.write_bytes(first.read_bytes())
    for film in (first, second):
        decoded(film)
    for suffix in (".mix", ".speech"):
        assert first.with_suffix(suffix).read_bytes() == second.with_suffix(suffix).read_bytes()


def tone_file(path: Path, peak_dbfs: float) -> Path:
    """Write 6 s of a 997 Hz tone on both sides."""
    at = np.arange(6 * RATE_HZ) / RATE_HZ
    tone = 10 ** (peak_dbfs / 20) * np.sin(2 * np.pi * 997 * at)
    write_flac(path, np.stack([tone, tone], axis=1).astype(np.float32), sample_rate_hz=RATE_HZ)
    return path


@pytest.mark.parametrize("peak_dbfs", [-6.0, -23.0])
def test_a_tone_is_as_loud_as_the_standard_says(tmp_path: Path, peak_dbfs: float) -> None:
    """EBU Tech 3341, case 1: a 997 Hz tone on both sides measures its peak level."""
    file = tone_file(tmp_path / "tone.flac", peak_dbfs)
    loudness = measure_loudness(file, duration_ms=6000)
    assert loudness.integrated_lufs == pytest.approx(peak_dbfs, abs=0.1)
    assert loudness.true_peak_dbtp == pytest.approx(peak_dbfs, abs=0.2)
    assert loudness.range_lu == pytest.approx(0, abs=0.1)


def test_silence_has_no_loudness(tmp_path: Path) -> None:
    write_flac(tmp_path / "s.flac", np.zeros((RATE_HZ, 2), np.float32), sample_rate_hz=RATE_HZ)
    loudness = measure_loudness(tmp_path / "s.flac", duration_ms=1000)
    assert loudness.integrated_lufs == -70.0
    assert loudness.true_peak_dbtp == -math.inf
