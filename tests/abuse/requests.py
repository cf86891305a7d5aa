"""Attacks that send whole requests, more or larger or worse ones than a customer would."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from itertools import count
from urllib.parse import urlencode
from uuid import uuid4

from tests.abuse.connections import Target, head

SCANS_PER_SECOND = 8
LOGINS_PER_SECOND = 5
PAGE_RETRY_SECONDS = 2.0
LONG_KEY_BYTES = 60_000
WRONG_TOKENS = 600
REQUEST_FLOOD_CLIENTS = 100


async def slow_session_service(target: Target) -> None:
    """Scan eight times a second while SEQR's session service needs 4.5 seconds."""
    tokens = iter(target.facts["tokens"])

    async def scan(_number: int) -> None:
        token = next(tokens, None)
        if token is None:
            return
        body = f'{{"token": "{token}"}}'.encode()
        request = _post("/lyktan/session", body, "application/json", X_SEQR_Token=token)
        while await target.send(request) == "503":
            await asyncio.sleep(PAGE_RETRY_SECONDS)

    await target.repeat(scan, per_second=SCANS_PER_SECOND)


async def slow_cancel(target: Target) -> None:
    """Cancel orders, two a second, while SEQR answers each call in 4.5 seconds."""
    orders = iter(target.facts["orders"])

    async def cancel(_number: int) -> None:
        order, token = next(orders, ("", ""))
        if not order:
            return
        await target.send(
            _post(f"/orders/{order}/cancel", b"{}", "application/json", X_SEQR_Token=token)
        )

    await target.repeat(cancel, per_second=2)


async def wrong_logins(target: Target) -> None:
    """Sign in to the admin with wrong passwords, five times a second."""
    reader, writer = await target.connect()
    writer.write(head("GET", "/admin/login/", Connection="close"))
    page = (await reader.read(-1)).decode(errors="replace")
    writer.transport.abort()
    cookie = re.search(r"set-cookie: ([\w-]*csrf[\w-]*=\w+)", page, re.IGNORECASE)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    cookies, field = (cookie[1] if cookie else ""), (token[1] if token else "")

    async def sign_in(number: int) -> None:
        form = {"csrfmiddlewaretoken": field, "username": "staff", "password": f"wrong-{number}"}
        body = urlencode(form).encode()
        kind = "application/x-www-form-urlencoded"
        await target.send(_post("/admin/login/", body, kind, Cookie=cookies))

    await target.repeat(sign_in, per_second=LOGINS_PER_SECOND)


async def long_keys(target: Target) -> None:
    """Request return pages by keys of 60 KB, each another."""
    numbers = count()

    async def ask(_place: int) -> None:
        key = f"{next(numbers):0{LONG_KEY_BYTES}d}"
        await target.send(head("GET", f"/return/{key}.json", Connection="close"))

    await target.hold(ask, number=8)


async def wrong_tokens(target: Target) -> None:
    """Send 600 malformed tokens as fast as possible, from the customer's own address."""
    numbers = count()

    async def exchange(_place: int) -> None:
        number = next(numbers)
        if number >= WRONG_TOKENS:
            await asyncio.sleep(target.seconds)
            return
        body = f'{{"token": "!{number}"}}'.encode()
        await target.send(_post("/lyktan/session", body, "application/json"))

    await target.hold(exchange, number=16)


async def request_flood(target: Target) -> None:
    """Request orders that do not exist, over a hundred connections, as fast as possible."""

    async def ask(_place: int) -> None:
        path = f"/orders/{uuid4()}"
        request = head("GET", path, X_SEQR_Token=target.facts["token"], Connection="close")
        await target.send(request)

    await target.hold(ask, number=REQUEST_FLOOD_CLIENTS)


async def smuggling(target: Target) -> None:
    """Hide a second request behind a Content-Length beside a Transfer-Encoding."""
    hidden = head("GET", "/health/live", Connection="close")
    body = b"0\r\n\r\n" + hidden
    length = str(len(body))
    outer = head("POST", "/lyktan/session", Content_Length=length, Transfer_Encoding="chunked")

    async def smuggle(_number: int) -> None:
        answers = b""
        with suppress(OSError):
            reader, writer = await target.connect()
            writer.write(outer + body)
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    answers = await reader.read(-1)
            writer.transport.abort()
        found = answers.count(b"HTTP/1.1 ")
        target.outcomes["hidden request answered" if found > 1 else "refused"] += 1

    await target.repeat(smuggle, per_second=20)


def _post(path: str, body: bytes, content_type: str, **headers: str) -> bytes:
    return (
        head(
            "POST",
            path,
            Content_Length=str(len(body)),
            Content_Type=content_type,
            Connection="close",
            **headers,
        )
        + body
    )
