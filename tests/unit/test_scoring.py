"""The scores that benches and tests rely on are right where the answer is known."""

import pytest

from scoring.numerals import english_words, numbers_in, spanish_words
from scoring.overlap import speech_overlap
from scoring.preservation import Pair, glossary_kept, ids_kept, numbers_kept
from scoring.speakers import Turn, score_speakers
from scoring.words import word_errors


@pytest.mark.parametrize(
    ("truth", "heard"),
    [
        ("It's $18, at nine o'clock.", "its eighteen dollars at 9 oclock"),
        ("We need room for 250 children", "We need room for two hundred fifty children."),
        ("twenty-one days", "21 days"),
        ("10,000 people, 5%", "ten thousand people five percent"),
        ("The CAFÉ", "the cafe"),
    ],
)
def test_texts_that_sound_alike_have_no_word_errors(truth: str, heard: str) -> None:
    assert word_errors(truth, heard).rate == 0


def test_each_kind_of_word_error_is_counted() -> None:
    errors = word_errors("one big red house here", "one pig red house right here now")
    assert (errors.substituted, errors.deleted, errors.inserted, errors.words) == (1, 0, 2, 5)
    assert errors.rate == pytest.approx(0.6)


def test_silence_loses_every_word() -> None:
    assert word_errors("three lost words", " ").rate == 1.0


def test_a_truth_without_words_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="no words"):
        word_errors("...", "something")


@pytest.mark.parametrize(
    ("number", "english", "spanish"),
    [
        (7, "seven", "siete"),
        (21, "twenty one", "veintiuno"),
        (40, "forty", "cuarenta"),
        (135, "one hundred thirty five", "ciento treinta y cinco"),
        (500, "five hundred", "quinientos"),
    ],
)
def test_numbers_are_spelled(number: int, english: str, spanish: str) -> None:
    assert " ".join(english_words(number)) == english
    assert " ".join(spanish_words(number)) == spanish


def test_numbers_are_found_in_digits_and_words() -> None:
    assert numbers_in("Line 4: forty-two of 1,500, and one more.", "en") == [4, 42, 1500]
    assert numbers_in("Doscientas casas, veintidós perros y 3 gatos", "es") == [200, 22, 3]
    assert numbers_in("zwei von 3", "de") == [3]


TRUTH = [Turn(0, 1000, "A"), Turn(1000, 2000, "B"), Turn(2000, 3000, "A"), Turn(3000, 4000, "B")]


def test_speakers_score_whatever_they_are_called() -> None:
    found = [Turn(turn.start_ms, turn.end_ms, {"A": "2", "B": "1"}[turn.speaker]) for turn in TRUTH]
    score = score_speakers(TRUTH, found)
    assert score.accuracy == 1.0
    assert score.naming == {"2": "A", "1": "B"}


def test_one_speaker_for_everybody_is_half_right() -> None:
    assert score_speakers(TRUTH, [Turn(0, 4000, "X")]).accuracy == 0.5


def test_a_new_speaker_for_each_line_is_half_right() -> None:
    found = [Turn(turn.start_ms, turn.end_ms, str(turn.start_ms)) for turn in TRUTH]
    assert score_speakers(TRUTH, found).accuracy == 0.5


def test_a_line_nobody_was_found_in_is_wrong() -> None:
    assert score_speakers(TRUTH, TRUTH[:3]).accuracy == 0.75


def test_no_lines_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="not 0"):
        score_speakers([], [])


def test_equal_speech_overlaps_wholly() -> None:
    overlap = speech_overlap([(0, 1000)], [(0, 1000)])
    assert (overlap.f1, overlap.iou, overlap.dead_air) == (1.0, 1.0, 0.0)


def test_half_of_the_speech_left_alone_is_dead_air() -> None:
    overlap = speech_overlap([(0, 1000)], [(500, 1500)])
    assert overlap.precision == overlap.recall == overlap.dead_air == 0.5
    assert overlap.iou == pytest.approx(1 / 3)


def test_a_dub_that_says_nothing_scores_nothing() -> None:
    overlap = speech_overlap([(0, 1000)], [])
    assert (overlap.f1, overlap.dead_air) == (0.0, 1.0)


PAIRS = [
    Pair(1, "Bring 21 books to the library", "Trae 21 tomos"),
    Pair(2, "At nine", "A las nueve"),
]


def test_ids_are_kept_only_once_each() -> None:
    assert ids_kept([1, 2], [1, 2]).share == 1.0
    kept = ids_kept([1, 2], [1, 1])
    assert kept.missing == ("id 2 is missing", "id 1 was not asked for")
    assert kept.share == pytest.approx(1 / 3)


def test_numbers_are_kept_in_digits_or_words() -> None:
    assert numbers_kept(PAIRS, source="en", target="es").share == 1.0
    lost = numbers_kept([Pair(3, "Nine of 12", "12")], source="en", target="es")
    assert (lost.kept, lost.total, lost.missing) == (1, 2, ("line 3: number 9",))


def test_glossary_terms_are_kept_as_whole_words() -> None:
    kept = glossary_kept(PAIRS, {"books": "tomos", "library": "mediateca", "book": "tomo"})
    assert (kept.kept, kept.total) == (1, 2)
    assert kept.missing == ("line 1: library should be mediateca",)
