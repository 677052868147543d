"""Voices for speakers: wishes first, then the right gender, then one each."""

import pytest

from dubbing_pipeline.engines.base import Voice
from dubbing_pipeline.errors import UsageError
from dubbing_pipeline.stages.casting import cast

VOICES = (Voice("es", "es", "m"), Voice("es+f2", "es", "f"), Voice("es+m3", "es", "m"))


def test_every_speaker_gets_a_voice_of_the_right_gender() -> None:
    chosen = cast(["S1", "S2"], VOICES, genders={"S1": "f", "S2": "m"}, wishes={})
    assert chosen == {"S1": "es+f2", "S2": "es"}


def test_two_speakers_of_one_gender_get_two_voices() -> None:
    chosen = cast(["S1", "S2"], VOICES, genders={"S1": "m", "S2": "m"}, wishes={})
    assert chosen == {"S1": "es", "S2": "es+m3"}


def test_a_shared_voice_is_better_than_one_of_the_wrong_gender() -> None:
    chosen = cast(["S1", "S2"], VOICES, genders={"S1": "f", "S2": "f"}, wishes={})
    assert chosen == {"S1": "es+f2", "S2": "es+f2"}


def test_a_wish_is_granted_and_its_voice_is_not_given_away() -> None:
    chosen = cast(["S1", "S2"], VOICES, genders={}, wishes={"S2": "es"})
    assert chosen == {"S2": "es", "S1": "es+f2"}


def test_a_wish_for_somebody_who_is_not_in_the_film_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        cast(["S1"], VOICES, genders={}, wishes={"Anna": "es"})
    assert caught.value.params == {"speaker": "Anna", "speakers": "S1"}
