"""What a recogniser makes up is told from what it heard."""

import pytest

from dubbing_pipeline.engines.base import Segment
from dubbing_pipeline.engines.hallucination import dominant_phrase, is_monotonous, sift

SPEECH = (
    "The old library opens on Monday.",
    "Nobody has seen the three grey cats.",
    "She said no, no, no, and left the room.",
    "Twenty, twenty-one, twenty-two, twenty-three.",
)


def segment(text: str, probability: float = -0.3, no_speech: float = 0.05) -> Segment:
    return Segment(0, 1000, text, (), probability, no_speech)


def rejected(*segments: Segment) -> list[str]:
    kept, refused = sift(segments)
    assert len(kept) + len(refused) == len(segments)
    return [each.text for each in refused]


def test_speech_is_believed() -> None:
    assert not rejected(*map(segment, SPEECH))


def test_no_speech_with_an_unsure_text_is_rejected() -> None:
    assert rejected(segment("Thank you.", -1.2, 0.8), segment(SPEECH[0])) == ["Thank you."]


def test_no_speech_alone_is_not_enough() -> None:
    assert not rejected(segment("Thank you.", -0.4, 0.8))


def test_guesses_are_rejected() -> None:
    assert rejected(segment("Mmm hm tsk", -1.8)) == ["Mmm hm tsk"]


@pytest.mark.parametrize(
    "text",
    ["la la la la la la", "Thank you. Thank you. Thank you. Thank you.", "ha " * 60, "no! " * 8],
)
def test_one_phrase_over_and_over_is_monotonous(text: str) -> None:
    assert is_monotonous(text)


@pytest.mark.parametrize("text", [*SPEECH, "", "No, no, no!", "Ten."])
def test_other_texts_are_not(text: str) -> None:
    assert not is_monotonous(text)


def test_a_phrase_that_fills_most_of_a_transcript_is_found_and_rejected() -> None:
    texts = ["Thanks for watching!"] * 6 + ["Hello."]
    assert dominant_phrase(texts) == "thanks for watching"
    assert rejected(*map(segment, texts)) == texts[:6]


def test_a_phrase_said_three_times_is_not_rejected() -> None:
    assert not rejected(*map(segment, ["Help!"] * 3))


def test_a_frequent_short_answer_does_not_dominate() -> None:
    assert not rejected(*map(segment, [*SPEECH, "Yes.", "Yes.", "Yes.", "Yes."]))


def test_nothing_heard_is_nothing_rejected() -> None:
    assert sift(()) == ((), ())
