"""A real film through the real queue, with a worker that is killed in the middle."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.samples import sample
from lib.service import Service, descendants, is_alive
from lib.waiting import wait_until


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path, DUBBING_PIPELINE_LEASE_TTL_S="5")
    yield made
    made.close()


def test_a_worker_killed_in_the_mix_leaves_nothing_running_and_the_film_is_finished(
    service: Service,
) -> None:
    film = sample("clean").film
    worker = service.start_worker()
    submitted = service.ask("jobs", "submit", str(film), "--from", "en", "--to", "es")
    job = submitted["job"]["id"]
    wait_until(lambda: service.stage_of(job) in ("mix", "export"), "it mixes", 120)
    running = descendants(worker.pid)
    assert running
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in running), "all is gone", 2.0)
    service.start_worker()
    done = service.ask("jobs", "wait", job)
    assert (done["job"]["state"], done["job"]["attempts"]["interruptions"]) == ("done", 1)
    assert any(path.endswith(".report.json") for path in done["outputs"])
