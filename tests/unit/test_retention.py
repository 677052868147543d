import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.jobs.inputs import Input
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Manifest, NewJob, OutputFile
from dubbing_pipeline.runtime.retention import Retention
from fakes.clock import FakeClock
from lib.stores import claim, open_store, submit, upkeep

DAY_S = 86_400
KEY, LOOSE, FILM = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[JobStore]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.database.close()


def artifact(folder: Path, key: str, clock: FakeClock) -> Path:
    path = folder / "artifacts" / key[:2] / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    now_s = clock.now().timestamp()
    os.utime(path, (now_s, now_s))
    return path


def clean(store: JobStore, folder: Path, clock: FakeClock, work_days: int = 30) -> None:
    retention = Retention(upkeep(store), folder / "artifacts", clock, work_days=work_days)
    asyncio.run(retention.run_once())


def test_artifacts_go_when_no_row_names_them_and_they_are_old(
    store: JobStore, tmp_path: Path, clock: FakeClock
) -> None:
    submit(store)
    store.finish(claim(store).tenure, Manifest({"mix.dub": KEY}))
    kept, loose = artifact(tmp_path, KEY, clock), artifact(tmp_path, LOOSE, clock)
    clock.advance(29 * DAY_S)
    clean(store, tmp_path, clock)
    assert loose.exists()
    clock.advance(2 * DAY_S)
    clean(store, tmp_path, clock)
    assert kept.exists()
    assert not loose.exists()


def test_what_a_waiting_job_was_given_is_kept(
    store: JobStore, tmp_path: Path, clock: FakeClock
) -> None:
    store.create(NewJob("dub", "ann", "film", {"given": {"film": FILM}}))
    film = artifact(tmp_path, FILM, clock)
    clock.advance(100 * DAY_S)
    clean(store, tmp_path, clock)
    assert film.exists()


def test_a_deleted_film_stays_a_week_and_then_goes_with_its_last_job(
    store: JobStore, tmp_path: Path, clock: FakeClock
) -> None:
    store.add_input(Input("i", "ann", FILM, 1, "film.mp4", "p", "import"))
    laid = tmp_path / "film.es.mp4"
    laid.write_bytes(b"x")
    job = store.create(NewJob("dub", "ann", "film", {}, input_id="i"))
    store.finish(claim(store).tenure, Manifest(outputs=(OutputFile(KEY, "film.es.mp4"),)))
    (output,) = upkeep(store).pending_outputs()
    upkeep(store).mark_published(output, str(laid))
    film = artifact(tmp_path, FILM, clock)
    clock.advance(60 * DAY_S)
    store.trash(job.id)
    clock.advance(6 * DAY_S)
    clean(store, tmp_path, clock)
    assert film.exists()
    assert laid.exists()
    clock.advance(2 * DAY_S)
    clean(store, tmp_path, clock)
    assert not laid.exists()
    assert not film.exists()
