"""What no real film has is refused; what it lacks is named."""

from dataclasses import replace

import pytest

from dubbing_pipeline.errors import DubbingError, InputRefused, NothingToDub
from dubbing_pipeline.media.containers import choose_container, is_web_safe
from dubbing_pipeline.media.probe import audio_to_dub, check
from dubbing_pipeline.media.streams import AudioStream, MediaInfo, SubtitleStream, VideoStream

PICTURE = VideoStream(
    0, "h264", "High", "yuv420p", 1920, 1080, frame_rate=25.0, nominal_frame_rate=25.0
)
SOUND = AudioStream(1, "aac", 2, 48_000, language="en", default=True)
FILM = MediaInfo("mov", 60_000, video=(PICTURE,), audio=(SOUND,), total=2)


def refusal_of(info: MediaInfo) -> DubbingError:
    with pytest.raises(InputRefused) as caught:
        check(info)
    return caught.value


def test_an_honest_film_passes() -> None:
    check(FILM)


@pytest.mark.parametrize(
    ("info", "code"),
    [
        (replace(FILM, container="hls"), "media.format_refused"),
        (replace(FILM, total=65), "media.too_many_streams"),
        (replace(FILM, video=(), audio=()), "media.no_streams"),
        (replace(FILM, video=(), audio=(), unknown_codecs=("x",)), "media.codec_refused"),
        (replace(FILM, duration_ms=0), "media.no_duration"),
        (replace(FILM, duration_ms=6 * 3_600_000 + 1), "media.too_long"),
        (replace(FILM, video=(replace(PICTURE, width=8193),)), "media.picture_size"),
        (replace(FILM, video=(replace(PICTURE, height=0),)), "media.picture_size"),
        (replace(FILM, video=(replace(PICTURE, frame_rate=1e9),)), "media.frame_rate"),
        (replace(FILM, audio=(replace(SOUND, channels=17),)), "media.channels"),
        (replace(FILM, audio=(replace(SOUND, sample_rate_hz=0),)), "media.sample_rate"),
    ],
)
def test_each_cap_has_its_own_words(info: MediaInfo, code: str) -> None:
    assert refusal_of(info).code == code


def test_the_caps_themselves_pass() -> None:
    widest = replace(PICTURE, width=8192, height=8192, frame_rate=1000.0)
    check(replace(FILM, duration_ms=6 * 3_600_000, total=64, video=(widest,)))


def test_a_film_without_sound_is_nothing_to_dub() -> None:
    with pytest.raises(NothingToDub) as caught:
        audio_to_dub(replace(FILM, audio=()))
    assert caught.value.code == "media.no_audio"


def test_the_sound_in_the_wanted_language_is_dubbed_then_the_default_then_the_first() -> None:
    first, german = replace(SOUND, default=False, language=""), replace(SOUND, index=2)
    german = replace(german, language="de", default=False)
    default = replace(SOUND, index=3)
    info = replace(FILM, audio=(first, german, default))
    assert audio_to_dub(info, "de") == german
    assert audio_to_dub(info, "fr") == default
    assert audio_to_dub(replace(FILM, audio=(first, german))) == first


def test_the_default_picture_is_the_films_picture() -> None:
    other = replace(PICTURE, index=2, default=True)
    assert replace(FILM, video=(PICTURE, other)).picture == other
    assert replace(FILM, video=()).picture is None


def test_uneven_frame_rates_are_noticed() -> None:
    assert replace(PICTURE, nominal_frame_rate=90_000.0).is_variable_rate
    assert not PICTURE.is_variable_rate
    assert not replace(PICTURE, frame_rate=0.0).is_variable_rate


@pytest.mark.parametrize(
    ("info", "container"),
    [
        (FILM, "mp4"),
        (replace(FILM, video=(replace(PICTURE, codec="vp8"),)), "mkv"),
        (replace(FILM, subtitles=(SubtitleStream(2, "hdmv_pgs_subtitle"),)), "mkv"),
        (replace(FILM, subtitles=(SubtitleStream(2, "subrip"),)), "mp4"),
        (replace(FILM, video=()), "m4a"),
    ],
)
def test_the_container_is_the_one_that_holds_everything(info: MediaInfo, container: str) -> None:
    assert choose_container(info) == container


@pytest.mark.parametrize(
    ("picture", "safe"),
    [
        (PICTURE, True),
        (replace(PICTURE, codec="hevc"), False),
        (replace(PICTURE, pixel_format="yuv420p10le", profile="High 10"), False),
        (replace(PICTURE, pixel_format="yuv444p"), False),
    ],
)
def test_only_pictures_that_every_browser_shows_are_web_safe(
    picture: VideoStream, *, safe: bool
) -> None:
    assert is_web_safe(picture) == safe
