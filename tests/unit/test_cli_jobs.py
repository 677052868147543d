"""The commands about jobs, queue and presets, as a person calls them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dubbing_pipeline.cli import cli
from dubbing_pipeline.cli.office import Office, open_office
from dubbing_pipeline.model.job import Failed, NewJob, Reason


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened:
        yield opened


def dub(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        cli(arguments, prog_name="dub")
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def new_job(office: Office) -> str:
    return office.store.create(NewJob("dub", "local", "holiday", {})).id


def test_jobs_are_listed_shown_and_steered(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    job = new_job(office)
    assert dub("jobs", "list", "--json") == 0
    assert [found["id"] for found in told(capsys)["jobs"]] == [job]
    for command, state in (("pause", "queued"), ("resume", "queued"), ("cancel", "cancelled")):
        assert dub("jobs", command, job, "--json") == 0
        assert told(capsys)["job"]["state"] == state
    assert dub("jobs", "retry", job) == 0
    assert dub("jobs", "priority", job, "high") == 0
    assert dub("jobs", "priority", job, "highest") == 2


def test_an_unknown_job_is_told_with_exit_code_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("jobs", "show", "nobody") == 5
    assert "There is no job 'nobody'" in capsys.readouterr().err


def test_a_waiting_job_cannot_be_deleted(office: Office) -> None:
    job = new_job(office)
    assert dub("jobs", "delete", job) == 4
    assert dub("jobs", "cancel", job) == 0
    assert dub("jobs", "delete", job) == 0


def test_waiting_for_a_failed_job_says_why_and_fails(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    job = new_job(office)
    claimed = office.store.claim_next("w", 60)
    assert claimed is not None
    reason = Reason("runtime.child_died", {"status": -9, "stage": "mix"})
    office.store.fail(claimed.tenure, Failed("permanent", reason, "mix"))
    assert dub("jobs", "wait", job) == 1
    assert "in stage 'mix'" in capsys.readouterr().out


def test_a_film_that_is_not_there_is_refused_before_a_job_is_made(
    office: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert dub("jobs", "submit", str(tmp_path / "none.mp4"), "--to", "es", "--from", "en") == 1
    assert "none.mp4" in capsys.readouterr().err
    assert office.store.history() == ()


def test_the_status_of_an_idle_queue_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("queue", "status", "--json") == 0
    status = told(capsys)
    wanted = {"level", "reason", "since", "outbox_pending", "oldest_pending_s", "running"}
    assert wanted | {"queued", "redis", "processes", "rehinted", "fenced", "reaped"} == set(status)
    assert status["redis"] == "off"


def test_there_is_nothing_to_adopt_without_redis(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("queue", "adopt") == 3
    assert "REDIS_URL" in capsys.readouterr().err


def test_presets_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert dub("presets", "save", "Grandma", "--to", "es", "--json") == 0
    saved = told(capsys)
    assert dub("presets", "list", "--json") == 0
    assert told(capsys)["presets"] == [saved]
    assert dub("presets", "remove", saved["id"]) == 0
