"""Attacks that hold connections: slow readers, half-sent heads and bodies, unread streams."""

from __future__ import annotations

import asyncio

from tests.abuse.connections import SMALL_BUFFER_BYTES, Target, head

SLOW_READERS = 64
FILES_PER_READER = 30  # more than the kernel's send buffer takes
HALF_HEADS = 1500
BIG_BODIES = 24
BIG_BODY_BYTES = 32 * 1024 * 1024
HALF_BODIES = 300
UNREAD_STREAMS = 200
IDLE_CONNECTIONS = 4000
CHUNK_BYTES = 2**16


async def slow_readers(target: Target) -> None:
    """Request a large static file many times over, and read 100 bytes a second."""

    async def read_slowly(_place: int) -> None:
        reader, writer = await target.connect(SMALL_BUFFER_BYTES)
        try:
            writer.write(head("GET", target.facts["large_file"]) * FILES_PER_READER)
            while await reader.read(100):
                await asyncio.sleep(1)
            target.outcomes["cut off"] += 1
        finally:
            writer.transport.abort()

    await target.hold(read_slowly, number=SLOW_READERS)


async def half_heads(target: Target) -> None:
    """Send the beginning of a head, and then a byte every three seconds."""

    async def send_slowly(_place: int) -> None:
        _, writer = await target.connect()
        try:
            writer.write(b"GET /lyktan/order HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            while not writer.is_closing():
                await asyncio.sleep(3)
                writer.write(b"x")
                await writer.drain()
        finally:
            writer.transport.abort()

    await target.hold(send_slowly, number=HALF_HEADS)


async def connection_flood(target: Target) -> None:
    """Open connections and send nothing."""

    async def wait(_place: int) -> None:
        reader, writer = await target.connect()
        try:
            await reader.read(1)
            target.outcomes["closed by the server"] += 1
        finally:
            writer.transport.abort()

    await target.hold(wait, number=IDLE_CONNECTIONS)


async def big_bodies(target: Target) -> None:
    """Send 32 MB to the admin's sign-in page, again and again."""
    request = head(
        "POST",
        "/admin/login/",
        Content_Length=str(BIG_BODY_BYTES),
        Content_Type="application/x-www-form-urlencoded",
    )

    async def send_all(_place: int) -> None:
        reader, writer = await target.connect()
        try:
            writer.write(request)
            for _ in range(BIG_BODY_BYTES // CHUNK_BYTES):
                writer.write(bytes(CHUNK_BYTES))
                await writer.drain()
            line = await reader.readline()
            target.outcomes[line.split(b" ")[1].decode() if b" " in line else "closed"] += 1
        finally:
            writer.transport.abort()

    await target.hold(send_all, number=BIG_BODIES)


async def half_bodies(target: Target) -> None:
    """Send all of a body but its last byte, as large as anybody may send."""
    request = head("POST", "/lyktan/orders", Content_Length="131000")

    async def hold_back(_place: int) -> None:
        reader, writer = await target.connect()
        try:
            writer.write(request + bytes(130_999))
            line = await reader.readline()
            target.outcomes[line.split(b" ")[1].decode() if b" " in line else "closed"] += 1
        finally:
            writer.transport.abort()

    await target.hold(hold_back, number=HALF_BODIES)


async def unread_streams(target: Target) -> None:
    """Open one customer's event streams, and read nothing of them."""
    request = head(
        "GET", f"/orders/{target.facts['order']}/events", X_SEQR_Token=target.facts["token"]
    )

    async def ignore(_place: int) -> None:
        _, writer = await target.connect(SMALL_BUFFER_BYTES)
        try:
            writer.write(request)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(target.seconds)
        finally:
            writer.transport.abort()

    await target.hold(ignore, number=UNREAD_STREAMS)
