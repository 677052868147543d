"""What a client of jobs can rely on, whichever way it reaches them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.errors import Conflict, NotFoundError, RefusedError
from dubbing_pipeline.jobs.inputs import Input
from dubbing_pipeline.jobs.policy import Policy
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Failed, Manifest, Reason
from dubbing_pipeline.model.ports import DubRequest, JobQuery, JobsPort
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.runtime.local_jobs import LocalJobs
from dubbing_pipeline.runtime.preparation import Film, Prepared
from fakes.clock import FakeClock
from lib.stores import claim, open_store

PortFor = Callable[[str], JobsPort]


def prepare(request: DubRequest, known: Input | None) -> Prepared:
    """Resolve without engines: the film's name stands for its content."""
    name = request.film.name if request.film else known.name if known else ""
    sha256 = name.encode().hex().ljust(64, "0")[:64]
    film = None if known else Film(sha256, 1, name, f"films/{name}")
    return Prepared({"mode": request.spec.mode, "given": {"film": sha256}}, name, film)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = open_store(tmp_path, FakeClock(), policy=Policy(high_mode_admin_only=True))
    yield opened
    opened.database.close()


@pytest.fixture(params=["local"])
def port_for(store: JobStore) -> PortFor:
    return lambda owner: LocalJobs(store, owner, prepare=prepare)


@pytest.fixture
def port(port_for: PortFor) -> JobsPort:
    return port_for("ann")


def request(name: str = "film.mp4", key: str | None = None) -> DubRequest:
    return DubRequest(spec=DubSpec("es"), film=Path(name), idempotency_key=key)


def test_a_submitted_job_is_shown_and_listed(port: JobsPort) -> None:
    job = port.submit(request())
    assert (job.state, job.owner_id, job.title) == ("queued", "ann", "film.mp4")
    assert port.show(job.id) == job
    assert port.list_jobs(JobQuery()) == (job,)


def test_films_of_equal_content_share_one_input(port: JobsPort) -> None:
    assert port.submit(request()).input_id == port.submit(request()).input_id


def test_a_job_can_be_made_of_an_input_that_is_there(port: JobsPort) -> None:
    first = port.submit(request())
    again = port.submit(DubRequest(spec=DubSpec("pt"), input_id=first.input_id))
    assert again.input_id == first.input_id


def test_others_jobs_and_inputs_are_not_found(port: JobsPort, port_for: PortFor) -> None:
    job = port.submit(request())
    other = port_for("bob")
    assert other.list_jobs(JobQuery()) == ()
    for act in (other.show, other.cancel, other.retry, other.pause, other.resume, other.delete):
        with pytest.raises(NotFoundError):
            act(job.id)
    with pytest.raises(NotFoundError):
        other.submit(DubRequest(spec=DubSpec("es"), input_id=job.input_id))


def test_a_repeated_request_gives_the_same_job(port: JobsPort) -> None:
    first = port.submit(request(key="k"))
    assert port.submit(request(key="k")).id == first.id
    with pytest.raises(Conflict, match=r"jobs.key_reused"):
        port.submit(request("other.mp4", key="k"))


def test_a_waiting_job_is_paused_and_resumed(port: JobsPort) -> None:
    job = port.submit(request())
    assert port.pause(job.id).paused
    assert not port.resume(job.id).paused


def test_priorities_are_changed_while_a_job_waits(port: JobsPort) -> None:
    assert port.prioritize(port.submit(request()).id, 0).priority == 0


def test_a_cancelled_job_can_be_tried_again(port: JobsPort) -> None:
    job = port.submit(request())
    assert port.cancel(job.id).state == "cancelled"
    assert port.retry(job.id).state == "queued"
    with pytest.raises(Conflict, match=r"jobs.not_retryable"):
        port.retry(job.id)


def test_only_an_ended_job_is_deleted(port: JobsPort) -> None:
    job = port.submit(request())
    with pytest.raises(Conflict, match=r"jobs.not_ended"):
        port.delete(job.id)
    port.cancel(job.id)
    port.delete(job.id)
    assert port.list_jobs(JobQuery()) == ()


def test_a_watch_ends_with_the_job(port: JobsPort, store: JobStore) -> None:
    job = port.submit(request())
    seen = port.watch(job.id)
    assert next(seen).state == "queued"
    tenure = claim(store).tenure
    assert next(seen).state == "running"
    store.finish(tenure, Manifest())
    assert [found.state for found in seen] == ["done"]


def test_a_failed_job_says_why(port: JobsPort, store: JobStore) -> None:
    job = port.submit(request())
    reason = Reason("media.format_refused", {"format": "hls"})
    store.fail(claim(store).tenure, Failed("permanent", reason))
    assert port.show(job.id).reason == reason


def test_high_mode_may_be_for_administrators(port: JobsPort) -> None:
    asked = DubRequest(spec=DubSpec("es", mode="high"), film=Path("film.mp4"))
    with pytest.raises(RefusedError, match=r"high_mode_admin_only"):
        port.submit(asked)
