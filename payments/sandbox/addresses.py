"""Small matters of HTTP that several parts need."""

import re
from typing import Final

from aiohttp import web

PUBLIC_URL: Final = web.AppKey("public_url", str)
"""Where the sandbox is reached, given on the command line; empty: as each request came in."""

_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?", re.ASCII)


def public_url(request: web.Request) -> str:
    """The sandbox's own address, as its callers see it, without a slash at the end."""
    if configured := request.app[PUBLIC_URL]:
        return configured
    if not _HOST.fullmatch(request.host):
        raise web.HTTPBadRequest(text="The Host header is not a host name.\n")
    return f"{request.scheme}://{request.host}"
