"""Checks what really happened, from ``queue_events`` and the folder of effects."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dubbing_pipeline.jobs.events import Event

ENDS = frozenset({"done", "failed", "cancelled", "quarantined"})


@dataclass(slots=True)
class Verdict:
    """What was found wrong; empty lists are what a proof wants."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.double or self.disorder)


def judge(
    events: Iterable[Event], *, answered: Sequence[str], effects: Mapping[str, Sequence[int]]
) -> Verdict:
    """Judge a history.

    Args:
        events: All of it, in order.
        answered: Every job whose submit was answered.
        effects: Which epochs were told that their end was accepted, by job.
    """
    verdict = Verdict()
    by_job: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.job_id is not None:
            by_job[event.job_id].append(event)
    for job_id in answered:
        ends = Counter(event.event for event in by_job[job_id] if event.event in ENDS)
        if ends["done"] == 0 and ends["cancelled"] == 0:
            verdict.lost.append(job_id)
    for job_id, history in by_job.items():
        _judge_job(job_id, history, effects.get(job_id, ()), verdict)
    return verdict


def _judge_job(
    job_id: str, history: Sequence[Event], effects: Sequence[int], verdict: Verdict
) -> None:
    done = [event.epoch for event in history if event.event == "done"]
    if len(done) > 1 or len(effects) > 1:
        verdict.double.append(job_id)
    elif not set(effects) <= set(done):
        verdict.disorder.append(f"{job_id} done by {done}, believed by {effects}")
    claims = [event.epoch or 0 for event in history if event.event == "claimed"]
    if claims != list(range(1, len(claims) + 1)):
        verdict.disorder.append(f"{job_id} claims {claims}")
    verdict.disorder += _disorder(job_id, history)


def _disorder(job_id: str, history: Sequence[Event]) -> list[str]:
    """Find ends that were not the running claim's, and claims of what ran already."""
    found = []
    running: int | None = None
    for event in history:
        if event.event == "claimed":
            if running is not None:
                found.append(f"{job_id} claimed while it ran")
            running = event.epoch
        elif event.event in ENDS | {"requeued"}:
            if event.epoch != running:
                found.append(f"{job_id} {event.event} by epoch {event.epoch}, not {running}")
            running = None
    return found
