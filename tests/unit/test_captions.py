"""Subtitles are written so that they can be read: by people, and by our own reader."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.media.captions import LINE_LETTERS, lay_out, srt_text, vtt_text
from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.media.subtitles import parse_subtitles

Write = Callable[[Iterable[Cue]], str]

WORDS = st.text(st.characters(categories=["Ll", "N"]), min_size=1, max_size=50)
TEXTS = st.lists(WORDS, min_size=1, max_size=40).map(" ".join)
CUES = st.builds(
    lambda start_ms, duration_ms, text: Cue(start_ms, start_ms + duration_ms, text),
    st.integers(0, 10_000_000),
    st.integers(3000, 20_000),
    TEXTS,
)


def test_srt_is_numbered_and_in_order() -> None:
    cues = [Cue(61_000, 62_005, "two"), Cue(0, 1500, "one")]
    assert srt_text(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\none\n\n2\n00:01:01,000 --> 00:01:02,005\ntwo\n"
    )


def test_webvtt_escapes_text_and_names_voices() -> None:
    text = vtt_text([Cue(0, 1500, "a < b & c --> d", "Anna & Co")])
    assert text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n<v Anna &amp; Co>a &lt; b &amp; c --&gt; d\n"
    )


def test_an_arrow_in_a_text_does_not_break_srt() -> None:
    (cue,) = parse_subtitles(srt_text([Cue(0, 1000, "from a --> to b")]).encode())
    assert cue.text == "from a -> to b"


def test_lines_are_about_equally_long() -> None:
    (cue,) = lay_out([Cue(0, 5000, "one two three four five six seven eight nine ten")])
    assert cue.text.split("\n") == ["one two three four five", "six seven eight nine ten"]


def test_a_long_text_becomes_cues_that_follow_each_other() -> None:
    cues = lay_out([Cue(0, 9000, "word " * 40)])
    assert len(cues) > 1
    assert [cue.start_ms for cue in cues[1:]] == [cue.end_ms for cue in cues[:-1]]
    assert cues[-1].end_ms == 9000


def test_a_cue_too_short_to_share_stays_one() -> None:
    assert len(lay_out([Cue(0, 50, "word " * 40)])) == 1


def test_a_cue_without_text_is_left_out() -> None:
    assert srt_text([Cue(0, 1000, " ")]) == ""
    assert vtt_text([]) == "WEBVTT\n"


@given(st.lists(CUES, min_size=1, max_size=6))
def test_no_cue_is_larger_than_two_lines(cues: list[Cue]) -> None:
    for cue in lay_out(cues):
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(len(line) <= LINE_LETTERS for line in lines)
        assert cue.start_ms < cue.end_ms


@pytest.mark.parametrize("write", [srt_text, vtt_text])
@given(cue=CUES)
def test_every_letter_that_is_written_reads_back(write: Write, cue: Cue) -> None:
    read = parse_subtitles(write([cue]).encode())
    assert "".join("".join(part.text.split()) for part in read) == cue.text.replace(" ", "")
    assert (read[0].start_ms, read[-1].end_ms) == (cue.start_ms, cue.end_ms)
