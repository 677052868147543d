"""``Notify``: tells people that their job has ended: at least once, with an id that stays.

Rows were written in the transaction of the change. A row is claimed for a minute, sent, and
marked; a sender that died in between sends it again, with the same id, so receivers can drop the
double. What cannot be sent is tried again with growing pauses, for 24 hours.
"""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog

from dubbing_pipeline.jobs.notices import Notice
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.utils.messages import render

_log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0

WORDS = {
    "done": "runtime.notice_done",
    "failed": "runtime.notice_failed",
    "quarantined": "runtime.notice_quarantined",
}

OpenUrl = Callable[[bytes], str]
"""Unseal a target's address."""


class Refused(ValueError):
    """The address leads into a private network, and its owner was not allowed that."""


class Notify:
    """Sends what is due."""

    def __init__(self, upkeep: Upkeep, open_url: OpenUrl, *, link: str = "") -> None:
        self._upkeep = upkeep
        self._open_url = open_url
        self._link = link

    async def run_once(self) -> int:
        """Send what is due; gives how many notices went out."""
        sent = 0
        for notice in await asyncio.to_thread(self._upkeep.claim_notices):
            sent += await self._send(notice)
        return sent

    async def _send(self, notice: Notice) -> int:
        try:
            url = self._open_url(notice.sealed_url)
            if not notice.private_allowed:
                await asyncio.to_thread(refuse_private, url)
            async with httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                response = await client.post(url, **_message(notice, self._link))
                response.raise_for_status()
        except (httpx2.HTTPError, OSError, ValueError) as error:
            _log.warning("notice_waits", notice=notice.id, kind=type(error).__name__)
            await asyncio.to_thread(self._upkeep.notice_failed, notice, type(error).__name__)
            return 0
        await asyncio.to_thread(self._upkeep.notice_sent, notice)
        return 1


def refuse_private(url: str) -> None:
    """Refuse an address that is not on the public internet.

    Raises:
        Refused: As said.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        raise Refused(parts.scheme)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for found in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM):
        if not ipaddress.ip_address(found[4][0]).is_global:
            raise Refused(parts.hostname)


def _message(notice: Notice, link: str) -> dict[str, Any]:
    """Write the request. Titles stay out of headers, which cannot hold every letter."""
    address = f"{link}/ui/jobs/{notice.job_id}" if link else ""
    if notice.kind == "ntfy":
        text = render(WORDS[notice.event], {"title": notice.title}, locale=notice.locale)
        headers = {"X-Message-Id": notice.id, "Content-Type": "text/plain; charset=utf-8"}
        if address:
            headers["Click"] = address
        return {"content": text.encode(), "headers": headers}
    body = {
        "id": notice.id,
        "event": notice.event,
        "job_id": notice.job_id,
        "title": notice.title,
        "state": notice.state,
        "url": address,
    }
    headers = {"Idempotency-Key": notice.id, "Content-Type": "application/json"}
    return {"content": json.dumps(body, ensure_ascii=False).encode(), "headers": headers}
