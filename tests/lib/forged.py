"""A corpus of forged films: each must be refused, with no other file read and nothing fetched.

All are made here, small and the same each time; those that need a real film are cut from one
that ffmpeg makes.
"""

import hashlib
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lib.quicktime import Track, box, elsewhere, full, movie

CANARY = "canary-that-must-not-be-read"


@dataclass(frozen=True)
class Bait:
    """What forged files point to: a file beside them, and a port of this machine."""

    secret: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/film.ts"


Text = Callable[[Bait], str]

PLAYLISTS: dict[str, Text] = {
    "hls_file": lambda bait: _hls(f"file://{bait.secret}"),
    "hls_path": lambda bait: _hls(str(bait.secret)),
    "hls_http": lambda bait: _hls(bait.url),
    "hls_concat": lambda bait: _hls(f"concat:{bait.secret}|{bait.secret}"),
    "hls_subfile": lambda bait: _hls(f"subfile,,start,0,end,9,,:{bait.secret}"),
    "hls_key": lambda bait: _hls("x.ts", f'#EXT-X-KEY:METHOD=AES-128,URI="file://{bait.secret}"\n'),
    "hls_map": lambda bait: _hls("x.mp4", f'#EXT-X-MAP:URI="{bait.url}"\n'),
    "hls_master": lambda bait: f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{bait.url}\n",
    "dash_http": lambda bait: _dash(bait.url),
    "dash_file": lambda bait: _dash(f"file://{bait.secret}"),
    "concat_script": lambda bait: f"ffconcat version 1.0\nfile '{bait.secret}'\n",
    "session": lambda bait: (
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=video {bait.port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    ),
    "webvtt": lambda bait: f"WEBVTT\n\n00:00.000 --> 00:09.000\n<a href='{bait.url}'>x</a>\n",
    "svg": lambda bait: (
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:l='http://www.w3.org/1999/xlink'>"
        f"<image l:href='file://{bait.secret}'/><image l:href='{bait.url}'/></svg>"
    ),
    "package_list": lambda bait: (
        "<?xml version='1.0'?><CompositionPlaylist xmlns='http://www.smpte-ra.org/schemas/2067-3'>"
        f"<Id>{bait.url}</Id></CompositionPlaylist>"
    ),
    "text": lambda bait: f"just text about {bait.secret}\n" * 20,
}
"""Text that a demuxer of ffmpeg would follow, or take for a film."""

FILMS: dict[str, Callable[[bytes, Bait], bytes]] = {
    "empty": lambda _film, _bait: b"",
    "one_byte": lambda _film, _bait: b"\x00",
    "noise": lambda _film, _bait: hashlib.shake_128(b"noise").digest(200_000),
    "zeros": lambda _film, _bait: bytes(100_000),
    "half_a_film": lambda film, _bait: film[: len(film) // 2],
    "index_cut_off": lambda film, _bait: film[: film.index(b"moov") + 200],
    "no_index": lambda film, _bait: film[: film.index(b"moov") - 4],
    "absurd_frame_rate": lambda film, _bait: _clocked(film, 10**9),
    "alias_to_secret": lambda _film, bait: _referring(elsewhere(str(bait.secret))),
    "reference_movie": lambda _film, bait: _reference_movie(str(bait.secret)),
    "huge_time_table": lambda _film, _bait: _sound([(1, 0x7FFFFFFF)] * 100_000),
    "overflowing_time": lambda _film, _bait: _sound([(0xFFFFFFFF, 0xFFFFFFFF)]),
    "no_time": lambda _film, _bait: _sound([(8000, 0)]),
    "picture_bomb": lambda _film, _bait: png(20_000, 20_000),
    "cover_bomb": lambda _film, _bait: with_cover(png(20_000, 20_000)),
    "broken_cover": lambda _film, _bait: with_cover(b"\x89PNG\r\n\x1a\nrubbish"),
    "zip": lambda _film, _bait: b"PK\x03\x04" + bytes(2000),
    "playlist_behind_tag": lambda _film, bait: _id3(b"") + _hls(bait.url).encode(),
    "playlist_behind_mark": lambda _film, bait: b"\xef\xbb\xbf \n" + _hls(bait.url).encode(),
    "playlist_behind_zeros": lambda _film, bait: bytes(16) + _hls(bait.url).encode(),
    "playlist_in_wide_letters": lambda _film, bait: _hls(bait.url).encode("utf-16"),
}
"""Bytes that look like a film and harm whoever opens it, or do not look like one at all."""

MADE: dict[str, tuple[str, ...]] = {
    "too_wide": (
        *("-f", "lavfi", "-i", "testsrc=size=9000x16:duration=0.2"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-f", "mp4"),
    ),
    "too_many_streams": (
        *("-f", "lavfi", "-i", "anullsrc", "-t", "0.1", *("-map", "0") * 65),
        *("-c:a", "pcm_s16le", "-f", "matroska"),
    ),
    "no_samples": ("-f", "lavfi", "-i", "sine", "-t", "0", "-f", "wav"),
}
"""What ffmpeg itself can be asked to make."""


def make_film(path: Path, *options: str) -> None:
    """Make an honest film: one second of picture and sound.

    Args:
        path: Where to; must not exist.
        options: Further output options of ffmpeg.
    """
    sources = ("-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-f", "lavfi", "-i", "sine")
    codecs = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", "1")
    run_ffmpeg(*sources, *codecs, *options, f"file:{path}")


def run_ffmpeg(*arguments: str) -> None:
    argv = ("ffmpeg", "-nostdin", "-v", "error", "-n", *arguments)
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def png(width: int, height: int) -> bytes:
    """Make a grey picture; it packs a thousand to one."""
    pack = zlib.compressobj(9)
    row = bytes(width + 1)
    packed = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def with_cover(cover: bytes) -> bytes:
    """Make a second of silence in MP3, under a tag with a cover picture."""
    frame = b"\xff\xfb\x90\xc4" + bytes(413)
    return _id3(b"\x00image/png\x00\x03\x00" + cover) + frame * 40


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _id3(picture: bytes) -> bytes:
    frame = b"APIC" + _seven_bits(len(picture)) + b"\x00\x00" + picture if picture else b""
    return b"ID3\x04\x00\x00" + _seven_bits(len(frame)) + frame


def _seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def _hls(entry: str, before: str = "") -> str:
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n"
    return f"{head}{before}#EXTINF:10.0,\n{entry}\n#EXT-X-ENDLIST\n"


def _dash(base: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{base}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )


def _clocked(film: bytes, rate: int) -> bytes:
    """Give the first track of a film a clock of that many ticks, one for each frame."""
    forged = bytearray(film)
    struct.pack_into(">I", forged, film.index(b"mdhd") + 16, rate)
    struct.pack_into(">I", forged, film.index(b"stts") + 16, 1)
    return bytes(forged)


def _sound(stts: list[tuple[int, int]]) -> bytes:
    return movie(Track(stts, samples=8000), bytes(16_000))


def _referring(reference: bytes) -> bytes:
    return movie(Track([(8000, 1)], samples=8000, reference=reference), bytes(16_000))


def _reference_movie(path: str) -> bytes:
    target = full("rdrf", b"url ", struct.pack(">I", len(path)), path.encode())
    return box("ftyp", b"qt  ", bytes(4)) + box("moov", box("rmra", box("rmda", target)))
