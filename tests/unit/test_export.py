"""Every track goes into the file with its name and language, the dub first."""

from dataclasses import replace

import pytest

from dubbing_pipeline.media.containers import Container, choose_container
from dubbing_pipeline.media.streams import AudioStream, MediaInfo, SubtitleStream, VideoStream
from dubbing_pipeline.model.speech import Fit, Line, Timeline
from dubbing_pipeline.stages.export import _tracks, source_cues, target_cues

FIT = Fit(1000, 3400, 2400, 2000, 1.0, 0, 400, "overflow")
LINES = (
    Line(1, 1000, 3000, "S1", "One.", "Uno.", fit=FIT),
    Line(2, 4000, 5000, "S1", "Two.", "Dos.", audio_mode="original"),
    Line(3, 6000, 7000, "S1", "Three.", "Tres.", audio_mode="mute"),
    Line(4, 8000, 9000, "S1", "", "Cuatro."),
)
TIMELINE = Timeline("en", "es", 10_000, LINES)
PICTURE = VideoStream(0, "h264", "High", "yuv420p", 160, 90)
FILM = MediaInfo(
    "mov",
    10_000,
    video=(PICTURE,),
    audio=(AudioStream(1, "aac", 2, 48_000, language="en", title="Stereo", default=True),),
)


def tracks(info: MediaInfo, container: Container = "mp4") -> str:
    return " ".join(_tracks(info, TIMELINE, container))


def test_target_subtitles_last_as_long_as_the_dub_and_leave_out_what_is_silent() -> None:
    shown = [(cue.start_ms, cue.end_ms, cue.text) for cue in target_cues(TIMELINE)]
    assert shown == [(1000, 3400, "Uno."), (4000, 5000, "Dos."), (8000, 9000, "Cuatro.")]


def test_source_subtitles_have_what_the_original_track_says() -> None:
    assert [cue.text for cue in source_cues(TIMELINE)] == ["One.", "Two.", "Three."]


def test_the_dub_comes_first_is_the_default_and_says_what_it_is() -> None:
    shown = tracks(FILM)
    assert shown.index("-map 1:a:0") < shown.index("-map 0:1")
    assert "-disposition:a:0 default" in shown
    assert "-disposition:a:1 0" in shown
    assert "-metadata:s:a:0 language=spa -metadata:s:a:0 title=español (AI dubbed)" in shown


def test_the_original_keeps_its_codec_title_and_language() -> None:
    shown = tracks(FILM)
    assert "-map 0:0 -c:v copy" in shown
    assert "-map 0:1 -c:a:1 copy" in shown
    assert "-metadata:s:a:1 language=eng -metadata:s:a:1 title=Stereo" in shown


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("mkv", "copy")])
def test_sound_that_mp4_cannot_hold_is_encoded_there_alone(
    container: Container, codec: str
) -> None:
    film = replace(FILM, audio=(AudioStream(3, "dts", 6, 48_000),))
    assert f"-map 0:3 -c:a:1 {codec}" in tracks(film, container)


def test_an_untagged_original_is_tagged_with_the_language_that_was_heard() -> None:
    film = replace(FILM, audio=(AudioStream(1, "aac", 2, 48_000),))
    assert "-metadata:s:a:1 language=eng -metadata:s:a:1 title=English" in tracks(film)


def test_subtitles_of_both_languages_and_of_the_film_are_kept() -> None:
    film = replace(FILM, subtitles=(SubtitleStream(4, "subrip", "fr", "Français"),))
    shown = tracks(film)
    assert [part in shown for part in ("-map 2:s:0", "-map 3:s:0", "-map 0:4")] == [True] * 3
    assert "-c:s:2 mov_text" in shown
    assert "-metadata:s:s:2 language=fra" in shown


def test_pictures_for_subtitles_are_copied_into_matroska() -> None:
    film = replace(FILM, subtitles=(SubtitleStream(4, "hdmv_pgs_subtitle", "fr"),))
    assert choose_container(film) == "mkv"
    assert "-map 0:4 -c:s:2 copy" in tracks(film, "mkv")


def test_sound_alone_has_no_picture_and_no_subtitles() -> None:
    film = replace(FILM, video=())
    assert choose_container(film) == "m4a"
    assert "-c:v" not in tracks(film, "m4a")
    assert "mov_text" not in tracks(film, "m4a")
