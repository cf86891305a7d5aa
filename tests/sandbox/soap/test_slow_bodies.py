"""A request whose body does not come is given up."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web

from payments.sandbox import http_requests


def answered(*, body_comes: bool) -> web.StreamResponse:
    """What a request gets whose body comes at once, or never."""

    async def read() -> bytes:
        if not body_comes:
            await asyncio.Event().wait()
        return b""

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(text="handled")

    request = cast(web.Request, SimpleNamespace(read=read))
    return asyncio.run(http_requests.read_body_in_time(request, handler))


def test_a_body_that_does_not_come_in_time_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_requests, "BODY_READ_TIMEOUT_SECONDS", 0.01)

    with pytest.raises(web.HTTPRequestTimeout):
        answered(body_comes=False)


def test_one_that_comes_is_handled() -> None:
    assert answered(body_comes=True).status == 200
