"""Table ``job_library``: finished films as people see them; one row a dub, whatever its versions."""

from typing import Any

from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.model.job import Job, Manifest

_ADD = """
INSERT INTO job_library (job_id, current_job_id, owner_id, title, source_language,
  target_language, duration_ms, created_at, updated_at)
VALUES (:job, :job, :owner, :title, :source, :target, :duration, :now, :now)
ON CONFLICT (job_id) DO UPDATE SET updated_at = :now
"""
# An older render that ends late must not hide a newer one.
_SHOW_RENDER = """
UPDATE job_library SET current_job_id = :job, rev = :rev, updated_at = :now
WHERE job_id = :parent AND rev <= :rev
"""


def shelve(change: Change, job: Job, manifest: Manifest) -> None:
    """Put a finished job's work where the library finds it.

    A dub makes its row; a render becomes the shown version if its ``rev`` is the highest; a
    respeak changes nothing here.
    """
    if job.kind == "dub":
        change.connection.execute(_ADD, _dub_row(change, job, manifest))
    elif job.kind == "render":
        rev = int(job.spec.get("rev", 0))
        values = {"job": job.id, "parent": job.parent_job_id, "rev": rev, "now": change.at}
        change.connection.execute(_SHOW_RENDER, values)


def _dub_row(change: Change, job: Job, manifest: Manifest) -> dict[str, Any]:
    facts = {**job.spec, **manifest.metrics}
    return {
        "job": job.id,
        "owner": job.owner_id,
        "title": job.title,
        "source": str(facts.get("source_language") or ""),
        "target": str(facts.get("target_language") or ""),
        "duration": int(facts.get("duration_ms") or 0),
        "now": change.at,
    }
