"""`dub worker`: run jobs until told to stop."""

import signal
from pathlib import Path
from typing import Any

import typer


def worker() -> None:
    """Run jobs of this machine until a signal comes; what can end soon is ended then."""
    import asyncio  # noqa: PLC0415 - heavy

    from dubbing_pipeline.cli.door import open_settings  # noqa: PLC0415 - heavy
    from dubbing_pipeline.cli.office import worker_setup  # noqa: PLC0415 - heavy
    from dubbing_pipeline.utils.log import configure_log  # noqa: PLC0415 - heavy

    settings = open_settings()
    setup = worker_setup(settings, "worker")
    url = settings.secret.redis_url
    configure_log(
        typer.get_text_stream("stderr"),
        level=settings.public.log_level,
        secrets=[url.get_secret_value()] if url is not None else [],
        service="worker",
    )
    asyncio.run(_work(setup, settings.public.state_dir))


async def _work(setup: Any, state_dir: Path) -> None:
    import asyncio  # noqa: PLC0415 - heavy

    from dubbing_pipeline.runtime.assembly import Doors, open_runtime  # noqa: PLC0415 - heavy
    from dubbing_pipeline.stages.folder_store import FolderStore  # noqa: PLC0415 - heavy

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    artifacts = FolderStore(state_dir / "artifacts", state_dir / "work")
    async with open_runtime(setup, doors=Doors(fetch=artifacts.fetch)):
        await stop.wait()
