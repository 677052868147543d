"""Voices are told apart whatever they say: a few conversations of scripts/bench/speakers."""

import pytest

from bench.conversation import Bank, Conversation, judge
from lib.tools import need, need_filter


@pytest.fixture(scope="module")
def bank() -> Bank:
    need("ffmpeg")
    need("espeak-ng")
    need_filter("flite")
    return Bank()


@pytest.mark.parametrize(
    ("language", "voices"),
    [
        ("en", ("awb",)),
        ("en", ("slt", "rms")),
        ("en", ("awb", "kal16")),
        ("en", ("slt", "rms", "awb")),
        ("es", ("es+f2",)),
        ("es", ("es+f2", "es+m3")),
        ("de", ("de+f2", "de+f4", "de+m7")),
    ],
)
def test_each_voice_is_one_speaker(bank: Bank, language: str, voices: tuple[str, ...]) -> None:
    right, as_many, right_in_noise, _ = judge(bank, Conversation(language, voices, 0))
    assert right >= 0.95
    assert as_many
    assert right_in_noise >= 0.75
