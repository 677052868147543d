"""Builds QuickTime files box by box, honest ones and forged ones (ISO/IEC 14496-12)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SELF = b"\x00\x00\x00\x01"


def box(kind: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind.encode() + body


def full(kind: str, *parts: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", flags), *parts)


def here() -> bytes:
    """Say that the samples lie in the file itself."""
    return box("url ", _SELF)


def elsewhere(path: str) -> bytes:
    """Say that the samples lie in another file, as an alias record with a full path does."""
    name = path.encode()
    tail = struct.pack(">hH", 2, len(name)) + name + b"\x00" * (len(name) % 2)
    tail += struct.pack(">hh", -1, 0)
    head = struct.pack(">4sHHH", b"\x00" * 4, 150 + len(tail), 2, 0)
    volume = b"\x01/".ljust(28, b"\x00") + b"\x00" * 12
    file = b"\x01x".ljust(64, b"\x00") + b"\x00" * 16
    rest = struct.pack(">hh", 1, 1).ljust(20, b"\x00")
    return full("alis", head + volume + file + rest + tail)


@dataclass(frozen=True)
class Track:
    """A sound track of 16-bit mono samples at 8 kHz. ``stts`` holds (count, duration) pairs."""

    stts: Sequence[tuple[int, int]]
    samples: int
    reference: bytes = here()
    timescale: int = 8000

    @property
    def duration(self) -> int:
        return min(sum(count * each for count, each in self.stts), 0xFFFFFFFF)

    def build(self, offset: int) -> bytes:
        entries = b"".join(struct.pack(">II", *pair) for pair in self.stts)
        kind = struct.pack(">6xH8xHHHHI", 1, 1, 16, 0, 0, 8000 << 16)
        table = box(
            "stbl",
            full("stsd", struct.pack(">I", 1), box("sowt", kind)),
            full("stts", struct.pack(">I", len(self.stts)), entries),
            full("stsc", struct.pack(">IIII", 1, 1, self.samples, 1)),
            full("stsz", struct.pack(">II", 2, self.samples)),
            full("stco", struct.pack(">II", 1, offset)),
        )
        data = box("dinf", full("dref", struct.pack(">I", 1), self.reference))
        handler = full("hdlr", b"mhlrsoun", b"\x00" * 13)
        header = full("mdhd", struct.pack(">IIIIHH", 0, 0, self.timescale, self.duration, 0, 0))
        media = box("mdia", header, handler, box("minf", full("smhd", b"\x00" * 4), data, table))
        place = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, self.duration, 0, 0, 0x100, 0)
        return box("trak", full("tkhd", place, _MATRIX, b"\x00" * 8, flags=3), media)


def movie(track: Track, payload: bytes) -> bytes:
    """Build a whole file around one sound track."""
    kind = box("ftyp", b"qt  ", b"\x00" * 4, b"qt  ")
    offset = len(kind) + 8
    clock = struct.pack(">IIIIIH10x", 0, 0, track.timescale, track.duration, 0x10000, 0x100)
    header = full("mvhd", clock, _MATRIX, b"\x00" * 24, struct.pack(">I", 2))
    return kind + box("mdat", payload) + box("moov", header, track.build(offset))
