"""The control API of principals: /control/resellers and /control/terminals.

    POST /control/resellers {"reseller_id", "user_id", "password", "name"?}
    GET  /control/resellers
    POST /control/terminals {"terminal_id", "password", "name"?, "reseller_id"?}
    GET  /control/terminals
    POST /control/terminals/<terminal id>/password {"password"}
    POST /control/terminals/<terminal id>/retire

A terminal added here is one that SEQR gives to a web shop: it keeps several invoices open. No
response contains a password.
"""

from aiohttp import web

from payments.sandbox.control import principal_input
from payments.sandbox.control.json_input import json_body
from payments.sandbox.control.json_output import reseller_json, terminal_json
from payments.sandbox.operations import principals
from payments.sandbox.operations.simulator import SeqrSimulator


class PrincipalApi:
    """The handlers of /control/resellers and /control/terminals."""

    def __init__(self, seqr: SeqrSimulator) -> None:
        self._seqr = seqr

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get("/control/resellers", self._list_resellers),
                web.post("/control/resellers", self._add_reseller),
                web.get("/control/terminals", self._list_terminals),
                web.post("/control/terminals", self._add_terminal),
                web.post("/control/terminals/{terminal_id}/password", self._change_password),
                web.post("/control/terminals/{terminal_id}/retire", self._retire),
            ]
        )

    async def _list_resellers(self, _: web.Request) -> web.Response:
        resellers = [reseller_json(each) for each in self._seqr.records.resellers.values()]
        return web.json_response({"resellers": resellers})

    async def _add_reseller(self, request: web.Request) -> web.Response:
        reseller = principal_input.reseller(await json_body(request))
        principals.add_reseller(self._seqr, reseller)
        return web.json_response(reseller_json(reseller), status=201)

    async def _list_terminals(self, _: web.Request) -> web.Response:
        open_invoices = principals.open_invoice_counts(self._seqr)
        terminals = [
            terminal_json(each) | {"open_invoices": open_invoices[each.terminal_id]}
            for each in self._seqr.records.terminals.values()
        ]
        return web.json_response({"terminals": terminals})

    async def _add_terminal(self, request: web.Request) -> web.Response:
        terminal = principal_input.terminal(await json_body(request))
        principals.add_terminal(self._seqr, terminal)
        return web.json_response(terminal_json(terminal), status=201)

    async def _change_password(self, request: web.Request) -> web.Response:
        password = principal_input.password(await json_body(request))
        terminal_id = request.match_info["terminal_id"]
        changed = principals.change_password(self._seqr, terminal_id, password)
        return web.json_response(terminal_json(changed))

    async def _retire(self, request: web.Request) -> web.Response:
        await json_body(request)
        retired = principals.retire(self._seqr, request.match_info["terminal_id"])
        return web.json_response(terminal_json(retired))
