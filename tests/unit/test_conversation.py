"""The bench of speakers asks every choice of voices, and says no line twice."""

from bench.conversation import LINES, TEXTS, VOICES, conversations


def test_every_choice_of_voices_is_asked_with_every_seed() -> None:
    asked = list(conversations("en", 2, 3))
    assert len(asked) == len(set(asked)) == 6 * 3


def test_there_are_enough_lines_in_every_language() -> None:
    for language in VOICES:
        lines = (TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(set(lines)) >= LINES
