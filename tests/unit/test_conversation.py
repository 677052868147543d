"""The bench of speakers asks every choice of voices, and says no line twice."""

from bench.conversation import LINES, TEXTS, VOICES, Bank, conversations, judge
from fakes.hearing import buzz


def test_every_choice_of_voices_is_asked_with_every_seed() -> None:
    asked = list(conversations("en", 2, 3))
    assert len(asked) == len(set(asked)) == 6 * 3


def test_there_are_enough_lines_in_every_language() -> None:
    for language in VOICES:
        lines = (TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(set(lines)) >= LINES


def test_voices_that_differ_plainly_are_all_told_apart() -> None:
    lines = (TEXTS / "en.txt").read_text(encoding="utf-8").splitlines()
    hz = {"slt": 210.0, "rms": 100.0}
    bank = Bank({(voice, text): buzz(1.5, hz[voice]) for voice in hz for text in lines})
    (conversation,) = (
        each for each in conversations("en", 2, 1) if set(each.voices) == {"slt", "rms"}
    )
    right, as_many, _, _ = judge(bank, conversation)
    assert (right, as_many) == (1.0, 1.0)
