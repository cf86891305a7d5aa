"""The payment page that seqr://SEQR.SE/R<reference> opens in the app."""

from typing import Final

from aiohttp import web

from payments.sandbox.operations.simulator import ConflictError, NotFoundError, SeqrSimulator
from payments.sandbox.pages import Pages, form_of, msisdn_of, see_other
from payments.sandbox.phone.feed import receipt_url
from payments.sandbox.phone.home import SCAN_COOKIE
from payments.sandbox.storage.models import Invoice, Scan, Status

PIN: Final = "1234"
"""The PIN that the page suggests; any four digits are accepted."""

PIN_LENGTH: Final = 4
KEYS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
ERASE: Final = "erase"


class PaymentPage:
    """The handlers of the payment page."""

    def __init__(self, seqr: SeqrSimulator, pages: Pages) -> None:
        self._seqr = seqr
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get("/app/R{reference}", self._show),
                web.post("/app/R{reference}", self._pay_or_cancel),
            ]
        )

    async def _show(self, request: web.Request) -> web.Response:
        invoice = self._invoice(request)
        scan = self._scan_of_browser(request)
        opened = self._seqr.open_invoice(
            invoice.reference, scan.msisdn if scan else msisdn_of(request)
        )
        return self._page(request, opened)

    def _page(
        self,
        request: web.Request,
        invoice: Invoice,
        *,
        error: str = "",
        status: int = 200,
        typed: str = "",
    ) -> web.Response:
        scan = self._scan_of_browser(request)
        return self._pages.page(
            "payment.html",
            status,
            invoice=invoice,
            payable=invoice.is_open and not invoice.awaits_acknowledgment,
            receipts=[receipt_url(invoice, number) for number in range(len(invoice.receipts))],
            pin=PIN,
            pin_length=PIN_LENGTH,
            typed=typed,
            keys=KEYS,
            erase=ERASE,
            error=error,
            shop_url=_web_url(self._seqr.redirect_url(invoice, scan)),
        )

    async def _pay_or_cancel(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        invoice = self._invoice(request)
        pin = form.get("pin", "")
        action = form.get("action")
        if "key" in form:
            return self._page(request, invoice, typed=_pressed(pin, form["key"]))
        if action not in {"pay", "cancel"}:
            return self._page(request, invoice, error="Choose Pay or Cancel.", status=400)
        if action == "pay" and not _is_pin(pin):
            return self._page(request, invoice, error="The PIN has four digits.", status=400)
        scan = self._scan_of_browser(request)
        try:
            if action == "pay":
                invoice = self._seqr.pay(invoice.reference, scan)
            else:
                invoice = self._seqr.end_unpaid(invoice.reference, Status.CANCELED)
        except ConflictError:
            return self._page(request, self._invoice(request), status=409)
        next_url = _web_url(self._seqr.redirect_url(invoice, scan))
        next_url = next_url or f"/app/R{invoice.reference}"
        # A script shows the tick before it opens the next page; a plain form is redirected at once.
        if request.headers.get("Accept") == "application/json":
            return web.json_response({"next_url": next_url})
        return see_other(next_url)

    def _invoice(self, request: web.Request) -> Invoice:
        try:
            return self._seqr.invoice(request.match_info["reference"])
        except NotFoundError:
            raise web.HTTPNotFound from None

    def _scan_of_browser(self, request: web.Request) -> Scan | None:
        try:
            return self._seqr.scan_of(request.cookies.get(SCAN_COOKIE))
        except NotFoundError:
            return self._seqr.scan_of(None)


def _is_pin(text: str) -> bool:
    return len(text) == PIN_LENGTH and text.isascii() and text.isdigit()


def _pressed(pin: str, key: str) -> str:
    """The PIN after a key press."""
    typed = "".join(letter for letter in pin if letter in KEYS)[:PIN_LENGTH]
    if key == ERASE:
        return typed[:-1]
    return (typed + key)[:PIN_LENGTH] if key in KEYS else typed


def _web_url(url: str | None) -> str | None:
    """Return the URL if it is http or https: a backURL may hold anything."""
    if url and url.lower().startswith(("http://", "https://")) and url.isprintable():
        return url
    return None
