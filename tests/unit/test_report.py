"""The report tells everything, to programs and to people, and needs nothing but itself."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.call import Json
from dubbing_pipeline.stages.metrics import metrics_of
from dubbing_pipeline.stages.report import Timing, report_json, report_page
from lib.measured import FILM, FIT, HEARING, LINE

TIMING = Timing(12.3456, {"translate": 1.5, "mix": 2.25})
NASTY = '<script>alert("x")</script> & "quotes"'
LINES = (
    Line(1, 0, 1000, "Anna", "a line here", NASTY, fit=FIT),
    Line(2, 59_000, 62_000, NASTY, "over the minute", "sobre el minuto", fit=None),
    Line(3, 63_000, 64_000, "Anna", "ha ha", "", audio_mode="original"),
)
TIMELINE = Timeline("en", "es", 70_000, LINES)
METRICS = metrics_of(TIMELINE, HEARING, FILM)


class Tags(HTMLParser):
    """Collects tags with their attributes, and notices what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "rect", "path"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(**more: Json) -> str:
    return report_page({**METRICS, **more}, TIMING, TIMELINE)


def test_json_has_the_metrics_and_the_times() -> None:
    report = json.loads(report_json(METRICS, TIMING))
    assert report["wall_s"] == 12.346
    assert report["stage_wall_s"] == {"translate": 1.5, "mix": 2.25}
    assert report["lines"] == 1
    assert report["passed"] is True


def test_json_is_the_same_text_for_the_same_facts() -> None:
    assert report_json(METRICS, TIMING) == report_json(dict(reversed(METRICS.items())), TIMING)


def test_the_page_is_well_formed_and_runs_nothing() -> None:
    tags = Tags(page())
    assert tags.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags.tags}
    assert not [name for _, attrs in tags.tags for name in attrs if name.startswith("on")]


def test_the_page_fetches_nothing() -> None:
    links = [attrs["href"] for _, attrs in Tags(page()).tags if "href" in attrs]
    assert links
    assert all(str(link).startswith("#line-") for link in links)
    assert not re.search(r"url\(|@import|https?:", page())


def test_all_text_is_escaped() -> None:
    assert NASTY not in page()
    assert "&lt;script&gt;" in page()


def test_every_line_is_there_and_every_link_has_its_line() -> None:
    tags = Tags(page()).tags
    ids = {str(attrs["id"]) for tag, attrs in tags if tag == "article"}
    assert ids == {"line-1", "line-2", "line-3"}
    assert {str(attrs["href"])[1:] for tag, attrs in tags if tag == "a"} <= ids


def test_a_line_over_the_minute_is_drawn_in_both_rows() -> None:
    assert page().count("<figure>") == 2
    assert page().count('href="#line-2"') == 2


def test_every_check_is_in_the_table() -> None:
    assert page().count("<tr>") == len(METRICS["checks"]) + 1


@pytest.mark.parametrize(
    ("hearing", "verdict"),
    [
        (HEARING, "passed"),
        (replace(HEARING, lines=[replace(LINE, overflow_ms=5)]), "warned"),
        (replace(HEARING, lines=[replace(LINE, cut_ms=500)]), "failed"),
    ],
)
def test_the_verdict_is_the_first_thing_said(hearing: Json, verdict: str) -> None:
    text = report_page(metrics_of(TIMELINE, hearing, FILM), TIMING, TIMELINE)
    assert f'class="verdict {verdict}"' in text


def test_the_page_speaks_spanish_too() -> None:
    text = report_page(METRICS, TIMING, TIMELINE, locale="es")
    assert '<html lang="es">' in text
    assert "Informe del doblaje: de inglés a español" in text
    assert "stages." not in text
