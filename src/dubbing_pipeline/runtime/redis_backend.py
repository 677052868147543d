"""Level 2: hints travel through one Redis stream with one consumer group.

::

    <stream>                       STREAM   the hints; fields below
    <stream>:owner                 STRING   id of the store this stream belongs to (SET NX)
    <stream>:canary:<incarnation>  STREAM   one process's health probe; expires
    dp:jobs:cancel                 CHANNEL  job ids whose run shall stop

    entry: job_id priority created_at requested_mode owner_id schema_ver store

An entry stays pending until its permit is used up, that is until the job it started has ended;
the holder extends it with each beat (``XCLAIM … JUSTID``), so that a long dub is never taken
away by age. Entries whose holder is silent are looked at by ``XAUTOCLAIM`` and disposed of, or
given out again, by what SQLite says of the job they name:

    =====================================  ==============================================
    job final, unknown, or of another store  XACK + XDEL
    job runs and its lease is live           left pending: the holder extends it again
    job runs and its lease ran out           left pending: the rescuer queues the job
    job queued                               a permit: its holder died before the claim
    =====================================  ==============================================

The stream is never trimmed by length, which would drop unread entries; ``XACK`` alone frees
nothing, so ``XDEL`` goes with it in one MULTI.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dubbing_pipeline.errors import BackendUnavailable, BackendUnfit
from dubbing_pipeline.jobs.outbox import DueHint, SentHint
from dubbing_pipeline.jobs.runs import Standing
from dubbing_pipeline.jobs.schema import SCHEMA_NUMBER
from dubbing_pipeline.runtime.dispatch import Health, Level, Permit, Postpone
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.redis_link import (
    BLOCK_MS,
    CANCEL_CHANNEL,
    COMMAND_TIMEOUT_S,
    GONE,
    READ_TIMEOUT_S,
    RedisLink,
    canary_key,
    owner_key,
    translated,
)

CANARY_LIFE_S = 60
SWEEP_EVERY_S = 15.0
SWEEP_COUNT = 100
READ_WATCHDOG_S = 2 * BLOCK_MS / 1000 + READ_TIMEOUT_S
IDLE_CONSUMER_MS = 3_600_000

Entry = tuple[str, Mapping[str, str]]
Stand = Callable[[str], Awaitable[Standing]]


@dataclass(frozen=True, slots=True)
class StreamNames:
    """The configured keys, exactly, and whose they are."""

    stream: str
    group: str
    store_id: str
    incarnation: str


class RedisDispatchBackend:
    """Hints are stream entries; permits are entries this process holds."""

    level: Final[Level] = 2

    def __init__(
        self,
        link: RedisLink,
        names: StreamNames,
        *,
        clock: Clock,
        standing: Stand,
        postpone: Postpone,
        block_ms: int = BLOCK_MS,
    ) -> None:
        self._link = link
        self._names = names
        self._clock = clock
        self._standing = standing
        self._postpone = postpone
        self._block_ms = block_ms
        self._next_sweep_s = 0.0
        self.disposed = 0

    async def submit(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        # No MULTI and no retry: a double is harmless, and each reply is an entry id of its own.
        pipe = self._link.commands.pipeline(transaction=False)
        for hint in hints:
            if hint.kind == "cancel":
                pipe.publish(CANCEL_CHANNEL, hint.job_id)
            else:
                pipe.xadd(self._names.stream, self._fields(hint))
        replies = await self._run(pipe)
        return tuple(
            SentHint(hint.job_id, hint.kind, "sent", str(reply) if hint.kind == "start" else None)
            for hint, reply in zip(hints, replies, strict=True)
        )

    def _fields(self, hint: DueHint) -> dict[Any, Any]:
        return {
            "job_id": hint.job_id,
            "priority": hint.priority,
            "created_at": hint.created_at,
            "requested_mode": hint.mode,
            "owner_id": hint.owner_id,
            "schema_ver": SCHEMA_NUMBER,
            "store": self._names.store_id,
        }

    async def _run(self, pipe: Any) -> list[Any]:
        with translated():
            async with asyncio.timeout(2 * COMMAND_TIMEOUT_S):
                replies: list[Any] = await pipe.execute()
        return replies

    async def claim(
        self, consumer: str, room: int, visibility_timeout_s: float
    ) -> tuple[Permit, ...]:
        if room <= 0:
            return ()
        try:
            found = await self._stranded(consumer, room, visibility_timeout_s)
            return found or await self._fresh(consumer, room)
        except BackendUnavailable as error:
            if error.params["reason"] not in GONE:
                raise
        await self.ensure_group()
        return ()

    async def _fresh(self, consumer: str, room: int) -> tuple[Permit, ...]:
        with translated():
            async with asyncio.timeout(READ_WATCHDOG_S):
                reply = await self._link.reader.xreadgroup(
                    self._names.group,
                    consumer,
                    {self._names.stream: ">"},
                    count=room,
                    block=self._block_ms,
                )
        entries: list[Entry] = [entry for _, found in reply or () for entry in found]
        return await self._permits(entries)

    async def _permits(self, entries: Sequence[Entry]) -> tuple[Permit, ...]:
        ours = []
        for token, fields in entries:
            permit = Permit(token=token, job_id=fields.get("job_id", ""), level=2)
            if fields.get("store") == self._names.store_id:
                ours.append(permit)
            else:
                await self._dispose_foreign(permit)
        return tuple(ours)

    async def _dispose_foreign(self, permit: Permit) -> None:
        """Drop an entry of another store from our stream; touch nothing in another's stream."""
        await self._require_owner()
        self.disposed += 1
        await self.ack(permit)

    async def _stranded(
        self, consumer: str, room: int, visibility_timeout_s: float
    ) -> tuple[Permit, ...]:
        """Look through entries whose holder is silent; by the clock, not by traffic."""
        now_s = self._clock.monotonic_s()
        if now_s < self._next_sweep_s:
            return ()
        self._next_sweep_s = now_s + min(SWEEP_EVERY_S, visibility_timeout_s / 2)
        permits: list[Permit] = []
        cursor = "0-0"
        while len(permits) < room:
            cursor, entries = await self._autoclaim(consumer, cursor, visibility_timeout_s)
            for permit in await self._permits(entries):
                if await self._is_usable(permit) and len(permits) < room:
                    permits.append(permit)
            if cursor == "0-0":
                break
        return tuple(permits)

    async def _autoclaim(
        self, consumer: str, cursor: str, visibility_timeout_s: float
    ) -> tuple[str, list[Entry]]:
        with translated():
            reply = await self._link.commands.xautoclaim(
                self._names.stream,
                self._names.group,
                consumer,
                min_idle_time=int(visibility_timeout_s * 1000),
                start_id=cursor,
                count=SWEEP_COUNT,
            )
        return str(reply[0]), [entry for entry in reply[1] if entry[0] is not None]

    async def _is_usable(self, permit: Permit) -> bool:
        standing = await self._standing(permit.job_id)
        if standing in ("final", "unknown"):
            self.disposed += 1
            await self.ack(permit)
        return standing == "queued"

    async def extend(self, permits: Sequence[Permit]) -> None:
        tokens = [permit.token for permit in permits if permit.level == self.level]
        if not tokens:
            return
        names = self._names
        try:
            with translated():
                await self._link.commands.xclaim(
                    names.stream,
                    names.group,
                    names.incarnation,
                    min_idle_time=0,
                    message_ids=tokens,
                    justid=True,
                )
        except BackendUnavailable:
            return  # the lease is what counts; the entry is extended with the next beat

    async def ack(self, permit: Permit) -> None:
        if permit.level != self.level:
            return
        pipe = self._link.commands.pipeline(transaction=True)
        pipe.xack(self._names.stream, self._names.group, permit.token)
        pipe.xdel(self._names.stream, permit.token)
        try:
            await self._run(pipe)
        except BackendUnavailable:
            return  # whoever autoclaims the entry later finds a final job and disposes of it

    async def nack(self, permit: Permit, delay_s: float) -> None:
        await self._postpone(permit.job_id, delay_s)
        await self.ack(permit)

    async def backlog(self) -> int:
        """Count the hints nobody has read: all entries less the pending ones.

        Raises:
            BackendUnavailable: Redis cannot say.
        """
        try:
            return await self._backlog()
        except BackendUnavailable as error:
            if error.params["reason"] not in GONE:
                raise
        await self.ensure_group()
        return await self._backlog()

    async def _backlog(self) -> int:
        pipe = self._link.commands.pipeline(transaction=True)
        pipe.xlen(self._names.stream)
        pipe.xpending(self._names.stream, self._names.group)
        length, pending = await self._run(pipe)
        return max(0, int(length) - int(pending["pending"]))

    async def ensure_group(self) -> None:
        """Make stream and group where they are missing, from the first entry on.

        Raises:
            BackendUnavailable: Redis does not let us.
        """
        await self._require_owner()
        try:
            with translated():
                await self._link.commands.xgroup_create(
                    self._names.stream, self._names.group, id="0", mkstream=True
                )
        except BackendUnavailable as error:
            if not _group_exists(error):
                raise

    async def _require_owner(self) -> None:
        """Take the stream if nobody has it.

        Raises:
            BackendUnfit: It belongs to another installation.
        """
        pipe = self._link.commands.pipeline(transaction=False)
        pipe.set(owner_key(self._names.stream), self._names.store_id, nx=True)
        pipe.get(owner_key(self._names.stream))
        _, holder = await self._run(pipe)
        if holder != self._names.store_id:
            raise BackendUnfit("runtime.stream_of_another", reason="foreign", store=holder)

    async def health(self) -> Health:
        try:
            await self._require_owner()
            await self._probe()
        except BackendUnfit as error:
            return Health(ok=False, reason=str(error.params["reason"]), certain=True)
        except BackendUnavailable as error:
            return Health(ok=False, reason=str(error.params["reason"]))
        return Health(ok=True)

    async def _probe(self) -> None:
        """Go the whole road on a stream of our own: PING alone lies on replicas and full servers."""
        key = canary_key(self._names.stream, self._names.incarnation)
        await self._ensure_canary(key)
        mark = f"{self._clock.monotonic_s():.6f}"
        pipe = self._link.commands.pipeline(transaction=False)
        pipe.xadd(key, {"mark": mark})
        pipe.xreadgroup("canary", "canary", {key: ">"}, count=SWEEP_COUNT)
        pipe.expire(key, CANARY_LIFE_S)
        pipe.xlen(self._names.stream)
        pipe.info("replication")
        replies = await self._run(pipe)
        read: list[Entry] = [entry for _, found in replies[1] or () for entry in found]
        await self._clear_canary(key, read)
        if mark not in [fields["mark"] for _, fields in read]:
            raise BackendUnavailable("utils.redis_unavailable", reason="echo", detail=mark)
        if replies[4].get("role") != "master":
            raise BackendUnfit("utils.redis_unavailable", reason="readonly", detail="replica")

    async def _ensure_canary(self, key: str) -> None:
        try:
            with translated():
                await self._link.commands.xgroup_create(key, "canary", id="0", mkstream=True)
        except BackendUnavailable as error:
            if not _group_exists(error):
                raise

    async def _clear_canary(self, key: str, entries: Sequence[Entry]) -> None:
        pipe = self._link.commands.pipeline(transaction=False)
        for token, _ in entries:
            pipe.xack(key, "canary", token)
            pipe.xdel(key, token)
        await self._run(pipe)

    async def drop_idle_consumers(self) -> int:
        """Delete consumers of dead processes: nothing pending and silent for an hour.

        Raises:
            BackendUnavailable: Redis cannot say.
        """
        names = self._names
        with translated():
            consumers = await self._link.commands.xinfo_consumers(names.stream, names.group)
            idle = [
                consumer["name"]
                for consumer in consumers
                if consumer["pending"] == 0 and consumer["idle"] > IDLE_CONSUMER_MS
            ]
            for name in idle:
                await self._link.commands.xgroup_delconsumer(names.stream, names.group, name)
        return len(idle)

    async def close(self) -> None:
        await self._link.close()


def _group_exists(error: BackendUnavailable) -> bool:
    return "BUSYGROUP" in str(error.params.get("detail"))
