"""Films of all kinds are described as they are."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from dubbing_pipeline.errors import InputRefused
from dubbing_pipeline.media.containers import MP4_AUDIO, MP4_VIDEO
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, convert
from dubbing_pipeline.media.probe import probe
from dubbing_pipeline.media.streams import MediaInfo
from lib.forged import make_film, png, run_ffmpeg
from lib.tools import need

Make = Callable[..., MediaInfo]

COLOUR = ("-f", "lavfi", "-i", "testsrc=size=64x64:duration=1:rate=25")
TONE = ("-f", "lavfi", "-i", "sine=duration=1:sample_rate=48000")


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """Make a film by ffmpeg and probe it."""
    need("ffmpeg")

    def make(*arguments: str, muxer: str) -> MediaInfo:
        path = tmp_path / "film"
        run_ffmpeg(*arguments, "-f", muxer, f"file:{path}")
        return probe(path)

    return make


@pytest.mark.parametrize(
    ("muxer", "container", "video", "audio"),
    [
        ("mp4", "mov", "libx264", "aac"),
        ("mp4", "mov", "libx265", "aac"),
        ("mov", "mov", "libx264", "pcm_s16le"),
        ("matroska", "matroska", "libx264", "flac"),
        ("webm", "matroska", "libvpx-vp9", "libopus"),
        ("mpegts", "mpegts", "libx264", "ac3"),
        ("avi", "avi", "mpeg4", "libmp3lame"),
        ("flv", "flv", "libx264", "aac"),
        ("asf", "asf", "wmv2", "wmav2"),
        ("mpeg", "mpeg", "mpeg2video", "mp2"),
        ("ogg", "ogg", "libtheora", "libvorbis"),
    ],
)
def test_films_in_every_container_are_taken(
    made: Make, muxer: str, container: str, video: str, audio: str
) -> None:
    codecs = ("-c:v", video, "-pix_fmt", "yuv420p", "-c:a", audio, "-ar", "48000")
    info = made(*COLOUR, *TONE, *codecs, muxer=muxer)
    assert info.container == container
    assert (len(info.video), len(info.audio)) == (1, 1)
    assert info.duration_ms == pytest.approx(1000, abs=120)
    assert (info.video[0].width, info.video[0].height) == (64, 64)


@pytest.mark.parametrize(
    ("muxer", "codec"),
    [
        *(("mp3", "libmp3lame"), ("adts", "aac"), ("flac", "flac"), ("wav", "pcm_s16le")),
        *(("ogg", "libopus"), ("ipod", "aac")),
    ],
)
def test_sound_alone_is_taken_with_its_true_length(made: Make, muxer: str, codec: str) -> None:
    tone = ("-f", "lavfi", "-i", "anoisesrc=duration=20:sample_rate=48000")
    info = made(*tone, "-c:a", codec, "-write_xing", "0", muxer=muxer)
    assert info.picture is None
    assert info.duration_ms == pytest.approx(20_000, abs=60)


def test_a_turned_picture_is_turned_as_far_as_a_player_turns_it(tmp_path: Path) -> None:
    need("ffmpeg")
    flat, turned, shown = (tmp_path / name for name in ("flat.mp4", "turned.mp4", "shown"))
    white_left = ("-f", "lavfi", "-i", "color=white:size=32x64:duration=0.2,pad=64:64:0:0:black")
    run_ffmpeg(*white_left, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(flat))
    run_ffmpeg("-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=270", str(turned))
    first_frame = ("-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo")
    run_ffmpeg("-i", str(turned), *first_frame, str(shown))
    frame = shown.read_bytes()
    left_is_on_top = frame[32] > 200 > frame[64 * 60 + 32]
    picture = probe(turned).picture
    assert picture is not None
    assert picture.rotation_deg == (90 if left_is_on_top else 270)


def test_a_variable_frame_rate_is_noticed(made: Make) -> None:
    uneven = ("-vf", "select='not(mod(n,7))+not(mod(n,5))'", "-vsync", "vfr")
    info = made(*COLOUR, *uneven, "-c:v", "libx264", "-pix_fmt", "yuv420p", muxer="mp4")
    assert info.picture is not None
    assert info.picture.is_variable_rate


def test_a_recording_without_a_length_is_measured(made: Make) -> None:
    live = ("-c:v", "libvpx", "-c:a", "libopus", "-live", "1")
    assert made(*COLOUR, *TONE, *live, muxer="webm").duration_ms == pytest.approx(1000, abs=60)


def test_sound_that_starts_late_says_so(made: Make) -> None:
    late = (*COLOUR, "-itsoffset", "0.5", *TONE, "-c:v", "libx264", "-c:a", "flac")
    info = made(*late, muxer="matroska")
    assert info.audio[0].start_ms == 500


def test_tracks_tell_language_title_default_and_channels(made: Make) -> None:
    tags = (
        *("-map", "0:v", "-map", "1:a", "-map", "1:a", "-c:v", "libx264", "-c:a", "flac"),
        *("-ac:a:1", "6", "-metadata:s:a:0", "language=ger", "-metadata:s:a:0", "title=Ton"),
        *(
            "-metadata:s:a:1",
            "language=spa",
            "-disposition:a:0",
            "0",
            "-disposition:a:1",
            "default",
        ),
    )
    info = made(*COLOUR, *TONE, *tags, muxer="matroska")
    found = [(s.language, s.title, s.default, s.channels) for s in info.audio]
    assert found == [("de", "Ton", False, 1), ("es", "", True, 6)]


def test_subtitles_and_chapters_are_counted(made: Make, tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhi\n")
    (tmp_path / "c").write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\n")
    texts = ("-i", f"{tmp_path}/a.srt", "-i", f"{tmp_path}/c", "-map_metadata", "3")
    streams = ("-map", "0", "-map", "1", "-map", "2", "-metadata:s:s:0", "language=eng")
    info = made(*COLOUR, *TONE, *texts, *streams, "-c:s", "mov_text", muxer="mp4")
    assert [(s.codec, s.language) for s in info.subtitles] == [("mov_text", "en")]
    assert info.chapters == 1


def test_a_cover_is_no_picture(made: Make, tmp_path: Path) -> None:
    (tmp_path / "cover.png").write_bytes(png(100, 100))
    cover = ("-i", f"{tmp_path}/cover.png", "-map", "0", "-map", "1", "-c:v", "copy")
    info = made(*TONE, *cover, "-disposition:v:0", "attached_pic", "-c:a", "aac", muxer="ipod")
    assert info.picture is None
    assert (info.dropped, info.total) == (1, 2)


def test_fonts_in_a_film_are_dropped(made: Make, tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(bytes(100))
    font = ("-attach", f"{tmp_path}/font.ttf", "-metadata:s:2", "mimetype=font/ttf")
    codecs = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac")
    info = made(*COLOUR, *TONE, *codecs, *font, muxer="matroska")
    assert (len(info.video), len(info.audio), info.dropped) == (1, 1, 1)


def test_a_codec_nobody_knows_is_named(made: Make) -> None:
    with pytest.raises(InputRefused) as caught:
        made(*COLOUR, "-c:v", "png", muxer="matroska")
    assert caught.value.code == "media.codec_refused"
    assert caught.value.params["codecs"] == "png"


def test_reordered_frames_in_avi_have_lost_their_times(made: Make) -> None:
    with pytest.raises(InputRefused) as caught:
        made(*COLOUR, "-c:v", "libx264", "-pix_fmt", "yuv420p", muxer="avi")
    assert caught.value.code == "media.no_frame_times"


@pytest.mark.parametrize(("muxer", "codec"), [("avi", "mpeg4"), ("mpeg", "mpeg1video")])
def test_frames_without_times_keep_their_order_when_copied(
    tmp_path: Path, muxer: str, codec: str
) -> None:
    need("ffmpeg")
    film, copy = tmp_path / "film", tmp_path / "copy"
    run_ffmpeg(*COLOUR, "-c:v", codec, "-bf", "2", "-f", muxer, str(film))
    output = MediaOutput(copy, "matroska", ("-map", "0:v", "-c", "copy"))
    convert([MediaInput(film)], [output], duration_ms=1000)
    times_ms = shown_at_ms(copy)
    assert len(times_ms) >= 23
    assert [after - before for before, after in pairwise(times_ms)] == [40] * (len(times_ms) - 1)


def shown_at_ms(film: Path) -> list[int]:
    """List when the pictures of an MKV film are shown, in the order they are decoded."""
    listing = film.with_suffix(".md5")
    every = ("-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", "1:1000")
    run_ffmpeg("-i", str(film), *every, "-f", "framemd5", str(listing))
    lines = [line for line in listing.read_text().splitlines() if not line.startswith("#")]
    return [int(line.split(",")[2]) for line in lines]


VIDEO_ENCODERS = {"av1": "libaom-av1", "h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9"}
AUDIO_ENCODERS = {"mp3": "libmp3lame", "opus": "libopus"}


@pytest.mark.parametrize("codec", sorted(MP4_VIDEO | MP4_AUDIO))
def test_mp4_holds_what_the_table_says(tmp_path: Path, codec: str) -> None:
    need("ffmpeg")
    source, target = tmp_path / "film.mkv", tmp_path / "film.mp4"
    encoder = VIDEO_ENCODERS.get(codec) or AUDIO_ENCODERS.get(codec, codec)
    if codec in MP4_VIDEO:
        quick = ("-t", "0.2", "-pix_fmt", "yuv420p", "-cpu-used", "8")
        run_ffmpeg(*COLOUR, "-c:v", encoder, *(quick if codec == "av1" else quick[:4]), str(source))
    else:
        run_ffmpeg(*TONE, "-c:a", encoder, str(source))
    output = MediaOutput(target, "mp4", ("-c", "copy", "-strict", "normal"))
    convert([MediaInput(source)], [output], duration_ms=1000)
    info = probe(target)
    assert [s.codec for s in info.video] + [s.codec for s in info.audio] == [codec]


def test_an_honest_film_keeps_its_facts(tmp_path: Path) -> None:
    need("ffmpeg")
    make_film(tmp_path / "film.mp4")
    info = probe(tmp_path / "film.mp4")
    assert info.picture is not None
    assert (info.picture.codec, info.picture.frame_rate) == ("h264", 25.0)
    assert not info.picture.is_variable_rate
    assert info.size_bytes == (tmp_path / "film.mp4").stat().st_size
