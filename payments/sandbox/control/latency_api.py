"""The control API of latency profiles: /control/latency.

    POST   /control/latency {"operation", "kind", "seed"?, parameters of the kind}
    GET    /control/latency
    DELETE /control/latency
    DELETE /control/latency/<operation>

`operation` is the name of a SOAP operation, or "*" for all that have no profile of their own. A
second profile of an operation replaces its first, and starts anew. Example: getPaymentStatus
answers at once, and after half a second from 10 seconds on:

    POST /control/latency {"operation": "getPaymentStatus", "kind": "step", "to_seconds": 0.5}

A deleted profile answers the calls that wait, at once.
"""

from typing import Any

from aiohttp import web

from payments.sandbox.control.json_input import json_body
from payments.sandbox.control.latency_input import latency_profile
from payments.sandbox.faults.latency import LatencyProfile, LatencyProfiles
from payments.sandbox.operations.simulator import NotFoundError


class LatencyApi:
    """The handlers of /control/latency."""

    def __init__(self, latency: LatencyProfiles) -> None:
        self._latency = latency

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get("/control/latency", self._list),
                web.post("/control/latency", self._set),
                web.delete("/control/latency", self._clear),
                web.delete("/control/latency/{operation}", self._remove),
            ]
        )

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"latency": [latency_json(each) for each in self._latency.all()]})

    async def _set(self, request: web.Request) -> web.Response:
        profile = latency_profile(await json_body(request))
        self._latency.set(profile)
        return web.json_response(latency_json(profile), status=201)

    async def _clear(self, _: web.Request) -> web.Response:
        self._latency.clear()
        return web.json_response({})

    async def _remove(self, request: web.Request) -> web.Response:
        operation = request.match_info["operation"]
        try:
            removed = self._latency.remove(operation)
        except KeyError:
            raise NotFoundError(f"{operation!r} has no latency profile.") from None
        return web.json_response(latency_json(removed))


def latency_json(profile: LatencyProfile) -> dict[str, Any]:
    """A latency profile as JSON, with the parameters of its kind.

    `delayed` is the number of calls that it has delayed, and `waiting` how many of them wait now.
    """
    return {
        "operation": profile.operation,
        "kind": profile.kind,
        **profile.parameters,
        "seed": profile.seed,
        "elapsed_seconds": round(profile.elapsed_seconds, 3),
        "delayed": profile.delayed,
        "waiting": profile.waiting,
    }
