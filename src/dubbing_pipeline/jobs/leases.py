"""Table ``job_leases``: who runs a job now, until when, in which epoch.

The row is kept when a lease ends (``lease_owner`` becomes NULL), and the epoch lives in ``jobs``
and only grows, so that a worker that slept through its lease never matches its successor's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dubbing_pipeline.utils.sqlite import Connection

BOGUS_LEASES = 4
"""An expiry further away than so many lease times comes from a clock that was set back."""

_TAKE = """
INSERT INTO job_leases (job_id, lease_owner, lease_expires_at, updated_at, epoch, boot_id)
VALUES (:job, :owner, :expires, :now, :epoch, :boot)
ON CONFLICT (job_id) DO UPDATE SET lease_owner = :owner, lease_expires_at = :expires,
  updated_at = :now, epoch = :epoch, boot_id = :boot
"""
_BEAT = """
UPDATE job_leases SET lease_expires_at = :expires, updated_at = :now
WHERE job_id = :job AND lease_owner = :owner AND epoch = :epoch
RETURNING (SELECT cancel_requested_at FROM jobs WHERE id = :job) IS NOT NULL
"""
_REPORT = """
UPDATE job_leases SET stage = :stage, progress = :share, updated_at = :now
WHERE job_id = :job AND lease_owner = :owner AND epoch = :epoch
"""
_END = """
UPDATE job_leases SET lease_owner = NULL, updated_at = :now
WHERE job_id = :job AND lease_owner = :owner AND epoch = :epoch
"""
_EXPIRED = """
SELECT l.job_id, l.epoch, l.lease_owner, l.stage FROM job_leases l
JOIN jobs j ON j.id = l.job_id AND j.epoch = l.epoch
WHERE l.lease_owner IS NOT NULL AND j.state = 'running'
  AND (l.lease_expires_at <= :now_s OR l.lease_expires_at > :bogus_s OR l.boot_id <> :boot)
ORDER BY l.lease_expires_at LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Tenure:
    """One run of a job: every write of a worker names all three, and the row count decides."""

    job_id: str
    epoch: int
    owner: str


@dataclass(frozen=True, slots=True)
class BeatResult:
    """What a beat found: leases that are no longer ours, and jobs that shall stop."""

    lost: frozenset[str]
    cancelled: frozenset[str]


def take(
    connection: Connection, tenure: Tenure, *, now: str, expires_s: float, boot_id: str
) -> None:
    connection.execute(
        _TAKE,
        {
            "job": tenure.job_id,
            "owner": tenure.owner,
            "expires": expires_s,
            "now": now,
            "epoch": tenure.epoch,
            "boot": boot_id,
        },
    )


def beat(
    connection: Connection, tenures: Sequence[Tenure], *, now: str, expires_s: float
) -> BeatResult:
    """Renew leases and read cancel requests back."""
    lost, cancelled = set(), set()
    for tenure in tenures:
        row = connection.execute(
            _BEAT, {**_named(tenure), "now": now, "expires": expires_s}
        ).fetchone()
        if row is None:
            lost.add(tenure.job_id)
        elif row[0]:
            cancelled.add(tenure.job_id)
    return BeatResult(lost=frozenset(lost), cancelled=frozenset(cancelled))


def report(connection: Connection, tenure: Tenure, *, now: str, stage: str, share: float) -> bool:
    """Write progress; False when the lease is lost."""
    values = {**_named(tenure), "now": now, "stage": stage, "share": share}
    return connection.execute(_REPORT, values).rowcount == 1


def end(connection: Connection, tenure: Tenure, *, now: str) -> bool:
    """End a lease; False when it was not ours any more."""
    return connection.execute(_END, {**_named(tenure), "now": now}).rowcount == 1


@dataclass(frozen=True, slots=True)
class Expired:
    """A lease nobody renewed, and the stage its job was in."""

    tenure: Tenure
    stage: str


def expired(
    connection: Connection, *, now_s: float, ttl_s: float, boot_id: str, limit: int = 100
) -> tuple[Expired, ...]:
    """Find running jobs whose lease ran out, or belongs to another boot of this host."""
    values = {
        "now_s": now_s,
        "bogus_s": now_s + BOGUS_LEASES * ttl_s,
        "boot": boot_id,
        "limit": limit,
    }
    return tuple(
        Expired(
            tenure=Tenure(job_id=row["job_id"], epoch=row["epoch"], owner=row["lease_owner"]),
            stage=row["stage"],
        )
        for row in connection.execute(_EXPIRED, values)
    )


def is_live(connection: Connection, job_id: str, *, now_s: float) -> bool:
    statement = (
        "SELECT 1 FROM job_leases WHERE job_id = ? AND lease_owner IS NOT NULL"
        " AND lease_expires_at > ?"
    )
    return connection.execute(statement, (job_id, now_s)).fetchone() is not None


def _named(tenure: Tenure) -> dict[str, object]:
    return {"job": tenure.job_id, "owner": tenure.owner, "epoch": tenure.epoch}
