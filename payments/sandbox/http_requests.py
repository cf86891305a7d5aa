"""The sandbox's own address, and the time limit for request bodies."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

PUBLIC_URL: Final = web.AppKey("public_url", str)
"""The address from the command line; if empty, each request's own Host header."""

BODY_READ_TIMEOUT_SECONDS: Final = 30
_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?", re.ASCII)


def public_url(request: web.Request) -> str:
    """The sandbox's address as its clients see it, without a trailing slash."""
    if configured := request.app[PUBLIC_URL]:
        return configured
    if not _HOST.fullmatch(request.host):
        raise web.HTTPBadRequest(text="The Host header is not a host name.\n")
    return f"{request.scheme}://{request.host}"


@web.middleware
async def read_body_in_time(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Read the whole body before the handler runs, so that stalled clients cannot pile up."""
    try:
        async with asyncio.timeout(BODY_READ_TIMEOUT_SECONDS):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The body did not arrive in time.\n") from None
    return await handler(request)
