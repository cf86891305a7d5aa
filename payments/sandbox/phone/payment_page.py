"""The phone's bill: what seqr://SEQR.SE/R<reference> opens in the app, to be paid with a PIN."""

from typing import Final

from aiohttp import web

from payments.sandbox.operations.simulator import ConflictError, NotFoundError, SeqrSimulator
from payments.sandbox.pages import Pages, form_of, owner_of, see_other
from payments.sandbox.phone.feed import receipt_url
from payments.sandbox.phone.home import SCAN_COOKIE
from payments.sandbox.storage.models import Invoice, Scan, Status

PIN: Final = "1234"
"""The PIN that the bill suggests; any four digits are taken."""

PIN_LENGTH: Final = 4
KEYS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
ERASE: Final = "erase"


class PaymentPage:
    """The handlers of the bill."""

    def __init__(self, state: SeqrSimulator, pages: Pages) -> None:
        self._state = state
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Serve them on the application."""
        app.add_routes(
            [
                web.get("/app/R{reference}", self._show),
                web.post("/app/R{reference}", self._settle),
            ]
        )

    async def _show(self, request: web.Request) -> web.Response:
        invoice = self._invoice(request)
        scan = self._scan_on_this_phone(request)
        opened = self._state.open(invoice.reference, scan.msisdn if scan else owner_of(request))
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
        scan = self._scan_on_this_phone(request)
        return self._pages.page(
            "bill.html",
            status,
            invoice=invoice,
            payable=invoice.is_open and not invoice.waits_for_the_shop,
            receipts=[receipt_url(invoice, number) for number in range(len(invoice.receipts))],
            pin=PIN,
            pin_length=PIN_LENGTH,
            typed=typed,
            keys=KEYS,
            erase=ERASE,
            error=error,
            back=_followable(self._state.redirect_url(invoice, scan)),
        )

    async def _settle(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        invoice = self._invoice(request)
        pin = form.get("pin", "")
        action = form.get("action")
        if "key" in form:
            return self._page(request, invoice, typed=_pressed(pin, form["key"]))
        if action not in {"pay", "cancel"}:
            return self._page(request, invoice, error="Choose to pay or to cancel.", status=400)
        if action == "pay" and not _is_pin(pin):
            return self._page(request, invoice, error="The PIN is four digits.", status=400)
        scan = self._scan_on_this_phone(request)
        try:
            if action == "pay":
                invoice = self._state.pay(invoice.reference, scan)
            else:
                invoice = self._state.end(invoice.reference, Status.CANCELED)
        except ConflictError:
            return self._page(request, self._invoice(request), status=409)
        onward = _followable(self._state.redirect_url(invoice, scan))
        onward = onward or f"/app/R{invoice.reference}"
        # A script shows the tick first and goes on then; a form is sent on at once.
        if request.headers.get("Accept") == "application/json":
            return web.json_response({"onward": onward})
        return see_other(onward)

    def _invoice(self, request: web.Request) -> Invoice:
        try:
            return self._state.invoice(request.match_info["reference"])
        except NotFoundError:
            raise web.HTTPNotFound from None

    def _scan_on_this_phone(self, request: web.Request) -> Scan | None:
        try:
            return self._state.scan_of(request.cookies.get(SCAN_COOKIE))
        except NotFoundError:
            return self._state.scan_of(None)


def _is_pin(text: str) -> bool:
    return len(text) == PIN_LENGTH and text.isascii() and text.isdigit()


def _pressed(pin: str, key: str) -> str:
    """The PIN after a key of the pad."""
    typed = "".join(letter for letter in pin if letter in KEYS)[:PIN_LENGTH]
    if key == ERASE:
        return typed[:-1]
    return (typed + key)[:PIN_LENGTH] if key in KEYS else typed


def _followable(url: str | None) -> str | None:
    """The URL, if a browser can be sent there: a backURL is whatever the shop wrote."""
    if url and url.lower().startswith(("http://", "https://")) and url.isprintable():
        return url
    return None
