"""Runs one attack as a process: `python -m tests.abuse.attack <name>`.

Reads its target from standard input and writes what it achieved to standard output, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Awaitable, Callable

from tests.abuse import floods, requests
from tests.abuse.connections import Target

ATTACKS: dict[str, Callable[[Target], Awaitable[None]]] = {
    "64 slow readers of a large static file": floods.slow_readers,
    "1,500 half-sent heads": floods.half_heads,
    "4,000 silent connections": floods.connection_flood,
    "32 MB bodies to /admin/login/": floods.big_bodies,
    "300 bodies without their last byte": floods.half_bodies,
    "200 event streams that are not read": floods.unread_streams,
    "SEQR's session service takes 4.5 s, 8 scans/s": requests.slow_session_service,
    "SEQR's cancel takes 4.5 s, 2 cancels/s": requests.slow_cancel,
    "wrong logins, 5/s": requests.wrong_logins,
    "return keys of 60 KB": requests.long_keys,
    "600 malformed tokens from the café's address": requests.wrong_tokens,
    "100 clients that request as fast as they can": requests.request_flood,
    "Content-Length beside Transfer-Encoding, 20/s": requests.smuggling,
}


async def nothing(target: Target) -> None:
    """Let the time pass, to measure the shop at rest."""
    await asyncio.sleep(target.seconds)


def main(name: str) -> None:
    """Run the attack, and write the outcomes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Target(**json.load(sys.stdin))
    asyncio.run(_run(ATTACKS.get(name, nothing), target))
    json.dump(target.outcomes, sys.stdout)


async def _run(attack: Callable[[Target], Awaitable[None]], target: Target) -> None:
    await attack(target)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


if __name__ == "__main__":
    main(sys.argv[1])
