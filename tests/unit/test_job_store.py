from collections.abc import Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.errors import Conflict, DubbingError, LimitReached, NotFoundError
from dubbing_pipeline.jobs.policy import Caps, Policy, RetryLimits
from dubbing_pipeline.jobs.results import artifacts_of, outputs_of
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import (
    Failed,
    Manifest,
    NewJob,
    OutputFile,
    Progress,
    Reason,
    Stopped,
)
from dubbing_pipeline.model.ports import JobQuery
from fakes.clock import FakeClock
from lib.stores import TTL_S, claim, open_store, submit, upkeep

BROKEN = Failed("permanent", Reason("media.format_refused"), "extract")
FLAKY = Failed("transient", Reason("engines.unreachable"), "translate")
CRASHED = Failed("crash", Reason("runtime.child_died"), "mix")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[JobStore]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.database.close()


def events_of(store: JobStore, job_id: str) -> list[str]:
    return [event.event for event in store.history(job_id)]


def test_a_submitted_job_is_queued_and_its_hint_is_due(store: JobStore) -> None:
    job = submit(store)
    (hint,) = upkeep(store).due_hints()
    assert (job.state, hint.job_id, hint.kind, hint.mode) == ("queued", job.id, "start", "low")


def test_a_claim_moves_state_lease_and_epoch_together(store: JobStore) -> None:
    job = submit(store)
    claimed = claim(store)
    assert (claimed.job.id, claimed.job.state, claimed.tenure.epoch) == (job.id, "running", 1)
    assert store.claim_next("w2", TTL_S) is None
    assert store.standing(job.id) == "held"


def test_a_finished_job_leaves_no_hint_and_no_lease(store: JobStore) -> None:
    submit(store)
    claimed = claim(store)
    made = Manifest({"film": "a" * 64}, (OutputFile("a" * 64, "film.es.mkv"),))
    assert store.finish(claimed.tenure, made) == "done"
    assert store.get(claimed.job.id).state == "done"
    assert upkeep(store).due_hints() == ()
    assert store.beat([claimed.tenure], TTL_S).lost == {claimed.job.id}
    with store.database.read() as connection:
        assert artifacts_of(connection, claimed.job.id) == {"film": "a" * 64}
        assert [o.state for o in outputs_of(connection, claimed.job.id)] == ["pending"]


def test_a_zombie_cannot_finish_a_job_that_another_runs(store: JobStore, clock: FakeClock) -> None:
    submit(store)
    zombie = claim(store, "w1")
    clock.advance(TTL_S + 1)
    upkeep(store).reap(TTL_S)
    clock.advance(5)
    heir = claim(store, "w2")
    assert store.finish(zombie.tenure, Manifest()) is None
    assert store.beat([zombie.tenure], TTL_S).lost
    assert not store.report(zombie.tenure, Progress("mix", 0.5))
    assert store.finish(heir.tenure, Manifest()) == "done"
    assert events_of(store, heir.job.id).count("done") == 1
    assert "fenced" in events_of(store, heir.job.id)


def test_the_epoch_fences_where_owner_and_state_are_equal(
    store: JobStore, clock: FakeClock
) -> None:
    submit(store)
    first = claim(store, "same-name")
    clock.advance(TTL_S + 1)
    upkeep(store).reap(TTL_S)
    clock.advance(5)
    second = claim(store, "same-name")
    assert store.finish(first.tenure, Manifest()) is None
    assert second.tenure.epoch == first.tenure.epoch + 1
    assert store.get(first.job.id).state == "running"


def test_a_retried_job_goes_on_from_its_epoch(store: JobStore) -> None:
    job = submit(store)
    assert store.fail(claim(store).tenure, BROKEN) == "failed"
    store.retry(job.id)
    assert claim(store).tenure.epoch == 2


def test_a_beat_brings_a_cancel_back(store: JobStore) -> None:
    submit(store)
    claimed = claim(store)
    store.cancel(claimed.job.id)
    assert store.beat([claimed.tenure], TTL_S).cancelled == {claimed.job.id}
    assert [hint.kind for hint in upkeep(store).due_hints() if hint.kind == "cancel"]
    assert store.stop(claimed.tenure, Stopped("cancelled")) == "cancelled"


def test_a_cancel_before_the_finish_wins(store: JobStore) -> None:
    submit(store)
    claimed = claim(store)
    store.cancel(claimed.job.id)
    assert store.finish(claimed.tenure, Manifest()) == "cancelled"


def test_a_cancel_after_the_finish_changes_nothing(store: JobStore) -> None:
    submit(store)
    claimed = claim(store)
    store.finish(claimed.tenure, Manifest())
    assert store.cancel(claimed.job.id).state == "done"


def test_a_queued_job_is_cancelled_at_once(store: JobStore) -> None:
    job = submit(store)
    assert store.cancel(job.id).state == "cancelled"
    assert upkeep(store).due_hints() == ()
    assert store.claim_next("w", TTL_S) is None


def test_a_paused_job_waits_until_it_is_resumed(store: JobStore) -> None:
    job = submit(store)
    store.set_paused(job.id, paused=True)
    assert store.claim_next("w", TTL_S) is None
    store.set_paused(job.id, paused=False)
    assert claim(store).job.id == job.id


def test_a_running_job_cannot_be_paused(store: JobStore) -> None:
    job = submit(store)
    claim(store)
    with pytest.raises(Conflict, match=r"jobs.not_queued"):
        store.set_paused(job.id, paused=True)


def test_a_transient_failure_waits_and_then_runs_again(store: JobStore, clock: FakeClock) -> None:
    submit(store)
    claimed = claim(store)
    assert store.fail(claimed.tenure, FLAKY) == "queued"
    assert store.claim_next("w", TTL_S) is None
    assert upkeep(store).due_hints() == ()
    clock.advance(5.1)
    assert [hint.job_id for hint in upkeep(store).due_hints()] == [claimed.job.id]
    assert claim(store).job.attempts.errors == 1


def test_the_fifth_transient_failure_fails_the_job(store: JobStore, clock: FakeClock) -> None:
    job = submit(store)
    states = []
    for _ in range(5):
        states.append(store.fail(claim(store).tenure, FLAKY))
        clock.advance(700)
    assert states == ["queued"] * 4 + ["failed"]
    assert store.get(job.id).reason == FLAKY.reason


def test_the_third_crash_quarantines_and_names_the_stage(store: JobStore, clock: FakeClock) -> None:
    job = submit(store)
    for _ in range(3):
        store.fail(claim(store).tenure, CRASHED)
        clock.advance(400)
    found = store.get(job.id)
    assert (found.state, found.progress.stage, found.attempts.crashes) == ("quarantined", "mix", 3)


def test_three_power_cuts_do_not_quarantine(store: JobStore, clock: FakeClock) -> None:
    job = submit(store)
    for cut in range(3):
        claim(store)
        store.boot_id = f"boot {cut}"
        assert upkeep(store).reap(TTL_S) == ((job.id, "queued"),)
        clock.advance(60)
    assert store.get(job.id).attempts.interruptions == 3


def test_the_tenth_interruption_quarantines(store: JobStore, clock: FakeClock) -> None:
    job = submit(store)
    for _ in range(10):
        claim(store)
        clock.advance(TTL_S + 1)
        upkeep(store).reap(TTL_S)
        clock.advance(61)
    assert store.get(job.id).state == "quarantined"


def test_a_drain_costs_no_attempt(store: JobStore) -> None:
    job = submit(store)
    assert store.stop(claim(store).tenure, Stopped("drained", "mix")) == "queued"
    found = store.get(job.id)
    assert (found.attempts.errors, found.attempts.crashes, found.attempts.interruptions) == (
        *(0, 0, 0),
    )
    assert claim(store).job.id == job.id


def test_a_live_lease_is_not_reaped(store: JobStore, clock: FakeClock) -> None:
    submit(store)
    claimed = claim(store)
    for _ in range(10):
        clock.advance(TTL_S / 4)
        store.beat([claimed.tenure], TTL_S)
        assert upkeep(store).reap(TTL_S) == ()


def test_a_cancelled_job_of_a_dead_worker_is_not_run_again(
    store: JobStore, clock: FakeClock
) -> None:
    job = submit(store)
    claim(store)
    store.cancel(job.id)
    clock.advance(TTL_S + 1)
    assert upkeep(store).reap(TTL_S) == ((job.id, "cancelled"),)


def test_the_same_key_and_body_give_the_same_job_for_a_day(
    store: JobStore, clock: FakeClock
) -> None:
    new = NewJob(kind="dub", owner_id="ann", title="a", spec={})
    first = store.create(new, key="k")
    clock.advance(23 * 3600)
    assert store.create(new, key="k").id == first.id
    clock.advance(3601)
    assert store.create(new, key="k").id != first.id


def test_a_key_with_another_body_is_refused(store: JobStore) -> None:
    store.create(NewJob(kind="dub", owner_id="ann", title="a", spec={}), key="k")
    with pytest.raises(Conflict, match=r"jobs.key_reused"):
        store.create(NewJob(kind="dub", owner_id="ann", title="b", spec={}), key="k")


def test_keys_belong_to_owners(store: JobStore) -> None:
    first = store.create(NewJob(kind="dub", owner_id="ann", title="a", spec={}), key="k")
    other = store.create(NewJob(kind="dub", owner_id="bob", title="b", spec={}), key="k")
    assert first.id != other.id


def test_a_job_of_another_owner_is_not_found(store: JobStore) -> None:
    job = submit(store, "ann")
    for act in (store.get, store.cancel, store.retry, store.trash):
        with pytest.raises(NotFoundError):
            act(job.id, owner="bob")


def test_the_queued_cap_is_held(tmp_path: Path, clock: FakeClock) -> None:
    store = open_store(tmp_path, clock, policy=Policy(caps=Caps(queued=2)))
    submit(store), submit(store)
    with pytest.raises(LimitReached, match=r"jobs.too_many_queued"):
        submit(store)
    assert submit(store, "bob").state == "queued"
    assert submit(store, kind="respeak").state == "queued"


def test_the_daily_cap_counts_from_midnight(tmp_path: Path, clock: FakeClock) -> None:
    store = open_store(tmp_path, clock, policy=Policy(caps=Caps(daily=1)))
    submit(store)
    with pytest.raises(LimitReached, match=r"jobs.too_many_today"):
        submit(store)
    clock.advance(24 * 3600)
    assert submit(store).state == "queued"


def test_the_running_cap_limits_claims_and_a_finish_sends_a_hint(
    tmp_path: Path, clock: FakeClock
) -> None:
    store = open_store(tmp_path, clock, policy=Policy(caps=Caps(running=1)))
    submit(store), submit(store)
    first = claim(store)
    assert store.claim_next("w2", TTL_S) is None
    loop = upkeep(store)
    loop.mark_failed(loop.due_hints(), "clear the table")
    store.finish(first.tenure, Manifest())
    assert len(loop.due_hints()) == 1
    assert claim(store, "w2").job.attempts.errors == 0


def test_a_respeak_runs_beside_a_capped_dub(tmp_path: Path, clock: FakeClock) -> None:
    store = open_store(tmp_path, clock, policy=Policy(caps=Caps(running=1)))
    submit(store), submit(store)
    claim(store)
    line = submit(store, kind="respeak")
    assert claim(store).job.id == line.id


def test_only_a_final_job_goes_to_the_trash(store: JobStore) -> None:
    job = submit(store)
    with pytest.raises(Conflict, match=r"jobs.not_ended"):
        store.trash(job.id)
    store.cancel(job.id)
    store.trash(job.id)
    assert store.list_jobs(JobQuery()) == ()
    assert [found.id for found in store.list_jobs(JobQuery(deleted=True))] == [job.id]
    assert store.restore(job.id).deleted_at is None


def test_a_closed_gate_refuses_submit_and_claim(store: JobStore) -> None:
    submit(store)
    with store.change("admin") as change:
        change.connection.execute("UPDATE store_meta SET value = 'closed' WHERE name = 'gate'")
    with pytest.raises(DubbingError, match=r"jobs.gate_closed"):
        submit(store)
    assert store.claim_next("w", TTL_S) is None


def test_an_impossible_state_cannot_be_stored(store: JobStore) -> None:
    job = submit(store)
    impossible = (
        "UPDATE jobs SET state = 'running' WHERE id = ?",
        "UPDATE jobs SET state = 'done' WHERE id = ?",
        "UPDATE jobs SET state = 'lost' WHERE id = ?",
        "UPDATE jobs SET state = 'failed', finished_at = 'now' WHERE id = ?",
        "UPDATE jobs SET deleted_at = 'now' WHERE id = ?",
    )
    for statement in impossible:
        with (
            pytest.raises(Exception, match="CHECK constraint"),
            store.change("test") as change,
        ):
            change.connection.execute(statement, (job.id,))


def test_a_later_render_is_shown_and_an_earlier_one_does_not_hide_it(store: JobStore) -> None:
    dub = submit(store)
    store.finish(claim(store).tenure, Manifest(metrics={"duration_ms": 5}))
    for rev in (2, 1):
        store.create(NewJob("render", "ann", "film", {"rev": rev}, parent_job_id=dub.id))
        store.finish(claim(store).tenure, Manifest())
    with store.database.read() as connection:
        row = connection.execute("SELECT rev, duration_ms FROM job_library").fetchone()
    assert tuple(row) == (2, 5)


def test_retry_limits_of_zero_never_end_a_job(tmp_path: Path, clock: FakeClock) -> None:
    limits = RetryLimits(crashes=0, interruptions=0)
    store = open_store(tmp_path, clock, policy=Policy(retries=limits))
    submit(store)
    for _ in range(40):
        assert store.fail(claim(store).tenure, CRASHED) == "queued"
        clock.advance(600)


def test_edits_with_a_stale_revision_are_refused(store: JobStore) -> None:
    job = submit(store)
    assert store.edit_lines(job.id, author="ann", rev=0, changes={3: {"target": "hola"}}) == 1
    with pytest.raises(Conflict, match=r"jobs.stale_revision"):
        store.edit_lines(job.id, author="bob", rev=0, changes={3: {"target": "adiós"}})
    store.edit_lines(job.id, author="ann", rev=1, changes={3: {"locked": True}})
    overlay = store.line_edits(job.id)
    assert overlay.rev == 2
    assert (overlay.lines[3].target, overlay.lines[3].locked) == ("hola", True)


def test_a_wall_clock_set_back_an_hour_strands_nothing(store: JobStore, clock: FakeClock) -> None:
    submit(store)
    store.fail(claim(store).tenure, FLAKY)
    submit(store)
    claim(store)
    clock.jump(-3600)
    assert claim(store).job.attempts.errors == 1
    assert len(upkeep(store).reap(TTL_S)) == 1
