"""Finds out what a film consists of, and refuses what is none or would do harm."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dubbing_pipeline.errors import InputRefused, NothingToDub, ProgramFailed
from dubbing_pipeline.media import ffmpeg
from dubbing_pipeline.media.containers import (
    AUDIO_CODECS,
    IMAGE_SUBTITLE_CODECS,
    TEXT_SUBTITLE_CODECS,
    VIDEO_CODECS,
)
from dubbing_pipeline.media.languages import primary_subtag
from dubbing_pipeline.media.signature import refuse_by_signature
from dubbing_pipeline.media.source import head
from dubbing_pipeline.media.streams import AudioStream, MediaInfo, SubtitleStream, VideoStream

MAX_DURATION_MS = 6 * 3600 * 1000
MAX_STREAMS = 64
MAX_FRAME_RATE = 1000.0
MAX_CHANNELS = 16
MAX_SAMPLE_RATE_HZ = 384_000

_GUESSED_DURATION = frozenset({"aac", "mp3"})
"""Containers without an index: ffprobe guesses their length from the bit rate."""

_KNOWN = {
    "video": VIDEO_CODECS,
    "audio": AUDIO_CODECS,
    "subtitle": TEXT_SUBTITLE_CODECS | IMAGE_SUBTITLE_CODECS,
}


def probe(path: Path) -> MediaInfo:
    """Describe a film, after checking that it is one.

    Args:
        path: A regular file; a link is refused, so resolve what a person named.

    Raises:
        InputRefused: It is no film, is damaged, or goes over one of the caps; the code says
            which.
    """
    refuse_by_signature(path, head(path))
    try:
        info = _read(ffmpeg.describe(path), path)
        _check_streams(info)
        if not info.duration_ms or info.container in _GUESSED_DURATION:
            info = replace(info, duration_ms=ffmpeg.measure_duration_ms(path))
    except ProgramFailed as error:
        detail = str(error.params.get("detail") or error.code)
        raise InputRefused("media.unreadable", path=str(path), detail=detail) from error
    check(info)
    return info


def check(info: MediaInfo) -> None:
    """Refuse what no real film has: the caps on length, streams, size and rates.

    Raises:
        InputRefused: The code says which cap, the parameters the value and the limit.
    """
    _check_streams(info)
    if info.duration_ms <= 0:
        raise InputRefused("media.no_duration")
    if info.duration_ms > MAX_DURATION_MS:
        raise InputRefused(
            "media.too_long",
            hours=round(info.duration_ms / 3_600_000, 1),
            limit_hours=MAX_DURATION_MS // 3_600_000,
        )
    for picture in info.video:
        _check_picture(picture)
    for sound in info.audio:
        _check_sound(sound)


def audio_to_dub(info: MediaInfo, language: str | None = None) -> AudioStream:
    """Choose the sound stream to dub from: in the wanted language, the default one, the first.

    Raises:
        NothingToDub: The film has no sound.
    """
    if not info.audio:
        raise NothingToDub("media.no_audio")
    wanted = [sound for sound in info.audio if language and sound.language == language]
    default = [sound for sound in info.audio if sound.default]
    return (wanted or default or list(info.audio))[0]


def _check_streams(info: MediaInfo) -> None:
    if info.container not in ffmpeg.FILM_FORMATS:
        raise InputRefused("media.format_refused", format=info.container)
    if info.total > MAX_STREAMS:
        raise InputRefused("media.too_many_streams", streams=info.total, limit=MAX_STREAMS)
    if not info.video and not info.audio:
        codecs = ", ".join(info.unknown_codecs)
        raise InputRefused("media.codec_refused" if codecs else "media.no_streams", codecs=codecs)


def _check_picture(picture: VideoStream) -> None:
    largest = max(picture.width, picture.height)
    if largest > ffmpeg.MAX_SIDE_PX or min(picture.width, picture.height) <= 0:
        raise InputRefused(
            "media.picture_size",
            width=picture.width,
            height=picture.height,
            limit=ffmpeg.MAX_SIDE_PX,
        )
    if picture.frame_rate > MAX_FRAME_RATE:
        raise InputRefused(
            "media.frame_rate", rate=round(picture.frame_rate), limit=round(MAX_FRAME_RATE)
        )


def _check_sound(sound: AudioStream) -> None:
    if not 0 < sound.channels <= MAX_CHANNELS:
        raise InputRefused("media.channels", channels=sound.channels, limit=MAX_CHANNELS)
    if not 0 < sound.sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
        raise InputRefused(
            "media.sample_rate", rate_hz=sound.sample_rate_hz, limit_hz=MAX_SAMPLE_RATE_HZ
        )


class _Edge(BaseModel):
    """What ffprobe prints; numbers come as text or as numbers, and much may be missing."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Stream(_Edge):
    index: int
    codec_type: str = ""
    codec_name: str = ""
    profile: str = ""
    pix_fmt: str = ""
    width: int = 0
    height: int = 0
    avg_frame_rate: str = "0/0"
    r_frame_rate: str = "0/0"
    start_time: float = 0.0
    has_b_frames: int = 0
    channels: int = 0
    channel_layout: str = ""
    sample_rate: int = 0
    disposition: dict[str, int] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    side_data_list: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def is_default(self) -> bool:
        return self.disposition.get("default") == 1

    @property
    def is_kept(self) -> bool:
        return self.codec_name in _KNOWN.get(self.codec_type, ()) and not self.is_cover

    @property
    def lacks_times(self) -> bool:
        """Whether AVI, which has no place for them, lost the times of reordered frames."""
        return self.codec_name in {"h264", "hevc"} and self.has_b_frames > 0

    @property
    def is_cover(self) -> bool:
        return self.disposition.get("attached_pic") == 1

    @property
    def language(self) -> str:
        return primary_subtag(self.tags.get("language", ""))


class _Format(_Edge):
    format_name: str
    duration: float = 0.0
    start_time: float = 0.0
    size: int = 0


class _Description(_Edge):
    format: _Format
    streams: list[_Stream] = Field(default_factory=list)
    chapters: list[dict[str, Any]] = Field(default_factory=list)


def _read(text: bytes, path: Path) -> MediaInfo:
    try:
        found = _Description.model_validate_json(text)
    except ValidationError as error:
        raise InputRefused("media.unreadable", path=str(path), detail=str(error)) from error
    kept = [stream for stream in found.streams if stream.is_kept]
    for cover in (stream for stream in found.streams if stream.is_cover):
        _check_cover(cover)
    if found.format.format_name == "avi" and any(stream.lacks_times for stream in kept):
        raise InputRefused("media.no_frame_times", path=str(path))
    zero_s = found.format.start_time
    return MediaInfo(
        container=found.format.format_name.split(",")[0],
        duration_ms=round(found.format.duration * 1000),
        size_bytes=found.format.size,
        video=tuple(_video(item, zero_s) for item in kept if item.codec_type == "video"),
        audio=tuple(_audio(item, zero_s) for item in kept if item.codec_type == "audio"),
        subtitles=tuple(_subtitle(item) for item in kept if item.codec_type == "subtitle"),
        chapters=len(found.chapters),
        dropped=len(found.streams) - len(kept),
        total=len(found.streams),
        unknown_codecs=tuple(
            item.codec_name or "?"
            for item in found.streams
            if item.codec_type in {"audio", "video"} and not item.is_kept
        ),
    )


def _check_cover(cover: _Stream) -> None:
    """Refuse a cover that ffprobe found too large to decode, or damaged: it has no size then."""
    if not 0 < max(cover.width, cover.height) <= ffmpeg.MAX_SIDE_PX:
        raise InputRefused("media.cover_refused", limit=ffmpeg.MAX_SIDE_PX)


def _video(stream: _Stream, zero_s: float) -> VideoStream:
    return VideoStream(
        index=stream.index,
        codec=stream.codec_name,
        profile=stream.profile,
        pixel_format=stream.pix_fmt,
        width=stream.width,
        height=stream.height,
        rotation_deg=_rotation_deg(stream),
        frame_rate=_rate(stream.avg_frame_rate) or _rate(stream.r_frame_rate),
        nominal_frame_rate=_rate(stream.r_frame_rate),
        start_ms=round((stream.start_time - zero_s) * 1000),
        default=stream.is_default,
    )


def _audio(stream: _Stream, zero_s: float) -> AudioStream:
    return AudioStream(
        index=stream.index,
        codec=stream.codec_name,
        channels=stream.channels,
        sample_rate_hz=stream.sample_rate,
        layout=stream.channel_layout,
        language=stream.language,
        title=stream.tags.get("title", ""),
        default=stream.is_default,
        start_ms=round((stream.start_time - zero_s) * 1000),
    )


def _subtitle(stream: _Stream) -> SubtitleStream:
    return SubtitleStream(
        index=stream.index,
        codec=stream.codec_name,
        language=stream.language,
        title=stream.tags.get("title", ""),
        default=stream.is_default,
        forced=stream.disposition.get("forced") == 1,
    )


def _rotation_deg(stream: _Stream) -> int:
    """Read how far to turn the picture clockwise; the matrix counts the other way round."""
    for data in stream.side_data_list:
        if "rotation" in data:
            return round(-float(data["rotation"]) / 90) * 90 % 360
    return 0


def _rate(fraction: str) -> float:
    above, _, below = fraction.partition("/")
    return float(Fraction(int(above), int(below))) if below and int(below) else 0.0
