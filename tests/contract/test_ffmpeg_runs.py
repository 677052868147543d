"""One run of ffmpeg: any file name, honest progress, and nothing left when it breaks off."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dubbing_pipeline.errors import Cancelled, InputRefused, ProgramFailed, RefusedError
from dubbing_pipeline.media import ffmpeg
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, bit_exact, convert
from dubbing_pipeline.media.probe import probe
from lib.forged import make_film, run_ffmpeg
from lib.processes import children, ends_within, python
from lib.tools import lack, need

NAMES = (
    *("my film.mp4", "-i.mp4", "--help", "a \"quoted\" 'one'.mp4", "two\nlines.mp4", "%d.mp4"),
    *(
        "película ñ.mp4",
        "映画.mp4",
        "фильм",
        "a:b.mp4",
        "file:x.mp4",
        "http:x",
        "concat:a|b",
        "$(x)",
    ),
    *("subfile,,start,0,end,9,,:x", "film.m3u8", "film.txt", "\N{FILM FRAMES}.mp4", "a\\b.mp4"),
)

HOLDER = """
import sys
from pathlib import Path
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, convert
source, target = map(Path, sys.argv[1:])
convert([MediaInput(source, ("-re",))], [MediaOutput(target, "flac", ("-vn",))],
    duration_ms=60_000, tick=lambda done: print(done, flush=True))
"""

FULL_DISK = """
import sys
from pathlib import Path
import numpy as np
from dubbing_pipeline.errors import OutOfSpace
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, convert
from dubbing_pipeline.media.flac import write_flac
from dubbing_pipeline.media.stretch import stretch
source, disk = map(Path, sys.argv[1:])
noise = np.random.default_rng(0).uniform(-1, 1, (48_000 * 5, 2)).astype(np.float32)
for work in (
    lambda: convert([MediaInput(source)], [MediaOutput(disk / "o.wav", "wav")], duration_ms=9000),
    lambda: write_flac(disk / "o.flac", noise, sample_rate_hz=48_000),
    lambda: stretch(noise[:, 0], 48_000, 1.2),
):
    try:
        work()
    except OutOfSpace as error:
        print(error.code, [file.name for file in disk.iterdir()])
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("ffmpeg")
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path)
    return path


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of noise, 5 MB."""
    need("ffmpeg")
    path = tmp_path_factory.mktemp("film") / "minute.wav"
    run_ffmpeg("-f", "lavfi", "-i", "anoisesrc=duration=60:sample_rate=48000", str(path))
    return path


def sound_of(path: Path, target: Path, *options: str) -> None:
    convert([MediaInput(path)], [MediaOutput(target, "flac", ("-vn", *options))], duration_ms=1000)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_only_a_name(film: Path, tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    shutil.copy(film, source)
    target = tmp_path / "out" / name
    target.parent.mkdir()
    assert probe(source).duration_ms == 1000
    sound_of(source, target)
    assert target.stat().st_size > 1000


def test_progress_grows_and_ends_at_one(minute: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    output = MediaOutput(tmp_path / "o.flac", "flac", ("-compression_level", "12"))
    convert([MediaInput(minute)], [output], duration_ms=60_000, tick=seen.append)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


def test_equal_input_gives_equal_bytes(film: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        sound_of(film, tmp_path / name, *bit_exact())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_output_that_is_there_is_not_touched(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.write_text("mine")
    with pytest.raises(RefusedError) as caught:
        sound_of(film, target)
    assert caught.value.code == "media.output_exists"
    assert target.read_text() == "mine"


def test_a_failure_keeps_what_ffmpeg_said_and_leaves_no_output(film: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(ProgramFailed) as caught:
        sound_of(film, target, "-c:a", "nonsense")
    assert "nonsense" in str(caught.value.params["detail"])
    assert not target.exists()


def test_a_link_is_no_input(film: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(film)
    with pytest.raises(InputRefused):
        sound_of(link, tmp_path / "out")


def test_cancel_leaves_neither_process_nor_output(minute: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    before = children(os.getpid())
    pids: list[int] = []

    def tick(done: float) -> None:
        pids.extend(set(children(os.getpid())) - {*before, *pids})
        if done > 0:
            raise Cancelled("runner.cancelled")

    with pytest.raises(Cancelled):
        convert(
            [MediaInput(minute, ("-re",))],
            [MediaOutput(target, "flac")],
            duration_ms=60_000,
            tick=tick,
        )
    assert len(pids) == 1
    assert ends_within(pids[0], 2)
    assert not target.exists()


@pytest.mark.parametrize("whole_group", [False, True])
def test_killing_us_outright_leaves_no_ffmpeg(
    minute: Path, tmp_path: Path, *, whole_group: bool
) -> None:
    need("setpriv")
    with python(HOLDER, str(minute), str(tmp_path / "out")) as holder:
        assert holder.stdout is not None
        while float(holder.stdout.readline()) == 0.0:
            pass
        (pid,) = children(holder.pid)
        assert b"ffmpeg" in Path(f"/proc/{pid}/cmdline").read_bytes()
        os.killpg(holder.pid, 9) if whole_group else holder.kill()
        assert ends_within(pid, 2)


def test_a_full_disk_is_said_and_leaves_nothing(minute: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = 'mount -t tmpfs -o size=500k none "$1" && TMPDIR="$1" exec "$2" -c "$3" "$4" "$1"'
    argv = [need("unshare"), "-rm", "sh", "-c", mount, "sh"]
    done = subprocess.run(
        [*argv, str(disk), sys.executable, FULL_DISK, str(minute)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Traceback" not in done.stderr and done.returncode:
        lack(f"no small disk can be mounted here: {done.stderr}")
    assert done.stdout.split("\n") == [*["utils.disk_full []"] * 3, ""]


def test_limits_grow_with_the_film() -> None:
    short, long = (
        ffmpeg._limits([], duration_ms=minutes * 60_000, pace=2.0) for minutes in (1, 100)
    )
    assert (short.wall_s, long.wall_s) == (180, 12_060)
    assert (short.file_bytes or 0) < (long.file_bytes or 0)
    assert short.deny_network


def test_ffmpeg_says_its_version_and_filters() -> None:
    need("ffmpeg")
    assert ffmpeg.version()[0].isdigit()
    assert ffmpeg.has_filter("ebur128")
    assert not ffmpeg.has_filter("no_such_filter")
