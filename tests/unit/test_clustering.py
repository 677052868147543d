"""One voice stays one, several are told apart, and doubt is settled by who spoke before."""

import numpy as np
import pytest

from dubbing_pipeline.stages.clustering import (
    Clustering,
    Labels,
    Speakers,
    Voiceprints,
    find_speakers,
    follow,
    line_spread,
    whitened,
)
from dubbing_pipeline.stages.voices import DIMENSIONS, Fingerprint


def voices(count: int, lines: int, apart: float, seed: int = 0) -> tuple[Voiceprints, Labels]:
    """Whitened lines of several voices, ``apart`` spreads from each other, in turn."""
    dice = np.random.default_rng(seed)
    centres = np.eye(DIMENSIONS)[:count] * apart / np.sqrt(2)
    owners = np.arange(lines) % count
    points = centres[owners] + dice.standard_normal((lines, DIMENSIONS))
    return Voiceprints(points, np.ones(lines)), owners


@pytest.mark.parametrize("lines", [1, 2, 5, 12, 40, 200])
@pytest.mark.parametrize("seed", range(4))
def test_one_voice_is_one_speaker(lines: int, seed: int) -> None:
    prints, _ = voices(1, lines, 0.0, seed)
    assert len(find_speakers(prints).centres) == 1


@pytest.mark.parametrize("count", [2, 3, 4, 6])
@pytest.mark.parametrize("lines", [24, 200, 700])
def test_several_voices_are_as_many_speakers(count: int, lines: int) -> None:
    prints, owners = voices(count, lines, 12.0)
    speakers = find_speakers(prints)
    labels = follow(prints, speakers, [1.0] * lines)
    assert len(speakers.centres) == count
    assert len({(owner, label) for owner, label in zip(owners, labels, strict=True)}) == count


def test_a_bit_of_noise_is_no_speaker() -> None:
    prints, _ = voices(1, 20, 0.0)
    odd = Voiceprints(
        np.vstack([prints.points, np.full((1, DIMENSIONS), 9.0)]), np.append(prints.weights, 0.1)
    )
    assert len(find_speakers(odd).centres) == 1


def test_a_line_that_says_little_goes_to_who_spoke_before() -> None:
    speakers = Speakers(np.eye(DIMENSIONS)[:2] * 8)
    points = np.array([speakers.centres[0], speakers.centres.mean(axis=0), speakers.centres[0]])
    points[1, 1] += 0.5
    prints = Voiceprints(points, np.array([1.0, 0.05, 1.0]))
    assert follow(prints, speakers, [1.0] * 3).tolist() == [0, 0, 0]
    assert follow(prints, speakers, [0.0] * 3).tolist() == [0, 1, 0]


def test_whitening_makes_the_measured_spread_one() -> None:
    dice = np.random.default_rng(3)
    means = dice.multivariate_normal(np.zeros(DIMENSIONS), line_spread(), 500)
    prints = whitened([Fingerprint(mean, 200, np.zeros((0, DIMENSIONS))) for mean in means])
    assert np.allclose(np.cov(prints.points.T), np.eye(DIMENSIONS), atol=0.35)
    assert np.all(prints.weights == 1.0)


def test_a_voice_that_wanders_more_is_allowed_more() -> None:
    dice = np.random.default_rng(4)
    wild = [
        Fingerprint(np.ones(DIMENSIONS), 200, dice.standard_normal((20, DIMENSIONS)) * 3)
        for _ in range(10)
    ]
    calm = [Fingerprint(np.ones(DIMENSIONS), 200, np.ones((20, DIMENSIONS))) for _ in range(10)]
    assert np.linalg.norm(whitened(wild).points[0]) < np.linalg.norm(whitened(calm).points[0])


def test_more_lines_than_are_joined_still_find_their_speaker() -> None:
    prints, owners = voices(2, 300, 12.0)
    few = find_speakers(prints, Clustering(most_joined=40))
    labels = follow(prints, few, [1.0] * 300)
    assert len({(owner, label) for owner, label in zip(owners, labels, strict=True)}) == 2
