"""Compares pictures packet by packet, without decoding them."""

from pathlib import Path

from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, Tick, convert, no_tick
from dubbing_pipeline.media.streams import MediaInfo, VideoStream

_START_CODES = {"h264": "h264_mp4toannexb", "hevc": "hevc_mp4toannexb"}
"""Containers write these codecs in two ways; the filter brings both to one."""


def picture_sha256(
    path: Path, info: MediaInfo, picture: VideoStream, *, scratch: Path, tick: Tick = no_tick
) -> str:
    """Hash the packets of a picture stream, so that copies in other containers compare equal.

    Args:
        path: The film.
        info: What ``probe`` said about it.
        picture: Which stream of it.
        scratch: A file name that is free; nothing is left there.
        tick: Progress and cancel.

    Raises:
        InputRefused: The film is not a regular file.
        ProgramFailed: ffmpeg could not read it.
    """
    filters = _START_CODES.get(picture.codec)
    options = (
        *("-map", f"0:{picture.index}", "-c", "copy"),
        *(("-bsf:v", filters) if filters else ()),
        *("-hash", "sha256"),
    )
    try:
        convert(
            [MediaInput(path)],
            [MediaOutput(scratch, "hash", options)],
            duration_ms=info.duration_ms,
            tick=tick,
        )
        return scratch.read_text(encoding="ascii").strip().rpartition("=")[2]
    finally:
        scratch.unlink(missing_ok=True)
