"""The engines of this machine, and a sentence for them."""

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples
from dubbing_pipeline.engines.registry import Registry
from lib.engines import RATE_HZ, SENTENCE, registry, spoken


@pytest.fixture(scope="session")
def engines() -> Registry:
    return registry()


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Two seconds of silence, a sentence, two seconds of silence."""
    quiet = np.zeros(2 * RATE_HZ, np.float32)
    said = spoken(SENTENCE, voice="slt", folder=tmp_path_factory.mktemp("speech"))
    return np.concatenate([quiet, said, quiet])
