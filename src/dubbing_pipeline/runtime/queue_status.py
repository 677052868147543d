"""How the queue stands, over all processes of the host: what the operator sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dubbing_pipeline.errors import SettingsError
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import ProcessRow, Upkeep
from dubbing_pipeline.runtime.setup import QueueSetup
from dubbing_pipeline.utils.redis_link import RedisLink, owner_key, translated

COUNTERS = ("rehinted", "fenced", "reaped")


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """``level`` is the lowest of the live processes; 0 when none lives.

    ``redis`` is ``off`` (not configured), ``up`` or ``down``, as the processes see it.
    """

    level: int
    reason: str
    since: str
    outbox_pending: int
    oldest_pending_s: float
    running: int
    queued: int
    redis: str
    rehinted: int
    fenced: int
    reaped: int
    processes: tuple[ProcessRow, ...]


def read_status(store: JobStore, queue: QueueSetup) -> QueueStatus:
    """Put the processes' rows and the store's counts together."""
    upkeep = Upkeep(store, "status")
    rows = upkeep.live_processes()
    counts = upkeep.counts()
    lowest = min(rows, key=lambda row: row.level) if rows else None
    oldest_s = 0.0
    if counts.oldest_pending is not None:
        due = datetime.fromisoformat(counts.oldest_pending)
        oldest_s = max(0.0, (store.clock.now() - due).total_seconds())
    sums = {name: int(sum(row.counters.get(name, 0) for row in rows)) for name in COUNTERS}
    return QueueStatus(
        level=0 if lowest is None else lowest.level,
        reason="no process runs" if lowest is None else lowest.reason,
        since="" if lowest is None else lowest.since,
        outbox_pending=counts.outbox_pending,
        oldest_pending_s=round(oldest_s, 3),
        running=counts.running,
        queued=counts.queued,
        redis=_redis(queue, rows),
        processes=rows,
        **sums,
    )


def _redis(queue: QueueSetup, rows: Sequence[ProcessRow]) -> str:
    if queue.redis_url is None:
        return "off"
    wanting = [row for row in rows if row.wanted_level > 1]
    if not wanting:
        return "unknown"
    return "up" if all(row.level == row.wanted_level for row in wanting) else "down"


async def adopt(store: JobStore, queue: QueueSetup) -> str | None:
    """Take the configured stream over from another installation.

    Its entries stay and are disposed of by their store id; the other installation, if it still
    lives, sees the change with its next probe and goes to level 1.

    Returns:
        The store id the stream belonged to; None if to nobody.

    Raises:
        SettingsError: Redis is not configured.
        BackendUnavailable: Redis does not answer.
    """
    if queue.redis_url is None:
        raise SettingsError("runtime.no_redis", key="REDIS_URL")
    link = RedisLink(queue.redis_url)
    try:
        with translated():
            key = owner_key(queue.stream)
            before = await link.commands.get(key)
            await link.commands.set(key, store.store_id())
    finally:
        await link.close()
    return None if before is None else str(before)
