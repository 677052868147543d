"""Subtitles of the target language give the words, what was heard gives the times."""

from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.model.speech import Line
from dubbing_pipeline.stages.target_cues import heard_as, lines_from_cues

HEARD = (
    Line(1, 1000, 2000, "S1", "one"),
    Line(2, 2100, 3000, "S1", "two"),
    Line(3, 5000, 6000, "S2", "three"),
)


def test_a_cue_takes_the_times_of_the_lines_it_covers() -> None:
    lines = lines_from_cues([Cue(900, 3100, "uno dos"), Cue(4900, 6100, "tres")], HEARD, 60_000)
    assert [(line.start_ms, line.end_ms, line.target) for line in lines] == [
        (1000, 3000, "uno dos"),
        (5000, 6000, "tres"),
    ]
    assert lines[0].source == "one two"
    assert [line.speaker for line in lines] == ["S1", "S2"]


def test_a_heard_line_without_a_cue_stays_original() -> None:
    lines = lines_from_cues([Cue(900, 3100, "uno dos")], HEARD, 60_000)
    assert [line.audio_mode for line in lines] == ["tts", "original"]


def test_a_cue_over_nothing_heard_keeps_its_own_times() -> None:
    lines = lines_from_cues([Cue(7000, 8000, "cuatro", speaker="Eva")], HEARD, 60_000)
    assert (lines[-1].start_ms, lines[-1].speaker, lines[-1].target) == (7000, "Eva", "cuatro")


def test_ids_are_given_anew_in_order_of_time() -> None:
    lines = lines_from_cues([Cue(4900, 6100, "tres"), Cue(900, 3100, "uno dos")], HEARD, 60_000)
    assert [line.id for line in lines] == [1, 2]
    assert lines[0].target == "uno dos"


def test_songs_and_noises_are_not_spoken() -> None:
    lines = lines_from_cues(
        [Cue(900, 3100, "[music]"), Cue(4900, 6100, "♪ la la ♪")], HEARD, 60_000
    )
    assert all(line.audio_mode == "original" for line in lines)


def test_a_cue_after_the_end_of_the_film_is_left_out_and_one_across_it_ends_there() -> None:
    cues = [Cue(7000, 9000, "cuatro"), Cue(8500, 9500, "cinco")]
    lines = lines_from_cues(cues, HEARD, 8000)
    assert [(line.target, line.end_ms) for line in lines if line.target] == [("cuatro", 8000)]


def test_a_heard_line_goes_to_a_long_cue_that_began_far_before_it() -> None:
    cues = [Cue(0, 6100, "largo"), Cue(2000, 2200, "corto")]
    lines = lines_from_cues(cues, HEARD, 60_000)
    assert [line.source for line in lines if line.target == "largo"] == ["one two three"]


def test_speakers_named_by_cues_are_known_by_whom_they_speak_over() -> None:
    cues = [Cue(900, 3100, "uno dos", speaker="Eva"), Cue(4900, 6100, "tres", speaker="Tom")]
    lines = lines_from_cues([*cues, Cue(9000, 9500, "nada", speaker="Leo")], HEARD, 60_000)
    assert heard_as(lines, HEARD) == {"Eva": "S1", "Tom": "S2"}
