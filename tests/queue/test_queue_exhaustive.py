"""T1b: every interleaving of two workers and two jobs, with one long pause, one flush, one crash.

Breadth first over the real store: each state is a copy of the database, and two states are the
same when everything that can influence what happens next is the same.
"""

import pytest

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from lib.mutants import NoOwnerCheck, NoReconcile, Unfenced
from lib.queue_model import Broken
from lib.queue_search import Search

EXPECTED_STATES = 1167
"""How many there are to see; another number means that the search sees less, or more may happen."""


def test_every_interleaving_keeps_the_promises() -> None:
    found = Search().run()
    assert found.ends > 0
    assert found.states == EXPECTED_STATES


@pytest.mark.parametrize("kind", [Unfenced, NoOwnerCheck])
def test_the_search_finds_a_store_that_believes_zombies(kind: type[JobStore]) -> None:
    with pytest.raises(Broken):
        Search(kind).run()


def test_the_search_finds_a_queue_that_forgets_flushed_hints() -> None:
    upkeep: type[Upkeep] = NoReconcile
    with pytest.raises(Broken, match="stranded"):
        Search(upkeep=upkeep).run()
