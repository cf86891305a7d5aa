"""Raw connections from one address, which read and write as slowly as an attack wants."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

CONNECT_SECONDS = 10.0
SMALL_BUFFER_BYTES = 2048  # so that the server's data waits at the server


@dataclass
class Target:
    """The shop as an attack sees it; `outcomes` counts what the attack achieved."""

    port: int
    address: str
    seconds: float
    facts: dict[str, Any]  # tokens, orders, a large file, …
    outcomes: Counter[str] = field(default_factory=Counter)

    async def connect(
        self, receive_buffer_bytes: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection from the attack's address. Raises OSError."""
        sock = socket.socket()
        sock.setblocking(False)
        try:
            if receive_buffer_bytes is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
            sock.bind((self.address, 0))
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.sock_connect(sock, ("127.0.0.1", self.port))
            # The limit keeps the reader from emptying the socket while nobody reads it.
            return await asyncio.open_connection(sock=sock, limit=receive_buffer_bytes or 2**16)
        except BaseException:
            sock.close()
            raise

    async def send(self, request: bytes) -> str:
        """Send a request; count and return its status, or `closed`."""
        status = "closed"
        writer: asyncio.StreamWriter | None = None
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            reader, writer = await self.connect()
            writer.write(request)
            line = await reader.readline()
            status = line.split(b" ")[1].decode() if line.count(b" ") > 1 else "closed"
            while await reader.read(2**16):
                pass
        if writer is not None:
            writer.transport.abort()
        self.outcomes[status] += 1
        return status

    async def repeat(self, work: Callable[[int], Awaitable[object]], *, per_second: float) -> None:
        """Start `work` so many times a second, whether or not the earlier ones have ended."""
        loop = asyncio.get_running_loop()
        began_at, number, tasks = loop.time(), 0, set[asyncio.Task[object]]()
        while loop.time() - began_at < self.seconds:
            task = asyncio.ensure_future(_awaited(work(number)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
            await asyncio.sleep(max(0.0, began_at + number / per_second - loop.time()))

    async def hold(self, work: Callable[[int], Awaitable[object]], *, number: int) -> None:
        """Run `work` so many times at once, and again when one ends, until the time is over."""

        async def again(place: int) -> None:
            while True:
                try:
                    await work(place)
                except OSError as error:
                    self.outcomes[type(error).__name__] += 1
                    await asyncio.sleep(0.2)

        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await asyncio.gather(*(again(place) for place in range(number)))


async def _awaited(work: Awaitable[object]) -> object:
    return await work


def head(method: str, path: str, **headers: str) -> bytes:
    """Return the head of a request, with its empty line; `_` in names stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
