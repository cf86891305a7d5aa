"""The control API's core: shops, scans, invoices, clock, calls and reset.

Errors are JSON: {"error": "a sentence"} with status 400, 404, 405, 409 or 413.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from payments.sandbox.clock import Clock
from payments.sandbox.control import json_input
from payments.sandbox.control.json_input import BadInputError, json_body
from payments.sandbox.control.json_output import invoice_json, shop_json
from payments.sandbox.faults.latency import LatencyProfiles
from payments.sandbox.faults.registry import FaultRegistry
from payments.sandbox.notifier import Notifier
from payments.sandbox.operations.simulator import (
    DEFAULT_MSISDN,
    ConflictError,
    NotFoundError,
    SeqrSimulator,
)
from payments.sandbox.storage.call_log import CallLog
from payments.sandbox.storage.models import Invoice, Scan, Status

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ERROR_STATUS: Final = {BadInputError: 400, NotFoundError: 404, ConflictError: 409}

END_STATUSES: Final = {
    "cancel": Status.CANCELED,
    "fail": Status.FAILED,
    "expire": Status.EXPIRED,
}


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Respond with JSON to every error under /control."""
    if not request.path.startswith("/control"):
        return await handler(request)
    try:
        return await handler(request)
    except (BadInputError, NotFoundError, ConflictError) as error:
        return _error(ERROR_STATUS[type(error)], str(error))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return _error(405, f"Only {allowed} is allowed here.", {"Allow": allowed})
    except web.HTTPError as error:
        return _error(error.status, f"{error.reason}: {request.path}")


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers=headers)


def scan_of(seqr: SeqrSimulator, body: Mapping[str, Any]) -> Scan | None:
    """The scan of the `token` in a request, or the latest scan. Raises BadInputError."""
    try:
        return seqr.scan_of(json_input.optional_text(body, "token"))
    except NotFoundError as error:
        raise BadInputError(str(error)) from None


def act(seqr: SeqrSimulator, reference: str, action: str, scan: Scan | None) -> Invoice:
    """Pay, cancel, fail, expire, hold or release an invoice.

    Raises BadInputError, NotFoundError, ConflictError.
    """
    if action == "pay":
        return seqr.pay(reference, scan)
    if action in END_STATUSES:
        return seqr.end_unpaid(reference, END_STATUSES[action])
    if action in {"hold", "release"}:
        return seqr.hold(reference, held=action == "hold")
    raise BadInputError("action: pay, cancel, fail, expire, hold or release is needed.")


class ControlApi:
    """The handlers of /control."""

    def __init__(
        self,
        seqr: SeqrSimulator,
        clock: Clock,
        calls: CallLog,
        notifier: Notifier,
        *,
        faults: FaultRegistry,
        latency: LatencyProfiles,
    ) -> None:
        self._seqr = seqr
        self._clock = clock
        self._calls = calls
        self._notifier = notifier
        self._faults = faults
        self._latency = latency

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get("/control/shops", self._list_shops),
                web.post("/control/shops", self._add_shop),
                web.post("/control/scan", self._scan),
                web.get("/control/invoices", self._list_invoices),
                web.get("/control/invoices/{reference}", self._show_invoice),
                web.post(
                    "/control/invoices/{reference}/{action:pay|cancel|fail|expire|hold|release}",
                    self._act,
                ),
                web.post("/control/clock", self._advance_clock),
                web.post("/control/reset", self._reset),
                web.get("/control/calls", self._list_calls),
            ]
        )

    async def _list_shops(self, _: web.Request) -> web.Response:
        shops = [shop_json(shop) for shop in self._seqr.shops.values()]
        return web.json_response({"shops": shops})

    async def _add_shop(self, request: web.Request) -> web.Response:
        shop = json_input.shop(await json_body(request))
        self._seqr.shops[shop.service_id] = shop
        return web.json_response(shop_json(shop), status=201)

    async def _scan(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        url = json_input.code_url(body)
        msisdn = json_input.msisdn(body) or DEFAULT_MSISDN
        try:
            scan = self._seqr.scan(url, msisdn)
        except ValueError as error:
            raise BadInputError(f"url: {error}.") from None
        return web.json_response({"token": scan.token, "order_url": self._seqr.order_url(scan)})

    async def _list_invoices(self, _: web.Request) -> web.Response:
        invoices = [invoice_json(self._seqr, invoice) for invoice in self._seqr.invoices()]
        return web.json_response({"invoices": invoices})

    async def _show_invoice(self, request: web.Request) -> web.Response:
        invoice = self._seqr.invoice(request.match_info["reference"])
        return web.json_response(invoice_json(self._seqr, invoice))

    async def _act(self, request: web.Request) -> web.Response:
        scan = scan_of(self._seqr, await json_body(request))
        reference, action = request.match_info["reference"], request.match_info["action"]
        invoice = act(self._seqr, reference, action, scan)
        redirect_url = None if invoice.is_open else self._seqr.redirect_url(invoice, scan)
        return web.json_response({"status": invoice.status, "redirect_url": redirect_url})

    async def _advance_clock(self, request: web.Request) -> web.Response:
        self._clock.advance(json_input.advance_seconds(await json_body(request)))
        self._seqr.apply_due_changes()
        return web.json_response({"now": self._clock.now().isoformat()})

    async def _reset(self, request: web.Request) -> web.Response:
        await json_body(request)
        self.reset()
        return web.json_response({})

    def reset(self) -> None:
        """Delete all records, faults, latency and calls; return the clock to real time."""
        self._faults.reset()
        self._latency.reset()
        self._notifier.cancel_pending()
        self._seqr.reset()
        self._clock.reset()
        self._calls.clear()

    async def _list_calls(self, _: web.Request) -> web.Response:
        return web.json_response({"calls": self._calls.as_json()})
