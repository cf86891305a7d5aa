"""The customer's phone: lock screen, wallet with its shelf of printed codes, and history."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from payments.sandbox.control import json_input
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.operations.simulator import DEFAULT_MSISDN, NotFoundError, SeqrSimulator
from payments.sandbox.pages import (
    HERE,
    OWNER_COOKIE,
    PHONE_POLICY,
    Pages,
    form_of,
    owner_of,
    remember,
    security_headers,
    see_other,
)
from payments.sandbox.phone import feed, qr

# The scan that was made with this browser; what is paid here is paid by that customer.
SCAN_COOKIE: Final = "sandbox_token"

MAX_OTHER_PHONES: Final = 6
MAX_SCANS_LOOKED_AT: Final = 200


class HomePages:
    """The handlers of the phone's pages, except for the bill."""

    def __init__(self, state: SeqrSimulator, pages: Pages) -> None:
        self._state = state
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Serve them on the application."""
        app.add_routes(
            [
                web.get("/", self._home),
                web.get("/phone", self._home),
                web.get("/phone/lock", self._lock),
                web.get("/phone/history", self._history),
                web.post("/phone/owner", self._set_owner),
                web.post("/phone/scan", self._scan),
                web.get("/phone/codes/{service_id}/{number:[0-9]{1,3}}.svg", self._code),
                web.static("/phone/static", HERE / "static"),
            ]
        )

    async def _home(self, request: web.Request) -> web.Response:
        return self._home_page(request)

    def _home_page(self, request: web.Request, error: str = "", status: int = 200) -> web.Response:
        owner = owner_of(request)
        events = feed.events(self._state.invoices(), owner)
        return self._pages.page(
            "home.html",
            status,
            owner=owner,
            other_phones=self._other_phones(owner),
            error=error,
            services=list(self._state.services.values()),
            messages=events[: feed.MAX_MESSAGES_AT_HOME],
            spent=feed.spent_this_month(events, self._pages.now()),
        )

    async def _lock(self, request: web.Request) -> web.Response:
        events = feed.events(self._state.invoices(), owner_of(request))
        return self._pages.page("lock.html", messages=events[: feed.MAX_MESSAGES])

    async def _history(self, request: web.Request) -> web.Response:
        events = feed.events(self._state.invoices(), owner_of(request))
        return self._pages.page("history.html", days=feed.by_day(events, self._pages.now()))

    def _other_phones(self, owner: str) -> list[str]:
        records = self._state.records
        latest = list(records.scans.values())[-MAX_SCANS_LOOKED_AT:]
        scanned = [scan.msisdn for scan in reversed(latest)]
        others = dict.fromkeys([DEFAULT_MSISDN, *records.customers, *scanned])
        others.pop(owner, None)
        return list(others)[:MAX_OTHER_PHONES]

    async def _set_owner(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        number = "".join(form.get("msisdn", "").split()).lstrip("+")
        try:
            owner = json_input.msisdn({"msisdn": number})
        except BadInputError as error:
            return self._home_page(request, str(error), 400)
        response = see_other("/")
        remember(response, OWNER_COOKIE, owner or DEFAULT_MSISDN)
        return response

    async def _scan(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        try:
            url = json_input.code_url(form)
            if reference := _invoice_reference(url):
                return see_other(f"/app/R{reference}")
            scan = self._state.scan(url, owner_of(request))
        except (BadInputError, ValueError, NotFoundError) as error:
            return self._home_page(request, f"This code cannot be used. {error}", 400)
        response = see_other(self._state.order_url(scan))
        remember(response, SCAN_COOKIE, scan.token)
        return response

    async def _code(self, request: web.Request) -> web.Response:
        service = self._state.services.get(request.match_info["service_id"])
        number = int(request.match_info["number"])
        if service is None or number >= len(service.codes):
            raise web.HTTPNotFound
        return web.Response(
            body=qr.svg(service.payload(service.codes[number])),
            content_type="image/svg+xml",
            headers=security_headers(PHONE_POLICY),
        )


def _invoice_reference(url: str) -> str | None:
    """The reference in an invoice's code, HTTP://SEQR.SE/R<reference>."""
    parts = urlsplit(url)
    reference = parts.path.removeprefix("/R")
    if parts.netloc.lower() == "seqr.se" and parts.path.startswith("/R") and reference.isdigit():
        return reference
    return None
