"""The page of settings says what the model says."""

from pathlib import Path

from dubbing_pipeline.config.settings import describe
from dubbing_pipeline.config.settings_page import settings_page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == settings_page(), "run scripts/settings_page"


def test_the_page_names_every_setting() -> None:
    text = settings_page()
    assert all(f"| `{field.env}` | `" in text for field in describe())


def test_each_row_has_all_its_cells() -> None:
    rows = [line for line in settings_page().splitlines() if line.startswith("| `")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {8}
