"""The phone's wallet, lock screen and history, and scanning of printed codes."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from payments.sandbox.control import json_input, scenario_input
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.operations.checkout import PurchaseFailedError, purchased_invoice
from payments.sandbox.operations.simulator import DEFAULT_MSISDN, NotFoundError, SeqrSimulator
from payments.sandbox.pages import (
    HERE,
    MSISDN_COOKIE,
    PHONE_POLICY,
    Pages,
    form_of,
    msisdn_of,
    security_headers,
    see_other,
    set_cookie,
)
from payments.sandbox.phone import feed, qr

# The token of this browser's latest scan: its customer pays here.
SCAN_COOKIE: Final = "sandbox_token"

MAX_OTHER_NUMBERS: Final = 6
MAX_SCANS_SEARCHED: Final = 200


class HomePages:
    """The handlers of the phone's pages but for payments and receipts."""

    def __init__(self, seqr: SeqrSimulator, pages: Pages) -> None:
        self._seqr = seqr
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get("/", self._home),
                web.get("/phone", self._home),
                web.get("/phone/lock", self._lock),
                web.get("/phone/history", self._history),
                web.post("/phone/number", self._set_number),
                web.post("/phone/scan", self._scan),
                web.post("/phone/purchase", self._purchase),
                web.get("/phone/codes/{service_id}/{number:[0-9]{1,3}}.svg", self._code),
                web.static("/phone/static", HERE / "static"),
            ]
        )

    async def _home(self, request: web.Request) -> web.Response:
        return self._home_page(request)

    def _home_page(self, request: web.Request, error: str = "", status: int = 200) -> web.Response:
        msisdn = msisdn_of(request)
        events = feed.customer_events(self._seqr.invoices(), msisdn)
        return self._pages.page(
            "home.html",
            status,
            msisdn=msisdn,
            other_numbers=self._other_numbers(msisdn),
            error=error,
            shops=list(self._seqr.shops.values()),
            messages=events[: feed.MAX_HOME_MESSAGES],
            spent=feed.spent_this_month(events, self._pages.now()),
        )

    async def _lock(self, request: web.Request) -> web.Response:
        events = feed.customer_events(self._seqr.invoices(), msisdn_of(request))
        return self._pages.page("lock.html", messages=events[: feed.MAX_LOCK_SCREEN_MESSAGES])

    async def _history(self, request: web.Request) -> web.Response:
        events = feed.customer_events(self._seqr.invoices(), msisdn_of(request))
        return self._pages.page("history.html", days=feed.by_day(events, self._pages.now()))

    def _other_numbers(self, msisdn: str) -> list[str]:
        records = self._seqr.records
        latest = list(records.scans.values())[-MAX_SCANS_SEARCHED:]
        scanned = [scan.msisdn for scan in reversed(latest)]
        others = dict.fromkeys([DEFAULT_MSISDN, *records.customers, *scanned])
        others.pop(msisdn, None)
        return list(others)[:MAX_OTHER_NUMBERS]

    async def _set_number(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        number = "".join(form.get("msisdn", "").split()).lstrip("+")
        try:
            msisdn = json_input.msisdn({"msisdn": number})
        except BadInputError as error:
            return self._home_page(request, str(error), 400)
        response = see_other("/")
        set_cookie(response, MSISDN_COOKIE, msisdn or DEFAULT_MSISDN)
        return response

    async def _scan(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        try:
            url = json_input.code_url(form)
            if reference := _invoice_reference(url):
                return see_other(f"/app/R{reference}")
            scan = self._seqr.scan(url, msisdn_of(request))
        except (BadInputError, ValueError, NotFoundError) as error:
            return self._home_page(request, f"This code does not work. {error}", 400)
        response = see_other(self._seqr.order_url(scan))
        set_cookie(response, SCAN_COOKIE, scan.token)
        return response

    async def _purchase(self, request: web.Request) -> web.Response:
        """Buy a product by its own code, with this phone's number and the default address."""
        form = await form_of(request)
        order = {name: form.get(name) for name in ("url", "purchaseToken")}
        customer = {"msisdn": msisdn_of(request)}
        try:
            purchase = scenario_input.purchase({**order, "customer": customer})
            invoice = await purchased_invoice(self._seqr, purchase)
        except (BadInputError, PurchaseFailedError) as error:
            return self._home_page(request, f"This product cannot be bought. {error}", 400)
        return see_other(f"/app/R{invoice.reference}")

    async def _code(self, request: web.Request) -> web.Response:
        shop = self._seqr.shops.get(request.match_info["service_id"])
        number = int(request.match_info["number"])
        if shop is None or number >= len(shop.codes):
            raise web.HTTPNotFound
        return web.Response(
            body=qr.svg(shop.payload(shop.codes[number])),
            content_type="image/svg+xml",
            headers=security_headers(PHONE_POLICY),
        )


def _invoice_reference(url: str) -> str | None:
    """Read the reference in an invoice's code, HTTP://SEQR.SE/R<reference>."""
    parts = urlsplit(url)
    reference = parts.path.removeprefix("/R")
    if parts.netloc.lower() == "seqr.se" and parts.path.startswith("/R") and reference.isdigit():
        return reference
    return None
