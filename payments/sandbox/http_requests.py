"""Small matters of HTTP that several parts need."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

PUBLIC_URL: Final = web.AppKey("public_url", str)
"""Where the sandbox is reached, given on the command line; empty: as each request came in."""

READ_SECONDS: Final = 30
"""A request's body must be here by then."""

_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?", re.ASCII)


def public_url(request: web.Request) -> str:
    """The sandbox's own address, as its callers see it, without a slash at the end."""
    if configured := request.app[PUBLIC_URL]:
        return configured
    if not _HOST.fullmatch(request.host):
        raise web.HTTPBadRequest(text="The Host header is not a host name.\n")
    return f"{request.scheme}://{request.host}"


@web.middleware
async def bounded_reading(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Read the body before anything else, and not for ever: callers who hang must not pile up."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The body has not come in time.\n") from None
    return await handler(request)
