"""Languages of files are read in every spelling, and written in the right one."""

import pytest

from dubbing_pipeline.media.languages import file_tag, primary_subtag


@pytest.mark.parametrize(
    ("tag", "subtag"),
    [
        *(("eng", "en"), ("en-US", "en"), ("SPA", "es"), ("es_419", "es"), ("ger", "de")),
        *(("deu", "de"), ("fre", "fr"), ("chi", "zh"), ("cmn", "zh"), ("ast", "ast"), ("iw", "he")),
        *(("und", ""), ("mul", ""), ("zxx", ""), ("", ""), ("english", ""), ("e1", "")),
    ],
)
def test_a_tag_is_read_as_the_shortest_subtag(tag: str, subtag: str) -> None:
    assert primary_subtag(tag) == subtag


@pytest.mark.parametrize(
    ("language", "mp4", "mkv"),
    [
        *(("en", "eng", "eng"), ("es", "spa", "spa"), ("de", "deu", "ger"), ("fr", "fra", "fre")),
        *(("zh", "zho", "chi"), ("pt-BR", "por", "por"), ("ast", "ast", "ast"), ("", "und", "und")),
    ],
)
def test_a_language_is_written_as_the_container_wants_it(language: str, mp4: str, mkv: str) -> None:
    assert file_tag(language) == mp4
    assert file_tag(language, bibliographic=True) == mkv
