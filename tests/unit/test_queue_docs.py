"""docs/queue.md names what there is: keys, rights, tables, metrics."""

import re

from dubbing_pipeline.jobs.schema import MIGRATIONS
from dubbing_pipeline.model.job import MOVES
from dubbing_pipeline.utils.metrics import QueueMetrics
from dubbing_pipeline.utils.redis_link import COMMANDS, key_patterns
from lib.tree import ROOT

PAGE = (ROOT / "docs" / "queue.md").read_text(encoding="utf-8")


def test_every_key_and_channel_is_named() -> None:
    patterns = key_patterns("dp:jobs:stream")
    assert not [name for name in (*patterns.keys, *patterns.channels) if f"`{name}`" not in PAGE]


def test_the_rights_of_the_restricted_user_are_the_ones_we_need() -> None:
    assert set(re.findall(r"\+([a-z|]+)", PAGE)) == set(COMMANDS)


def test_every_table_is_named() -> None:
    statements = " ".join(text for step in MIGRATIONS for text in step.statements)
    tables = re.findall(r"CREATE TABLE (\w+)", statements)
    assert not [table for table in tables if f"`{table}`" not in PAGE]


def test_every_metric_is_named() -> None:
    families = {family.name for family in QueueMetrics().registry.collect()}
    assert not [name for name in families if f"`{name}" not in PAGE]


def test_every_state_is_explained() -> None:
    page = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    assert not [state for state in MOVES if f"| `{state}` |" not in page]
