"""What was made up is left out, and a film without words is refused with its reason."""

from dataclasses import replace

import pytest

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.errors import EngineFailed, NothingToDub
from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.doubts import (
    believed,
    holes,
    is_too_fast,
    refuse_nonsense,
    refuse_silence,
    without_tag_words,
)
from dubbing_pipeline.stages.transcript import Heard, Utterance

SPANS = (SpeechSpan(0, 60_000),)


def words(text: str, *, start_ms: int = 0, probability: float = 1.0) -> tuple[Word, ...]:
    return tuple(
        Word(start_ms + 300 * index, start_ms + 300 * (index + 1), each, probability)
        for index, each in enumerate(text.split())
    )


def said(text: str, **more: float) -> Utterance:
    spoken = words(text)
    doubt = more.get("probability", 0.0)
    return Utterance(0, 300 * len(spoken), text, spoken, average_log_probability=doubt)


def heard(*texts: str, probability: float = 0.0) -> Heard:
    return Heard("en", 60_000, tuple(said(text, probability=probability) for text in texts))


def test_tags_are_no_words_even_if_they_are_long() -> None:
    found = without_tag_words(words("[MUSIC PLAYING] Good morning. (door slams) ♪"))
    assert " ".join(word.text for word in found) == "Good morning."


def test_a_bracket_inside_a_sentence_takes_only_its_own_words() -> None:
    found = without_tag_words(words("I *sighs* know that."))
    assert " ".join(word.text for word in found) == "I know that."


@pytest.mark.parametrize(("probability", "kept"), [(0.3, False), (0.9, True)])
def test_a_word_where_nobody_speaks_must_be_sure(probability: float, kept: bool) -> None:
    stray = words("you", start_ms=70_000, probability=probability)
    left = believed(Utterance(70_000, 70_300, "you", stray), SPANS)
    assert (left is not None) == kept


def test_text_that_nobody_could_say_so_fast_is_not_believed() -> None:
    many = "that cannot possibly be said within this short time by anybody"
    assert is_too_fast(Utterance(0, 500, many))
    assert not is_too_fast(Utterance(0, 4_000, many))


def test_speech_without_words_is_a_hole() -> None:
    spans = (SpeechSpan(0, 4_000), SpeechSpan(5_000, 7_000))
    assert holes(spans, words("one two three"), 1_200) == (
        SpeechSpan(900, 4_000),
        SpeechSpan(5_000, 7_000),
    )


def test_a_film_in_which_nobody_speaks_is_refused() -> None:
    with pytest.raises(NothingToDub) as caught:
        refuse_silence((), 12_000)
    assert (caught.value.code, caught.value.params) == ("stages.no_speech", {"seconds": 12})


@pytest.mark.parametrize(
    ("transcript", "kind", "code"),
    [
        (heard(), NothingToDub, "stages.no_words"),
        (heard(*["Thank you."] * 5), EngineFailed, "stages.one_phrase"),
        (
            heard("Some words.", "Other ones.", probability=-1.6),
            EngineFailed,
            "stages.words_doubtful",
        ),
        (heard(*(f"Line {n} of many." for n in range(200))), EngineFailed, "stages.words_too_many"),
    ],
)
def test_a_transcript_that_cannot_be_true_is_refused(
    transcript: Heard, kind: type[EngineFailed], code: str
) -> None:
    with pytest.raises(kind) as caught:
        refuse_nonsense(transcript, SPANS)
    assert caught.value.code == code


def test_a_short_film_may_say_one_thing_only() -> None:
    refuse_nonsense(heard("Thank you."), SPANS)
    refuse_nonsense(replace(heard("Yes.", "No.", "Yes.")), SPANS)
