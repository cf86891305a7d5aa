"""The control API of faults: /control/faults."""

from typing import Any

from aiohttp import web

from payments.sandbox.control.fault_input import fault as read_fault
from payments.sandbox.control.json_input import json_body
from payments.sandbox.faults.registry import MAX_FAULTS, Fault, FaultRegistry, TooManyFaultsError
from payments.sandbox.operations.simulator import ConflictError, NotFoundError


class FaultApi:
    """The handlers of /control/faults."""

    def __init__(self, faults: FaultRegistry) -> None:
        self._faults = faults

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get("/control/faults", self._list),
                web.post("/control/faults", self._add),
                web.delete("/control/faults", self._clear),
                web.delete("/control/faults/{fault_id:[0-9]{1,18}}", self._remove),
            ]
        )

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": [fault_json(each) for each in self._faults.all()]})

    async def _add(self, request: web.Request) -> web.Response:
        added = add_fault(self._faults, read_fault(await json_body(request)))
        return web.json_response(fault_json(added), status=201)

    async def _clear(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({})

    async def _remove(self, request: web.Request) -> web.Response:
        fault_id = int(request.match_info["fault_id"])
        try:
            removed = self._faults.remove(fault_id)
        except KeyError:
            raise NotFoundError(f"There is no fault {fault_id}.") from None
        return web.json_response(fault_json(removed))


def add_fault(faults: FaultRegistry, new: Fault) -> Fault:
    """Add a fault. Raises ConflictError."""
    try:
        return faults.add(new)
    except TooManyFaultsError:
        raise ConflictError(f"There are {MAX_FAULTS} faults already; remove some first.") from None


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault as JSON, with the parameters of its kind."""
    return {
        "id": fault.id,
        "operation": fault.operation,
        "kind": fault.kind,
        **fault.parameters,
        "count": fault.count,
        "probability": fault.probability,
        "seed": fault.seed,
        "applied": fault.applied,
    }
