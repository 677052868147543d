"""Recognised words become lines as people breathe them."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.regroup import BOUNDARIES, ends_sentence, regroup


def spaced(*texts_and_pauses: str | int, length_ms: int = 400) -> list[Word]:
    """Words of one length with the pauses between them, 50 ms where none is given."""
    words: list[Word] = []
    at_ms = 0
    for item in texts_and_pauses:
        if isinstance(item, int):
            at_ms += item - 50
            continue
        words.append(Word(at_ms, at_ms + length_ms, item))
        at_ms += length_ms + 50
    return words


def texts(groups: tuple[tuple[Word, ...], ...]) -> list[str]:
    return [" ".join(word.text for word in group) for group in groups]


WORDS = st.lists(
    st.tuples(
        st.integers(-50, 1500),
        st.integers(20, 1200),
        st.sampled_from(["yes", "no,", "so.", "why?"]),
    ),
    max_size=40,
)


def laid_out(parts: list[tuple[int, int, str]]) -> list[Word]:
    words: list[Word] = []
    at_ms = 100
    for pause_ms, length_ms, text in parts:
        at_ms += pause_ms
        words.append(Word(at_ms, at_ms + length_ms, text))
        at_ms += length_ms
    return words


def test_a_pause_breaks() -> None:
    words = spaced("one", "two", "three", 300, "four", "five", "six")
    assert texts(regroup(words)) == ["one two three", "four five six"]


def test_a_sentence_end_breaks_without_a_pause() -> None:
    words = spaced("so", "it", "is.", "and", "it", "was.")
    assert texts(regroup(words)) == ["so it is.", "and it was."]


def test_a_change_of_speaker_breaks_even_a_short_word_off() -> None:
    words = spaced("shall", "we", "go?", "yes", "let", "us", "go")
    groups = regroup(words, speakers=["A", "A", "A", "B", "A", "A", "A"])
    assert texts(groups) == ["shall we go?", "yes", "let us go"]


def test_a_short_group_joins_over_the_shorter_pause() -> None:
    words = spaced("we", "did", "it", 600, "well", 350, "they", "did", "too")
    assert texts(regroup(words)) == ["we did it", "well they did too"]


def test_a_short_group_far_from_others_stays_alone() -> None:
    words = spaced("we", "did", "it", 900, "well", 900, "they", "did", "too")
    assert texts(regroup(words)) == ["we did it", "well", "they did too"]


def test_a_long_breath_breaks_at_a_comma() -> None:
    words = spaced(*["word"] * 11, "word,", *["word"] * 12)
    assert [len(group) for group in regroup(words)] == [12, 12]


def test_no_words_make_no_lines() -> None:
    assert regroup([]) == ()


@pytest.mark.parametrize("text", ["end.", "end?", "¡fin!", 'end."', "終わり。", "end…", "I."])
def test_a_sentence_ends_with_its_mark(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["Dr.", "J.", "and", "end,", "", "(Sra."])
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    assert not ends_sentence(text)


@given(WORDS, st.data())
def test_every_word_is_kept_in_order_and_with_its_speaker(
    parts: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    words = laid_out(parts)
    names = [data.draw(st.sampled_from("AB")) for _ in words]
    groups = regroup(words, speakers=names)
    assert [word for group in groups for word in group] == words
    owner = iter(names)
    assert all(len({next(owner) for _ in group}) == 1 for group in groups)


@given(WORDS)
def test_no_line_is_longer_than_it_may_be(parts: list[tuple[int, int, str]]) -> None:
    for group in regroup(laid_out(parts)):
        assert len(group) == 1 or group[-1].end_ms - group[0].start_ms <= BOUNDARIES.max_ms


@given(WORDS)
def test_a_line_is_short_only_where_it_stands_alone(parts: list[tuple[int, int, str]]) -> None:
    groups = regroup(laid_out(parts))
    for before, after in pairwise(groups):
        pause_ms = after[0].start_ms - before[-1].end_ms
        lengths_ms = [group[-1].end_ms - group[0].start_ms for group in (before, after)]
        together_ms = after[-1].end_ms - before[0].start_ms
        joined = together_ms <= BOUNDARIES.max_ms and pause_ms < BOUNDARIES.join_ms
        assert not joined or min(lengths_ms) >= BOUNDARIES.min_ms
