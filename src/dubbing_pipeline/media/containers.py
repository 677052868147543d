"""The codec table: what is read, what a container can hold, what every browser plays."""

from typing import Literal

from dubbing_pipeline.media.streams import MediaInfo, VideoStream

Container = Literal["mp4", "mkv", "m4a"]

VIDEO_CODECS = frozenset(
    [
        "av1",
        "dnxhd",
        "dvvideo",
        "ffv1",
        "flv1",
        "h263",
        "h264",
        "hevc",
        "mjpeg",
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "msmpeg4v2",
        "msmpeg4v3",
        "prores",
        "theora",
        "vc1",
        "vp6f",
        "vp8",
        "vp9",
        "wmv1",
        "wmv2",
        "wmv3",
    ]
)
"""Moving pictures we take, by ffmpeg's codec names."""

AUDIO_CODECS = frozenset(
    [
        "aac",
        "ac3",
        "adpcm_ima_qt",
        "adpcm_ima_wav",
        "adpcm_ms",
        "adpcm_swf",
        "alac",
        "amr_nb",
        "amr_wb",
        "dts",
        "eac3",
        "flac",
        "mp2",
        "mp3",
        "opus",
        "pcm_alaw",
        "pcm_f32be",
        "pcm_f32le",
        "pcm_mulaw",
        "pcm_s16be",
        "pcm_s16le",
        "pcm_s24be",
        "pcm_s24le",
        "pcm_s32be",
        "pcm_s32le",
        "pcm_u8",
        "speex",
        "truehd",
        "vorbis",
        "wmav1",
        "wmav2",
        "wmapro",
    ]
)
"""Sound we take, by ffmpeg's codec names."""

TEXT_SUBTITLE_CODECS = frozenset(["ass", "mov_text", "ssa", "subrip", "text", "webvtt"])
IMAGE_SUBTITLE_CODECS = frozenset(["dvb_subtitle", "dvd_subtitle", "hdmv_pgs_subtitle"])
"""Subtitles that are pictures: only MKV keeps them as they are."""

MP4_VIDEO = frozenset(["av1", "h264", "hevc", "mpeg2video", "mpeg4", "vp9"])
MP4_AUDIO = frozenset(["aac", "ac3", "alac", "eac3", "mp3", "opus"])
"""What players understand inside MP4; other sound goes into it as AAC."""

WEB_PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p"})
WEB_PROFILES = frozenset({"Baseline", "Constrained Baseline", "Main", "High"})


def choose_container(info: MediaInfo) -> Container:
    """Choose the container of the download file for a film.

    MP4 where it can hold the picture as it is and all kept subtitles, else MKV; M4A for sound
    alone.
    """
    if info.picture is None:
        return "m4a"
    if info.picture.codec not in MP4_VIDEO:
        return "mkv"
    if any(stream.codec in IMAGE_SUBTITLE_CODECS for stream in info.subtitles):
        return "mkv"
    return "mp4"


def is_web_safe(picture: VideoStream) -> bool:
    """Say whether every browser plays this picture: H.264 of 8 bits, 4:2:0."""
    return (
        picture.codec == "h264"
        and picture.pixel_format in WEB_PIXEL_FORMATS
        and picture.profile in WEB_PROFILES
    )
