"""Forged films are refused, each for a reason; no other file is read, nothing is fetched."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from dubbing_pipeline.errors import DubbingError, InputRefused, ProgramFailed
from dubbing_pipeline.media.ffmpeg import describe
from dubbing_pipeline.media.probe import probe
from lib.forged import CANARY, FILMS, MADE, PLAYLISTS, Bait, make_film, run_ffmpeg
from lib.tools import lack, need

CONFINERS = ("ffmpeg", "ffprobe", "prlimit", "setpriv", "sh")
LONG_AGO_NS = 10**18

FILM_CODES = {
    "empty": "media.is_empty",
    "index_cut_off": "media.no_streams",
    "absurd_frame_rate": "media.frame_rate",
    "alias_to_secret": "media.external_reference",
    "reference_movie": "media.no_streams",
    "huge_time_table": "media.too_long",
    "overflowing_time": "media.too_long",
    "no_time": "media.no_duration",
    "picture_bomb": "media.is_image",
    "cover_bomb": "media.cover_refused",
    "broken_cover": "media.cover_refused",
    "zip": "media.is_archive",
    "playlist_behind_mark": "media.is_playlist",
    "playlist_in_wide_letters": "media.is_text",
}
MADE_CODES = {
    "too_wide": "media.picture_size",
    "too_many_streams": "media.too_many_streams",
    "no_samples": "media.no_duration",
}


@dataclass(frozen=True)
class Trap:
    """Bait, and a look at whether anything took it."""

    bait: Bait
    server: socket.socket

    @property
    def was_read(self) -> bool:
        return self.bait.secret.stat().st_atime_ns != LONG_AGO_NS

    @property
    def was_reached(self) -> bool:
        with suppress(BlockingIOError):
            self.server.accept()[0].close()
            return True
        return False

    def refusal(self, act: Callable[[], object]) -> DubbingError:
        """See that something is refused, and that nothing took the bait."""
        with pytest.raises((InputRefused, ProgramFailed)) as caught:
            act()
        assert not self.was_read
        assert not self.was_reached
        assert CANARY not in str(caught.value)
        return caught.value


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    need("ffmpeg")
    secret = tmp_path / "secret.ts"
    secret.write_text(CANARY)
    os.utime(secret, ns=(LONG_AGO_NS, LONG_AGO_NS + 1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield Trap(Bait(secret, server.getsockname()[1]), server)


@pytest.fixture(params=["with_kernel_isolation", "by_whitelist_alone"])
def isolation(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take ``unshare`` off PATH, so that the whitelists must hold without the kernel's help."""
    if request.param == "by_whitelist_alone":
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in CONFINERS:
            (programs / name).symlink_to(need(name))
        monkeypatch.setenv("PATH", str(programs))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    need("ffmpeg")
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path)
    return path.read_bytes()


def test_the_trap_notices_a_read_and_a_visit(trap: Trap) -> None:
    trap.bait.secret.read_text()
    if not trap.was_read:
        lack("this file system keeps no access times (it is mounted with noatime)")
    with socket.create_connection(("127.0.0.1", trap.bait.port)):
        assert trap.was_reached


def test_ffmpeg_unguarded_would_take_the_bait(trap: Trap, tmp_path: Path) -> None:
    path = tmp_path / "film.m3u8"
    path.write_text(PLAYLISTS["hls_http"](trap.bait))
    free = ("-protocol_whitelist", "file,http,tcp", "-rw_timeout", "300000")
    with pytest.raises(CalledProcessError):
        run_ffmpeg(*free, "-i", f"file:{path}", "-f", "null", "-")
    assert trap.was_reached


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_text_that_names_files_is_refused_as_what_it_is(
    trap: Trap, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "film.mp4"
    path.write_text(PLAYLISTS[name](trap.bait))
    code = trap.refusal(lambda: probe(path)).code
    assert code in {"media.is_playlist", "media.is_text", "media.is_image"}


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize("name", PLAYLISTS)
def test_ffprobe_follows_no_text_even_where_we_do_not_look_first(
    trap: Trap, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "film.m3u8"
    path.write_text(PLAYLISTS[name](trap.bait))
    trap.refusal(lambda: describe(path))


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize("name", FILMS)
def test_a_forged_film_is_refused(trap: Trap, tmp_path: Path, film: bytes, name: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(FILMS[name](film, trap.bait))
    code = trap.refusal(lambda: probe(path)).code
    assert code == FILM_CODES.get(name, "media.unreadable")


@pytest.mark.parametrize("name", MADE)
def test_a_film_over_a_cap_is_refused(trap: Trap, tmp_path: Path, name: str) -> None:
    path = tmp_path / "film.mp4"
    run_ffmpeg(*MADE[name], f"file:{path}")
    assert trap.refusal(lambda: probe(path)).code == MADE_CODES[name]


@pytest.mark.parametrize("name", ["subfile,,start,0,end,9,,:film", "crypto:film", "-i", "a|b"])
def test_a_text_under_the_name_of_a_protocol_is_only_a_text(
    trap: Trap, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text(CANARY)
    assert trap.refusal(lambda: probe(path)).code == "media.is_text"


@pytest.mark.parametrize(
    "name",
    [
        "subfile,,start,0,end,9,,:{secret}",
        "concat:{secret}|{secret}",
        "crypto:{secret}",
        "http://127.0.0.1:{port}/",
        "%d.png",
    ],
)
def test_a_protocol_is_never_a_path(
    trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(name.format(secret=trap.bait.secret, port=trap.bait.port))
    assert trap.refusal(lambda: probe(path)).code == "media.cannot_open"


def test_a_link_is_not_followed(trap: Trap, tmp_path: Path) -> None:
    link = tmp_path / "film.mp4"
    link.symlink_to(trap.bait.secret)
    assert trap.refusal(lambda: probe(link)).code == "media.cannot_open"


def test_a_pipe_is_refused_and_not_waited_for(trap: Trap, tmp_path: Path) -> None:
    pipe = tmp_path / "film.mp4"
    os.mkfifo(pipe)
    assert trap.refusal(lambda: probe(pipe)).code == "media.not_a_file"


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("/")])
def test_a_device_or_a_folder_is_refused(trap: Trap, path: Path) -> None:
    assert trap.refusal(lambda: probe(path)).code == "media.not_a_file"
