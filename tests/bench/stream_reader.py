"""Holds many streams, and reports when each received its payment.

    python -m tests.bench.stream_reader PORT FILE PAYMENTS REQUESTS

FILE has the path and token of each stream, as JSON. It prints `ready` once all are open, and at the
end, as JSON, when each payment arrived, by this machine's monotonic clock. After half of PAYMENTS
it also requests orders, REQUESTS times a second.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

PARALLEL_OPENINGS = 32
TIMEOUT_SECONDS = 60
DATA = b"data: "


class Reader:
    """The streams of one run."""

    def __init__(self, port: int, payments: int, requests: float) -> None:
        self._port = port
        self._payments = payments
        self._requests = requests
        self._opening = asyncio.Semaphore(PARALLEL_OPENINGS)
        self._open = 0
        self.all_open = asyncio.Event()
        self.received: dict[str, float] = {}
        self._half_received = asyncio.Event()
        self.all_received = asyncio.Event()

    async def hold(self, path: str, token: str, others: int) -> None:
        """Open one stream and read it until its payment arrives."""
        async with self._opening:
            reader, writer = await self._request(f"{path}/events", token)
            await reader.readuntil(b"event: order")
        self._open += 1
        if self._open == others:
            self.all_open.set()
        while not _is_paid(line := await reader.readline()):
            assert line, "a stream has ended without its payment"
        self.received[path] = time.monotonic()
        if len(self.received) >= self._payments / 2:
            self._half_received.set()
        if len(self.received) >= self._payments:
            self.all_received.set()
        writer.close()

    async def request_orders(self, pages: list[tuple[str, str]]) -> None:
        """Request one order after the other, as pages without a stream do."""
        await self._half_received.wait()
        number = 0
        while True:
            await asyncio.sleep(1 / self._requests)
            path, token = pages[number % len(pages)]
            number += 1
            _, writer = await self._request(path, token)
            writer.close()

    async def _request(
        self, path: str, token: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-SEQR-Token: {token}\r\n\r\n"
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head.decode()
        return reader, writer


async def main(port: int, file: Path, payments: int, requests: float) -> None:
    """Run to the end, or fail where a payment does not arrive within a minute."""
    pages = [(path, token) for path, token in json.loads(file.read_text())]
    reader = Reader(port, payments, requests)
    tasks = [asyncio.create_task(reader.hold(*page, len(pages))) for page in pages]
    tasks.append(asyncio.create_task(reader.request_orders(pages)))
    await asyncio.wait_for(reader.all_open.wait(), TIMEOUT_SECONDS)
    _print("ready")
    await asyncio.wait_for(reader.all_received.wait(), TIMEOUT_SECONDS)
    _print(json.dumps(reader.received))
    for task in tasks:
        task.cancel()


def _is_paid(line: bytes) -> bool:
    return line.startswith(DATA) and json.loads(line.removeprefix(DATA))["state"] == "paid"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
