"""What carries no fact is left out, and nothing else."""

import pytest

from dubbing_pipeline.engines.shortening import shortened


@pytest.mark.parametrize(
    ("text", "language", "short"),
    [
        (
            "I think that we should take the road along the river.",
            "en",
            "We should take the road along the river.",
        ),
        ("Well, the house is really beautiful.", "en", "The house is beautiful."),
        ("You know, we can go home now.", "en", "We can go home now."),
        ("The road is long, of course.", "en", "The road is long."),
        ("Creo que la casa es muy bonita.", "es", "La casa es bonita."),
    ],
)
def test_fillers_go_and_the_rest_stays(text: str, language: str, short: str) -> None:
    assert shortened(text, language) == short


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The books are on the second floor.", "en"),
        ("I think so.", "en"),
        ("This is not really true.", "en"),
        ("Very well.", "en"),
        ("Ich glaube, dass es regnet.", "de"),
        ("", "en"),
    ],
)
def test_a_line_that_would_lose_its_sense_is_left_alone(text: str, language: str) -> None:
    assert shortened(text, language) is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_shortened_line_has_nothing_more_to_lose(language: str) -> None:
    text = "I think that the house is just beautiful, pues la casa es muy bonita de verdad."
    short = shortened(text, language)
    assert short is not None
    assert shortened(short, language) is None
