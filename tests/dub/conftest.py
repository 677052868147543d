"""What the tests of this tier share: dubs that are made once."""

import pytest

from lib.undisturbed import Undisturbed, dub_undisturbed


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return dub_undisturbed(tmp_path_factory.mktemp("undisturbed"))
