"""The sample films are what they say, and their ground truth is true."""

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lib.samples import need_sample_programs, sample
from samples.command import main
from samples.make import is_finished, make
from samples.mixdown import BED_DB, bed
from samples.recipes import NAMES, RECIPES
from samples.sound import RATE_HZ, inside, rms_db, speech_spans
from samples.truth import read_truth

SPOKEN_ALONE = ("clean", "three", "silences", "spanish", "german", "portrait")
CONTAINERS = ("mkv", "webm", "mov", "mp3", "hevc")


def probed(film: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(film)]
    shown: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True).stdout
    )
    return shown


def stream(film: Path, kind: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (one for one in probed(film)["streams"] if one["codec_type"] == kind)
    return found


def heard(film: Path, *, channels: int = 1) -> npt.NDArray[np.float32]:
    """Decode as a player does; shape ``(n, channels)``, 48,000 a second."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(film), "-map", "0:a:0"]
    form = ["-ac", str(channels), "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    raw = subprocess.run([*command, *form], check=True, capture_output=True).stdout
    return np.frombuffer(raw, dtype="<f4").reshape(-1, channels)


def test_two_makes_of_a_sample_are_equal_byte_by_byte(tmp_path: Path) -> None:
    need_sample_programs("clean")
    first, second = make("clean", tmp_path / "a"), make("clean", tmp_path / "b")
    assert first.film.read_bytes() == second.film.read_bytes()
    assert first.truth_path.read_bytes() == second.truth_path.read_bytes()


def test_a_finished_sample_is_not_made_again(tmp_path: Path) -> None:
    need_sample_programs("mute")
    made = make("mute", tmp_path).film.stat()
    assert make("mute", tmp_path).film.stat().st_mtime_ns == made.st_mtime_ns


def test_a_sample_that_lost_bytes_is_made_again(tmp_path: Path) -> None:
    need_sample_programs("mute")
    film = make("mute", tmp_path).film
    whole = film.read_bytes()
    film.write_bytes(whole[:-1])
    assert not is_finished("mute", tmp_path)
    assert make("mute", tmp_path).film.read_bytes() == whole


@pytest.mark.parametrize("name", SPOKEN_ALONE + CONTAINERS)
def test_the_truth_says_where_the_sound_is(name: str) -> None:
    """Each line begins and ends within 20 ms of what the decoded film sounds like there."""
    film = sample(name)
    sound = heard(film.film)[:, 0]
    per_ms, margin_ms = RATE_HZ // 1000, 150
    for line in film.truth.lines:
        cut_ms = line.start_ms - margin_ms
        near = sound[cut_ms * per_ms : (line.end_ms + margin_ms) * per_ms]
        spans = speech_spans(near)
        assert cut_ms + spans[0][0] == pytest.approx(line.start_ms, abs=20)
        assert cut_ms + spans[-1][1] == pytest.approx(line.end_ms, abs=20)


def test_lines_are_in_order_and_inside_the_film() -> None:
    for name in ("clean", "three", "silences"):
        truth = sample(name).truth
        ends = [0, *(line.end_ms for line in truth.lines)]
        assert all(line.start_ms > end for line, end in zip(truth.lines, ends, strict=False))
        assert ends[-1] < truth.duration_ms


def test_overlapping_speakers_do_overlap() -> None:
    lines = sample("overlap").truth.lines
    shared = [a.end_ms - b.start_ms for a, b in pairwise(lines)]
    assert [ms for ms in shared if ms > 0] == [900, 700, 600]


def test_the_noisy_bed_is_ten_decibels_below_the_speech() -> None:
    clean, noisy = sample("clean"), sample("noisy")
    assert noisy.truth.lines == clean.truth.lines
    spans = clean.truth.spans
    speech = heard(clean.film, channels=2)
    added = heard(noisy.film, channels=2) - speech
    assert rms_db(inside(added, spans)) - rms_db(inside(speech, spans)) == pytest.approx(
        -10, abs=0.5
    )
    assert noisy.truth.bed_db == BED_DB == -10


def test_the_bed_sounds_in_the_pauses_too() -> None:
    truth = sample("noisy").truth
    speech = heard(sample("clean").film, channels=2)
    added = bed(speech, truth)
    pause = ((truth.lines[0].end_ms, truth.lines[1].start_ms),)
    assert rms_db(inside(added, pause)) == pytest.approx(rms_db(added), abs=2.0)


def test_long_silences_are_silent() -> None:
    film = sample("silences")
    gaps = [b.start_ms - a.end_ms for a, b in pairwise(film.truth.lines)]
    assert sorted(gaps)[-2] > 14_000
    first = film.truth.lines[0].start_ms
    assert rms_db(inside(heard(film.film), ((0, first - 100),))) < -80


def test_the_portrait_film_is_turned_and_has_uneven_frames() -> None:
    film = sample("portrait").film
    picture = stream(film, "video")
    turned = [data["rotation"] for data in picture["side_data_list"] if "rotation" in data]
    assert turned == [-90]
    assert (picture["width"], picture["height"]) == (960, 540)
    assert picture["r_frame_rate"] != picture["avg_frame_rate"]


def test_the_surround_film_has_its_speech_in_the_centre() -> None:
    film = sample("surround")
    assert stream(film.film, "audio")["channel_layout"] == "5.1"
    sound = heard(film.film, channels=6)
    spans = film.truth.spans
    front_left, centre = inside(sound[:, 0:1], spans), inside(sound[:, 2:3], spans)
    assert rms_db(centre) > rms_db(front_left) + 6


@pytest.mark.parametrize(
    ("name", "container", "video", "audio"),
    [
        ("clean", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "aac"),
        ("hevc", "mov,mp4,m4a,3gp,3g2,mj2", "hevc", "aac"),
        ("mkv", "matroska,webm", "h264", "ac3"),
        ("webm", "matroska,webm", "vp9", "opus"),
        ("mov", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "pcm_s16le"),
        ("mp3", "mp3", None, "mp3"),
        ("mute", "mov,mp4,m4a,3gp,3g2,mj2", "h264", None),
    ],
)
def test_each_container_holds_what_it_says(
    name: str, container: str, video: str | None, audio: str | None
) -> None:
    shown = probed(sample(name).film)
    codecs = {one["codec_type"]: one["codec_name"] for one in shown["streams"]}
    assert shown["format"]["format_name"] == container
    assert (codecs.get("video"), codecs.get("audio")) == (video, audio)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "long"])
def test_each_film_is_as_long_as_its_truth(name: str) -> None:
    film = sample(name)
    seconds = float(probed(film.films[0])["format"]["duration"])
    assert seconds == pytest.approx(film.truth.duration_ms / 1000, abs=0.06)


def test_the_matroska_film_holds_the_subtitles_of_its_truth() -> None:
    film = sample("mkv")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(film.film), "-f", "srt", "-"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert all(line.text in shown for line in film.truth.lines)


@pytest.mark.parametrize("index", range(len(NAMES)))
def test_a_film_under_any_name_opens_by_its_path(index: int) -> None:
    film = sample("names").films[index]
    assert film.name == NAMES[index]
    assert probed(film)["format"]["format_name"].startswith("mov,mp4")


def test_spanish_subtitles_say_who_speaks_only_where_asked() -> None:
    film = sample("spanish")
    first = film.truth.lines[0]
    assert f"\n{first.text}\n" in film.subtitles.read_text(encoding="utf-8")
    assert f"\nLucia: {first.text}\n" in film.speaker_subtitles.read_text(encoding="utf-8")


def test_truth_reads_back_as_it_was_written() -> None:
    film = sample("clean")
    truth = read_truth(film.truth_path)
    assert truth.speakers == {"Anna": "f", "Ben": "m"}
    assert truth.duration_ms == 27_000
    assert truth.lines[0].words[:2] == ("Good", "morning,")


def test_the_command_ends_with_the_path_of_the_one_film(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_sample_programs("mute")
    assert main(["--only", "mute", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "mute.mp4")


def test_an_unknown_sample_is_named_with_those_that_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--only", "loud", "--out", str(tmp_path)]) == 2
    assert "'loud'; there are clean, noisy" in capsys.readouterr().err
