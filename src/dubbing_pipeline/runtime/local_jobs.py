"""``LocalJobs``: the ``JobsPort`` over this machine's store, for one caller."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from dubbing_pipeline.errors import RefusedError
from dubbing_pipeline.jobs.inputs import Input
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Job, NewJob, Priority
from dubbing_pipeline.model.ports import DubRequest, JobQuery
from dubbing_pipeline.runtime.preparation import Film, Prepare

LOOK_S = 0.25


def _nothing() -> None:
    """Nobody to wake: workers look by themselves."""


class LocalJobs:
    """Jobs of one owner.

    Args:
        store: All jobs.
        owner: Whose jobs these are; None is an administrator, who sees all.
        prepare: Resolves requests.
        wake: Told of every change, so that loops of this process act at once.
        is_admin: May ask for what only administrators may.
    """

    def __init__(
        self,
        store: JobStore,
        owner: str,
        *,
        prepare: Prepare,
        wake: Callable[[], None] = _nothing,
        is_admin: bool = False,
    ) -> None:
        self._store = store
        self._owner = owner
        self._prepare = prepare
        self._wake = wake
        self._is_admin = is_admin

    @property
    def _scope(self) -> str | None:
        return None if self._is_admin else self._owner

    def submit(self, request: DubRequest) -> Job:
        self._refuse_high_mode(request)
        known = None
        if request.input_id is not None:
            known = self._store.find_input(request.input_id, owner=self._scope)
        prepared = self._prepare(request, known)
        film = known or self._input(prepared.film)
        new = NewJob(
            kind="dub",
            owner_id=self._owner,
            title=prepared.title,
            spec=prepared.spec,
            priority=request.priority,
            input_id=None if film is None else film.id,
        )
        job = self._store.create(new, key=request.idempotency_key, body=_body(request, new))
        self._wake()
        return job

    def _refuse_high_mode(self, request: DubRequest) -> None:
        only_admins = self._store.policy.high_mode_admin_only
        if only_admins and request.spec.mode == "high" and not self._is_admin:
            raise RefusedError("runtime.high_mode_admin_only", mode=request.spec.mode)

    def _input(self, film: Film | None) -> Input | None:
        """Find the owner's input of this content, or make it."""
        if film is None:
            return None
        known = self._store.find_content(film.sha256, owner=self._owner)
        if known is not None:
            return known
        made = Input(
            id=self._store.make_id(self._store.clock),
            owner_id=self._owner,
            sha256=film.sha256,
            size_bytes=film.size_bytes,
            name=film.name,
            path=film.path,
            origin="import",
        )
        self._store.add_input(made)
        return made

    def show(self, job_id: str) -> Job:
        return self._store.get(job_id, owner=self._scope)

    def list_jobs(self, query: JobQuery) -> tuple[Job, ...]:
        return self._store.list_jobs(query, owner=self._scope)

    def cancel(self, job_id: str) -> Job:
        return self._woken(self._store.cancel(job_id, owner=self._scope, actor=self._owner))

    def retry(self, job_id: str) -> Job:
        return self._woken(self._store.retry(job_id, owner=self._scope))

    def pause(self, job_id: str) -> Job:
        return self._store.set_paused(job_id, paused=True, owner=self._scope)

    def resume(self, job_id: str) -> Job:
        return self._woken(self._store.set_paused(job_id, paused=False, owner=self._scope))

    def prioritize(self, job_id: str, priority: Priority) -> Job:
        return self._store.prioritize(job_id, priority, owner=self._scope)

    def delete(self, job_id: str) -> None:
        self._store.trash(job_id, owner=self._scope)

    def watch(self, job_id: str) -> Iterator[Job]:
        pause = threading.Event()
        shown: Job | None = None
        while shown is None or not shown.is_final:
            job = self.show(job_id)
            if job != shown:
                shown = job
                yield job
            else:
                pause.wait(LOOK_S)

    def _woken(self, job: Job) -> Job:
        self._wake()
        return job


def _body(request: DubRequest, new: NewJob) -> Mapping[str, Any]:
    """Say what an idempotency key stands for: the request by content, without the key."""
    asked = {**asdict(request), "idempotency_key": None, "film": None, "input_id": None}
    given = new.spec.get("given", {})
    return {"asked": json.loads(json.dumps(asked, default=str)), "given": given}
