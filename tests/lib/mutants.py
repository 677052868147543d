"""Stores that are broken on purpose: each must make the proofs fail, or the proofs prove nothing."""

from collections.abc import Mapping
from dataclasses import replace

from dubbing_pipeline.jobs import moves
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.leases import Tenure
from dubbing_pipeline.jobs.runs import Claimed
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.model.job import JobState, Manifest
from dubbing_pipeline.utils.sqlite import one


class Unfenced(JobStore):
    """Finishes whatever runs or ran, without looking at epoch or owner."""

    def finish(self, tenure: Tenure, manifest: Manifest) -> JobState | None:
        with self.change(tenure.owner) as change:
            job = moves.find(change, tenure.job_id)
            if job is None or job.state == "cancelled":
                return None
            change.connection.execute(
                "UPDATE jobs SET state = 'done', finished_at = ?, available_at = NULL, reason = NULL"
                " WHERE id = ?",
                (change.at, job.id),
            )
            change.connection.execute("DELETE FROM queue_outbox WHERE job_id = ?", (job.id,))
            change.record("done", job_id=job.id, epoch=tenure.epoch)
            return "done"


class NoOwnerCheck(JobStore):
    """Believes the state alone: the epoch a zombie names is taken from the row."""

    def finish(self, tenure: Tenure, manifest: Manifest) -> JobState | None:
        with self.database.read() as connection:
            row = one(
                connection,
                "SELECT j.epoch, l.lease_owner FROM jobs j JOIN job_leases l ON l.job_id = j.id"
                " WHERE j.id = ?",
                (tenure.job_id,),
            )
        if row is None or row["lease_owner"] is None:
            return None
        believed = replace(tenure, epoch=row["epoch"], owner=row["lease_owner"])
        return super().finish(believed, manifest)


class ResetEpoch(JobStore):
    """Clears the token when a job goes back to the queue, so that it starts again at one."""

    def _claim(self, change: Change, job_id: str, ttl_s: float) -> Claimed | None:
        change.connection.execute("UPDATE jobs SET epoch = 0 WHERE id = ?", (job_id,))
        return super()._claim(change, job_id, ttl_s)


class NoReconcile(Upkeep):
    """Never compares runnable jobs with hints."""

    def missing_hints(self, unread: int, *, limit: int = 100) -> int:
        del unread, limit
        return 0


STORES: Mapping[str, type[JobStore]] = {
    "none": JobStore,
    "unfenced": Unfenced,
    "no-owner": NoOwnerCheck,
    "reset-epoch": ResetEpoch,
}
