"""The control interface that sets the scene.

Forced answers, customers with cards, refused refunds, terminals, periods, Instant Checkout.
"""

from typing import Final

from aiohttp import web

from payments.sandbox.control import scenario_input
from payments.sandbox.control.force_state import force
from payments.sandbox.control.json_input import BadInputError, json_body, msisdn, optional_text
from payments.sandbox.control.json_output import (
    customer_json,
    invoice_json,
    period_json,
    refusal_json,
    terminal_json,
)
from payments.sandbox.operations.checkout import PurchaseFailedError, create_purchase
from payments.sandbox.operations.simulator import DEFAULT_MSISDN, NotFoundError, SeqrSimulator

MAX_REFUSALS: Final = 100


class ScenarioApi:
    """The handlers of /control that set the scene."""

    def __init__(self, state: SeqrSimulator) -> None:
        self._state = state

    def add_routes(self, app: web.Application) -> None:
        """Serve them on the application."""
        invoice = "/control/invoices/{reference}"
        app.add_routes(
            [
                web.put(invoice, self._force),
                web.post(invoice, self._force),
                web.post(f"{invoice}/open", self._open),
                web.get("/control/customers", self._list_customers),
                web.post("/control/customers", self._add_customer),
                web.get("/control/terminals", self._list_terminals),
                web.get("/control/periods", self._list_periods),
                web.get("/control/refund-refusals", self._list_refusals),
                web.post("/control/refund-refusals", self._add_refusal),
                web.delete("/control/refund-refusals", self._clear_refusals),
                web.post("/control/checkout", self._check_out),
            ]
        )

    async def _force(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        invoice = self._state.invoice(request.match_info["reference"])
        wanted = scenario_input.wanted(body, invoice.forced)
        return web.json_response(invoice_json(self._state, force(self._state, invoice, wanted)))

    async def _open(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        number = msisdn(body) or self._msisdn_of(optional_text(body, "token"))
        invoice = self._state.open(request.match_info["reference"], number)
        return web.json_response({"status": invoice.status, "version": invoice.version})

    def _msisdn_of(self, token: str | None) -> str:
        try:
            scan = self._state.scan_of(token)
        except NotFoundError as error:
            raise BadInputError(str(error)) from None
        return scan.msisdn if scan else DEFAULT_MSISDN

    async def _list_customers(self, _: web.Request) -> web.Response:
        customers = [customer_json(each) for each in self._state.records.customers.values()]
        return web.json_response({"customers": customers})

    async def _add_customer(self, request: web.Request) -> web.Response:
        customer = scenario_input.customer(await json_body(request))
        self._state.records.customers[customer.msisdn] = customer
        return web.json_response(customer_json(customer), status=201)

    async def _list_terminals(self, _: web.Request) -> web.Response:
        terminals = [terminal_json(each) for each in self._state.records.terminals.values()]
        return web.json_response({"terminals": terminals})

    async def _list_periods(self, _: web.Request) -> web.Response:
        periods = [period_json(each) for each in self._state.records.periods.values()]
        return web.json_response({"periods": periods})

    async def _list_refusals(self, _: web.Request) -> web.Response:
        refusals = [refusal_json(each) for each in self._state.records.refusals.values()]
        return web.json_response({"refund_refusals": refusals})

    async def _add_refusal(self, request: web.Request) -> web.Response:
        refusal = scenario_input.refusal(await json_body(request))
        refusals = self._state.records.refusals
        if len(refusals) >= MAX_REFUSALS:
            raise BadInputError(f"There are {MAX_REFUSALS} refusals already; DELETE them first.")
        refusals[str(self._state.records.next_number())] = refusal
        return web.json_response(refusal_json(refusal), status=201)

    async def _clear_refusals(self, _: web.Request) -> web.Response:
        self._state.records.refusals.clear()
        return web.json_response({})

    async def _check_out(self, request: web.Request) -> web.Response:
        purchase = scenario_input.purchase(await json_body(request))
        try:
            invoice = self._state.invoice(await create_purchase(purchase))
        except (PurchaseFailedError, NotFoundError) as error:
            return web.json_response({"error": str(error)}, status=502)
        if not invoice.content.get("notificationUrl"):
            sentence = f"Invoice {invoice.reference} has no notificationUrl, which it needs here."
            return web.json_response({"error": sentence}, status=502)
        return web.json_response(
            {
                "invoice_reference": invoice.reference,
                "status": invoice.status,
                "sent": purchase.as_json(),
            }
        )
