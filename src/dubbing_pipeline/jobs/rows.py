"""Between rows of ``jobs.db`` and values."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dubbing_pipeline.model.job import Attempts, Job, Progress, Reason
from dubbing_pipeline.utils.sqlite import Row

JOB_COLUMNS = (
    "jobs.*, l.stage AS lease_stage, l.progress AS lease_progress"
    " FROM jobs LEFT JOIN job_leases l ON l.job_id = jobs.id"
)
"""What follows SELECT so that ``job_from`` finds all it needs."""


def stamp(moment: datetime) -> str:
    """Write a time as text that sorts: UTC, always with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def reason_json(reason: Reason) -> str:
    return to_json({"code": reason.code, "params": dict(reason.params)})


def _reason_from(text: str | None) -> Reason | None:
    if text is None:
        return None
    value = json.loads(text)
    return Reason(code=value["code"], params=value["params"])


def job_from(row: Row) -> Job:
    """Read a row selected by ``JOB_COLUMNS``."""
    return Job(
        id=row["id"],
        kind=row["kind"],
        owner_id=row["owner_id"],
        state=row["state"],
        priority=row["priority"],
        title=row["title"],
        spec=json.loads(row["spec"]),
        created_at=row["created_at"],
        epoch=row["epoch"],
        parent_job_id=row["parent_job_id"],
        input_id=row["input_id"],
        available_at=row["available_at"],
        attempts=Attempts(
            errors=row["attempts_error"],
            crashes=row["attempts_crash"],
            interruptions=row["attempts_interrupted"],
        ),
        paused=bool(row["paused"]),
        cancel_requested_at=row["cancel_requested_at"],
        reason=_reason_from(row["reason"]),
        progress=Progress(
            stage=row["lease_stage"] or row["stage"], share=row["lease_progress"] or 0.0
        ),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        deleted_at=row["deleted_at"],
        engine=row["engine"],
        engine_run=row["engine_run"],
    )
