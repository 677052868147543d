import json
import sqlite3
from pathlib import Path

import pytest

from dubbing_pipeline.errors import NotFoundError
from dubbing_pipeline.jobs.presets import Documents
from fakes.clock import FakeClock


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path / "documents.db", FakeClock())


def test_a_preset_is_kept_and_listed(documents: Documents) -> None:
    saved = documents.save("presets", "ann", {"name": "Spanish", "mode": "high"})
    assert documents.list_all("presets", "ann") == (saved,)
    assert documents.list_all("projects", "ann") == ()
    assert documents.list_all("presets", "bob") == ()


def test_a_document_of_another_owner_is_not_found(documents: Documents) -> None:
    saved = documents.save("projects", "ann", {"name": "Holidays"})
    with pytest.raises(NotFoundError):
        documents.remove("projects", "bob", saved["id"])
    documents.remove("projects", "ann", saved["id"])
    with pytest.raises(NotFoundError):
        documents.get("projects", "ann", saved["id"])


def test_a_preset_is_changed_in_place(documents: Documents) -> None:
    saved = documents.save("presets", "ann", {"mode": "low"})
    documents.save("presets", "ann", {"mode": "high"}, document_id=saved["id"])
    assert documents.get("presets", "ann", saved["id"])["mode"] == "high"


def test_values_are_json_on_disk(documents: Documents, tmp_path: Path) -> None:
    documents.save("presets", "ann", {"name": "é"})
    with sqlite3.connect(tmp_path / "documents.db") as connection:  # noqa: TID251 - reads it raw
        (value,) = connection.execute("SELECT value FROM presets").fetchone()
    connection.close()
    assert json.loads(value)["name"] == "é"
