"""From the settings of a process to the plain values that a runtime is made of."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from dubbing_pipeline import __version__
from dubbing_pipeline.config.settings import Settings
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.jobs.policy import Caps, Policy
from dubbing_pipeline.jobs.queue import Run
from dubbing_pipeline.runtime.failover import FailoverTimes
from dubbing_pipeline.runtime.setup import ChildSetup, QueueSetup, Role, RuntimeSetup


def runtime_setup(
    settings: Settings, engines: EngineSettings, role: Role | None = None
) -> RuntimeSetup:
    """Gather what a process of a role is made of; None takes the role of the settings."""
    public = settings.public
    return RuntimeSetup(
        state_dir=public.state_dir,
        output_dir=public.output_dir,
        role=role or public.role,
        release=__version__,
        jobs_db_name=public.jobs_db_name,
        log_dir=public.log_dir,
        slots=public.slots,
        work_days=public.retention_work_days,
        policy=policy(settings),
        queue=queue_setup(settings),
        child=ChildSetup(call_for=call_for(settings, engines)),
        gpu_locks=gpu_locks(public.state_dir),
        resources={"cpu": public.slots, "net": 4 * public.slots, "disk": 2 * public.slots},
    )


def policy(settings: Settings) -> Policy:
    public = settings.public
    return Policy(
        caps=Caps(
            running=public.max_active_jobs_per_user,
            queued=public.max_queued_jobs_per_user,
            daily=public.daily_job_cap,
        ),
        high_mode_admin_only=public.high_mode_admin_only,
    )


def queue_setup(settings: Settings) -> QueueSetup:
    """Gather the queue's settings; without Redis, or with ``l1``, it stays in level 1."""
    public, secret = settings.public, settings.secret
    url = secret.redis_url
    wanted = url is not None and public.queue_backend != "l1"
    return QueueSetup(
        redis_url=url.get_secret_value() if wanted and url is not None else None,
        stream=public.redis_queue_stream_key,
        group=public.redis_queue_group,
        ttl_s=float(public.lease_ttl_s),
        visibility_s=float(public.redis_queue_visibility_timeout_s),
        failover=FailoverTimes(interval_s=float(public.redis_queue_healthcheck_sec)),
    )


def gpu_locks(state_dir: Path) -> tuple[Path, ...]:
    """Name one lock file for each GPU of the host; none where there is no GPU."""
    devices = sorted(Path("/dev").glob("nvidia[0-9]*"))
    folder = state_dir / "run"
    if devices:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tuple(folder / f"{device.name}.lock" for device in devices)


def call_for(settings: Settings, engines: EngineSettings) -> Callable[[Run], Mapping[str, Any]]:
    """Make the function that writes a child's first message."""
    told = _plain(asdict(engines))

    def make(run: Run) -> Mapping[str, Any]:
        return {
            "job": run.job.spec,
            "kind": run.job.kind,
            "title": run.job.title,
            "state_dir": str(settings.public.state_dir),
            "owner": f"{run.tenure.owner}.{run.job.id}",
            "engine_settings": told,
        }

    return make


def _plain(value: Any) -> Any:
    """Write paths and secrets as text: the pipe to the child is the one place they go to."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value
