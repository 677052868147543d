"""The fast path of a cancel in level 2: job ids on a channel. The truth is in SQLite.

A message that is missed costs at most one beat: the lease keeper reads the flag as well.
"""

import asyncio

from dubbing_pipeline.errors import BackendUnavailable
from dubbing_pipeline.runtime.dispatch import CancelHeard
from dubbing_pipeline.utils.redis_link import CANCEL_CHANNEL, READ_TIMEOUT_S, RedisLink, translated

LISTEN_S = 2.0


class CancelChannel:
    """Listens while Redis is there; ``run_once`` is one connection's life."""

    def __init__(self, link: RedisLink, on_cancel: CancelHeard) -> None:
        self._link = link
        self._on_cancel = on_cancel

    async def run_once(self) -> None:
        """Listen until the connection breaks; quiet about an absent server, the probe tells."""
        subscription = self._link.reader.pubsub(ignore_subscribe_messages=True)
        try:
            with translated():
                await subscription.subscribe(CANCEL_CHANNEL)
                while True:
                    async with asyncio.timeout(LISTEN_S + READ_TIMEOUT_S):
                        message = await subscription.get_message(timeout=LISTEN_S)
                    if message is not None:
                        self._on_cancel(str(message["data"]))
        except BackendUnavailable:
            return
        finally:
            await subscription.aclose()
