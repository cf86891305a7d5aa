"""A request whose body stalls is given up."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web

from payments.sandbox import http_requests


def respond(*, body_arrives: bool) -> web.StreamResponse:
    """Respond to a request whose body arrives at once, or never."""

    async def read() -> bytes:
        if not body_arrives:
            await asyncio.Event().wait()
        return b""

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(text="handled")

    request = cast(web.Request, SimpleNamespace(read=read))
    return asyncio.run(http_requests.read_body_in_time(request, handler))


def test_stalled_body_gets_408(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_requests, "BODY_READ_TIMEOUT_SECONDS", 0.01)

    with pytest.raises(web.HTTPRequestTimeout):
        respond(body_arrives=False)


def test_body_in_time_is_handled() -> None:
    assert respond(body_arrives=True).status == 200
