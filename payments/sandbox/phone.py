"""The customer's phone: pages on which a person scans a printed code and pays the bill."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payments.sandbox import control_input, qr, wording
from payments.sandbox.control_input import BadInputError
from payments.sandbox.models import Invoice, Scan, Status
from payments.sandbox.state import DEFAULT_MSISDN, ConflictError, NotFoundError, State

HERE: Final = Path(__file__).parent

PIN: Final = "1234"
"""The PIN that the bill suggests; any four digits are taken."""

# A form's target is this page, but where it is sent on to is the shop's own site, and browsers hold
# form-action against that too.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http: https:; "
    "base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

# Cookies are shared by all ports of a host, so their names say whose they are.
OWNER_COOKIE: Final = "sandbox_msisdn"
SCAN_COOKIE: Final = "sandbox_token"

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    money=lambda amount: wording.money(amount["value"], amount["currency"]),
    quantity=wording.quantity,
    place=wording.place,
)


def page(template: str, status: int = 200, **context: Any) -> web.Response:
    """A rendered page of the phone."""
    return web.Response(
        text=_templates.get_template(template).render(context),
        status=status,
        content_type="text/html",
        headers=HEADERS,
    )


@web.middleware
async def friendly_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Show a person a page, where a program gets a status only."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        if request.path.startswith(("/control", "/soap")):
            raise
        return page("not_found.html", 404)


class Phone:
    """The handlers of the phone's pages."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_routes(self, app: web.Application) -> None:
        """Serve the phone on the application."""
        app.add_routes(
            [
                web.get("/", self._home),
                web.get("/phone", self._home),
                web.post("/phone/owner", self._set_owner),
                web.post("/phone/scan", self._scan),
                web.get("/phone/codes/{service_id}/{number:[0-9]{1,3}}.svg", self._code),
                web.get("/app/R{reference}", self._bill),
                web.post("/app/R{reference}", self._settle),
                web.static("/phone/static", HERE / "static"),
            ]
        )

    async def _home(self, request: web.Request) -> web.Response:
        return self._home_page(request)

    def _home_page(self, request: web.Request, error: str = "", status: int = 200) -> web.Response:
        owner = _owner(request)
        return page(
            "home.html",
            status,
            owner=owner,
            error=error,
            services=list(self._state.services.values()),
            notes=self._state.notes(owner),
        )

    async def _set_owner(self, request: web.Request) -> web.Response:
        form = await _form(request)
        try:
            owner = control_input.msisdn({"msisdn": form.get("msisdn", "").lstrip("+")})
        except BadInputError as error:
            return self._home_page(request, str(error), 400)
        response = _see_other("/")
        _remember(response, OWNER_COOKIE, owner or DEFAULT_MSISDN)
        return response

    async def _scan(self, request: web.Request) -> web.Response:
        form = await _form(request)
        try:
            url = control_input.code_url(form)
            if reference := _invoice_reference(url):
                return _see_other(f"/app/R{reference}")
            scan = self._state.scan(url, _owner(request))
        except (BadInputError, ValueError, NotFoundError) as error:
            return self._home_page(request, f"This code cannot be used. {error}", 400)
        response = _see_other(self._state.order_url(scan))
        _remember(response, SCAN_COOKIE, scan.token)
        return response

    async def _code(self, request: web.Request) -> web.Response:
        service = self._state.services.get(request.match_info["service_id"])
        number = int(request.match_info["number"])
        if service is None or number >= len(service.codes):
            raise web.HTTPNotFound
        picture = qr.svg(service.payload(service.codes[number]))
        return web.Response(body=picture, content_type="image/svg+xml", headers=HEADERS)

    async def _bill(self, request: web.Request) -> web.Response:
        return self._bill_page(request, self._invoice(request))

    def _bill_page(
        self, request: web.Request, invoice: Invoice, error: str = "", status: int = 200
    ) -> web.Response:
        scan = self._scan_on_this_phone(request)
        return page(
            "bill.html",
            status,
            invoice=invoice,
            payable=invoice.status is Status.ISSUED,
            pin=PIN,
            error=error,
            back=_followable(self._state.redirect_url(invoice, scan)),
        )

    async def _settle(self, request: web.Request) -> web.Response:
        form = await _form(request)
        invoice = self._invoice(request)
        scan = self._scan_on_this_phone(request)
        pin = form.get("pin", "")
        action = form.get("action")
        if action not in {"pay", "cancel"}:
            return self._bill_page(request, invoice, "Choose to pay or to cancel.", 400)
        if action == "pay" and not (len(pin) == 4 and pin.isascii() and pin.isdigit()):
            return self._bill_page(request, invoice, "The PIN is four digits.", 400)
        try:
            if action == "pay":
                self._state.pay(invoice.reference, scan)
            else:
                self._state.end(invoice.reference, Status.CANCELED)
        except ConflictError:
            return self._bill_page(request, invoice, status=409)
        onward = _followable(self._state.redirect_url(invoice, scan))
        return _see_other(onward or f"/app/R{invoice.reference}")

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


async def _form(request: web.Request) -> dict[str, str]:
    body = (await request.read()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, max_num_fields=20))
    except ValueError:
        raise web.HTTPBadRequest(text="The form has too many fields.\n") from None


def _owner(request: web.Request) -> str:
    try:
        owner = control_input.msisdn({"msisdn": request.cookies.get(OWNER_COOKIE)})
    except BadInputError:
        return DEFAULT_MSISDN
    return owner or DEFAULT_MSISDN


def _remember(response: web.Response, cookie: str, value: str) -> None:
    response.set_cookie(cookie, value, httponly=True, samesite="Lax")


def _invoice_reference(url: str) -> str | None:
    """The reference in an invoice's code, HTTP://SEQR.SE/R<reference>."""
    parts = urlsplit(url)
    reference = parts.path.removeprefix("/R")
    if parts.netloc.lower() == "seqr.se" and parts.path.startswith("/R") and reference.isdigit():
        return reference
    return None


def _followable(url: str | None) -> str | None:
    """The URL, if a browser can be sent there: a backURL is whatever the shop wrote."""
    if url and url.lower().startswith(("http://", "https://")) and url.isprintable():
        return url
    return None


def _see_other(url: str) -> web.Response:
    return web.Response(status=303, headers={"Location": url} | HEADERS)
