"""A language has its own speaking rate."""

from dubbing_pipeline.stages.pace import characters_per_second


def test_a_language_has_its_own_rate_and_an_unknown_one_the_middle() -> None:
    assert characters_per_second("en-GB") == 15.0
    assert characters_per_second("zh") == 6.0
    assert characters_per_second("xx") == 14.0
