"""A TCP proxy that can refuse connections, hang, or lose every second connection."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, Self

BUFFER_BYTES: Final = 1 << 16
START_SECONDS: Final = 30


class TcpProxy:
    """Forwards connections to a port of this machine, until a method makes it fail.

    refuse() resets all connections and refuses new ones. hang() keeps them, accepts new ones, and
    forwards nothing. hang_every_second() does so for each second connection, as if one of a
    server's two addresses were unreachable. restore() ends each of them. New connections go to
    `upstream_port`, which may change. A context manager.
    """

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._numbers = itertools.count()
        self._flowing = (asyncio.Event(), asyncio.Event())  # of even and odd connections
        self._open: set[asyncio.StreamWriter] = set()

    def refuse(self) -> None:
        """Reset all connections, and refuse new ones."""
        self._run(self._refuse())

    def hang(self) -> None:
        """Forward nothing more, and accept new connections without answering them."""
        self._run(self._set_flowing(even=False, odd=False))

    def hang_every_second(self) -> None:
        """Forward nothing more on every second connection, open or new."""
        self._run(self._set_flowing(even=True, odd=False))

    def restore(self) -> None:
        """Accept connections and forward everything, also what has waited."""
        self._run(self._restore())

    def __enter__(self) -> Self:
        self._thread.start()
        self.restore()
        return self

    def __exit__(self, *_error: object) -> None:
        self.refuse()
        self._run(self._cancel_connections())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    async def _restore(self) -> None:
        await self._set_flowing(even=True, odd=True)
        if self._server is None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, backlog=4096
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _set_flowing(self, *, even: bool, odd: bool) -> None:
        for event, is_flowing in zip(self._flowing, (even, odd), strict=True):
            if is_flowing:
                event.set()
            else:
                event.clear()

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.upstream_port)

    async def _cancel_connections(self) -> None:
        """End the tasks of the connections, also of those that hang."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flowing = self._flowing[next(self._numbers) % 2]
        self._open.add(writer)
        try:
            await flowing.wait()
            upstream_reader, upstream_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(upstream_writer)
        wait = flowing.wait
        try:
            await asyncio.gather(
                _forward(reader, upstream_writer, wait), _forward(upstream_reader, writer, wait)
            )
        finally:
            self._open -= {writer, upstream_writer}


class LoadBalancer(TcpProxy):
    """Forwards each connection to the next of several ports that accepts it."""

    def __init__(self, upstream_ports: Sequence[int]) -> None:
        super().__init__(upstream_ports[0])
        self._count = len(upstream_ports)
        self._next_ports = itertools.cycle(upstream_ports)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(self._count):
            self.upstream_port = next(self._next_ports)
            with suppress(ConnectionRefusedError):
                return await super()._connect()
        raise ConnectionRefusedError


async def _forward(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    until_flowing: Callable[[], Coroutine[Any, Any, Any]],
) -> None:
    """Forward one direction of a connection until it ends, then close the other side."""
    with suppress(OSError):
        while data := await reader.read(BUFFER_BYTES):
            await until_flowing()
            writer.write(data)
            await writer.drain()
    await until_flowing()
    writer.close()
