"""What the phone and the developer's corner share: templates, headers, forms and cookies."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payments.sandbox import wording
from payments.sandbox.clock import Clock
from payments.sandbox.control import json_input
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.operations.simulator import DEFAULT_MSISDN

HERE: Final = Path(__file__).parent

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; "
)

# A form's target is this site, but where the phone is sent on to is the shop's own site, and
# browsers hold form-action against that too.
PHONE_POLICY: Final = _POLICY + "form-action 'self' http: https:; frame-ancestors 'none'"

# On a wide screen the developer's corner stands beside the phone, in a frame.
CORNER_POLICY: Final = _POLICY + "form-action 'self'; frame-ancestors 'self'"

# Cookies are shared by all ports of a host, so the name says whose it is.
OWNER_COOKIE: Final = "sandbox_msisdn"

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
    phone_number=wording.phone_number,
    tint=wording.tint,
    clock=wording.clock,
    setting=wording.setting,
    succeeded=wording.succeeded,
    xml=wording.xml,
)
_drawings: Any = _templates.get_template("icons.html").module
_templates.globals.update(outcome=wording.outcome, vat=wording.vat, icon=_drawings.icon)


def security_headers(policy: str) -> dict[str, str]:
    """The headers of every page."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


class Pages:
    """Renders pages; they show the sandbox's time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The sandbox's time, in the machine's zone: what a person compares with their watch."""
        return self._clock.now().astimezone()

    def page(
        self, template: str, status: int = 200, *, policy: str = PHONE_POLICY, **context: Any
    ) -> web.Response:
        """A rendered page. It keeps itself up to date, unless it tells of an error."""
        text = _templates.get_template(template).render(
            now=self.now(), live=status == 200, **context
        )
        return web.Response(
            text=text, status=status, content_type="text/html", headers=security_headers(policy)
        )

    @web.middleware
    async def friendly_errors(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Show a person a page, where a program gets a status only."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if request.path.startswith(("/control", "/soap")):
                raise
            return self.page("not_found.html", 404)


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form of our own. A form on another site is refused."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise web.HTTPForbidden(text="This form belongs to another site.\n")
    body = (await request.read()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, max_num_fields=40))
    except ValueError:
        raise web.HTTPBadRequest(text="The form has too many fields.\n") from None


def owner_of(request: web.Request) -> str:
    """The number of the phone that asks."""
    try:
        owner = json_input.msisdn({"msisdn": request.cookies.get(OWNER_COOKIE)})
    except BadInputError:
        return DEFAULT_MSISDN
    return owner or DEFAULT_MSISDN


def remember(response: web.Response, cookie: str, value: str) -> None:
    """Keep a value in the browser, out of reach of scripts."""
    response.set_cookie(cookie, value, httponly=True, samesite="Lax")


def see_other(url: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Send the browser on with a GET."""
    return web.Response(
        status=303, headers={**security_headers(PHONE_POLICY), **(headers or {}), "Location": url}
    )
