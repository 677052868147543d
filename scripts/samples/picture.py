"""The moving pictures of the samples."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from samples.programs import EXACT_OUTPUT, ffmpeg

Codec = Literal["h264", "hevc", "vp9"]

_LOOP_S = 10.0
_ENCODERS: dict[Codec, tuple[str, ...]] = {
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "30"),
    "hevc": (
        *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "32", "-tag:v", "hvc1"),
        *("-x265-params", "pools=none:frame-threads=1:log-level=error"),
    ),
    "vp9": (
        *("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
        *("-b:v", "150k", "-row-mt", "0"),
    ),
}
# What is not named here, the filter chooses at random, whatever its seed.
_COLOURS = "nb_colors=4:c0=0x203060:c1=0x9050a0:c2=0x30a0a0:c3=0xe0b060"
# Keeps frames at uneven distances, as a phone does that saves work on a still picture.
_UNEVEN = "select='not(eq(mod(n,7),2))*not(between(mod(n,45),30,37))'"


@dataclass(frozen=True, slots=True)
class Picture:
    """How a film looks.

    ``turned`` is by how many degrees a player must turn it clockwise: 0 or 90. ``uneven``
    means a variable frame rate.
    """

    width: int = 480
    height: int = 270
    rate_hz: int = 25
    codec: Codec = "h264"
    turned: int = 0
    uneven: bool = False


def make_picture(picture: Picture, path: Path, *, seconds: float) -> float:
    """Make a slowly changing picture.

    Returns:
        Its length in seconds: at most ten; a longer film repeats it, which costs nothing.
    """
    length_s = seconds if picture.uneven else min(seconds, _LOOP_S)
    vary = ("-vf", _UNEVEN, "-fps_mode", "vfr") if picture.uneven else ()
    source = _source(picture)
    ffmpeg(
        *("-f", "lavfi", "-i", source, "-t", f"{length_s:.3f}", *vary),
        *_ENCODERS[picture.codec],
        *("-pix_fmt", "yuv420p", "-g", str(2 * picture.rate_hz), "-threads", "1"),
        *EXACT_OUTPUT,
        str(path),
    )
    return length_s


def _source(picture: Picture) -> str:
    """Describe the picture: drawn at a quarter of its size, since drawing costs most."""
    width, height = picture.width // 4, picture.height // 4
    ends = f"x0=0:y0=0:x1={width - 1}:y1={height - 1}"
    drawn = f"gradients=size={width}x{height}:rate={picture.rate_hz}:speed=0.03:{ends}:{_COLOURS}"
    return f"{drawn},format=yuv420p,scale={picture.width}:{picture.height}:flags=bilinear"


def turn_quarter(path: Path) -> None:
    """Tell players to turn the picture of an MP4 by 90 degrees, as a phone held upright does.

    Writes the matrix of the first track with a picture (ISO/IEC 14496-12, 8.3.2): option
    names for this differ between versions of ffmpeg, the file format does not.

    Raises:
        ValueError: The file has no track with a picture.
    """
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd")
    while at != -1:
        long_times = data[at + 4] == 1
        matrix = at + 4 + (52 if long_times else 40)
        width, height = struct.unpack_from(">II", data, matrix + 36)
        if width and height:
            struct.pack_into(">9i", data, matrix, 0, 1 << 16, 0, -1 << 16, 0, 0, height, 0, 1 << 30)
            path.write_bytes(data)
            return
        at = data.find(b"tkhd", at + 4)
    raise ValueError(f"{path.name} has no track with a picture")
