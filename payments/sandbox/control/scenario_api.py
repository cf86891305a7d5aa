"""The control API's scenarios.

Forced states, loyalty cards, refund refusals, periods and Instant Checkout.
"""

from typing import Final

from aiohttp import web

from payments.sandbox.control import scenario_input
from payments.sandbox.control.api import scan_of
from payments.sandbox.control.force_state import force_state
from payments.sandbox.control.foreign_periods import mark_foreign_period
from payments.sandbox.control.json_input import (
    BadInputError,
    json_body,
    msisdn,
)
from payments.sandbox.control.json_output import (
    customer_json,
    invoice_json,
    period_json,
    refusal_json,
)
from payments.sandbox.operations.checkout import PurchaseFailedError, purchased_invoice
from payments.sandbox.operations.simulator import DEFAULT_MSISDN, SeqrSimulator

MAX_REFUSALS: Final = 100


class ScenarioApi:
    """The handlers of the scenarios."""

    def __init__(self, seqr: SeqrSimulator) -> None:
        self._seqr = seqr

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        invoice = "/control/invoices/{reference}"
        app.add_routes(
            [
                web.put(invoice, self._force_state),
                web.post(invoice, self._force_state),
                web.post(f"{invoice}/open", self._open),
                web.get("/control/customers", self._list_customers),
                web.post("/control/customers", self._add_customer),
                web.get("/control/periods", self._list_periods),
                web.post("/control/periods", self._mark_period),
                web.get("/control/refund-refusals", self._list_refusals),
                web.post("/control/refund-refusals", self._add_refusal),
                web.delete("/control/refund-refusals", self._clear_refusals),
                web.post("/control/checkout", self._check_out),
            ]
        )

    async def _force_state(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        invoice = self._seqr.invoice(request.match_info["reference"])
        forced = scenario_input.forced_state(body, invoice.forced)
        return web.json_response(invoice_json(self._seqr, force_state(self._seqr, invoice, forced)))

    async def _open(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        scan = scan_of(self._seqr, body)
        number = msisdn(body) or (scan.msisdn if scan else DEFAULT_MSISDN)
        invoice = self._seqr.open_invoice(request.match_info["reference"], number)
        return web.json_response({"status": invoice.status, "version": invoice.version})

    async def _list_customers(self, _: web.Request) -> web.Response:
        customers = [customer_json(each) for each in self._seqr.records.customers.values()]
        return web.json_response({"customers": customers})

    async def _add_customer(self, request: web.Request) -> web.Response:
        customer = scenario_input.customer(await json_body(request))
        self._seqr.records.customers[customer.msisdn] = customer
        return web.json_response(customer_json(customer), status=201)

    async def _list_periods(self, _: web.Request) -> web.Response:
        periods = [period_json(each) for each in self._seqr.records.periods.values()]
        return web.json_response({"periods": periods})

    async def _mark_period(self, request: web.Request) -> web.Response:
        mark = scenario_input.period_mark(await json_body(request))
        period = mark_foreign_period(self._seqr, mark)
        return web.json_response(period_json(period), status=201)

    async def _list_refusals(self, _: web.Request) -> web.Response:
        refusals = [refusal_json(each) for each in self._seqr.records.refund_refusals.values()]
        return web.json_response({"refund_refusals": refusals})

    async def _add_refusal(self, request: web.Request) -> web.Response:
        refusal = scenario_input.refund_refusal(await json_body(request))
        refusals = self._seqr.records.refund_refusals
        if len(refusals) >= MAX_REFUSALS:
            raise BadInputError(f"There are {MAX_REFUSALS} refusals already; delete them first.")
        refusals[str(self._seqr.records.next_number())] = refusal
        return web.json_response(refusal_json(refusal), status=201)

    async def _clear_refusals(self, _: web.Request) -> web.Response:
        self._seqr.records.refund_refusals.clear()
        return web.json_response({})

    async def _check_out(self, request: web.Request) -> web.Response:
        purchase = scenario_input.purchase(await json_body(request))
        try:
            invoice = await purchased_invoice(self._seqr, purchase)
        except PurchaseFailedError as error:
            return web.json_response({"error": str(error)}, status=502)
        return web.json_response(
            {
                "invoice_reference": invoice.reference,
                "status": invoice.status,
                "sent": purchase.as_json(),
            }
        )
