"""Templates, headers, forms and cookies of the phone and the console."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payments.sandbox import formatting
from payments.sandbox.clock import Clock
from payments.sandbox.control import json_input
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.operations.simulator import DEFAULT_MSISDN

HERE: Final = Path(__file__).parent

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; "
)

# A form posts to this site, but may redirect to the shop's; browsers check form-action for both.
PHONE_POLICY: Final = _POLICY + "form-action 'self' http: https:; frame-ancestors 'none'"

# A wide screen shows the console in a frame beside the phone.
CONSOLE_POLICY: Final = _POLICY + "form-action 'self'; frame-ancestors 'self'"

# All ports of a host share cookies, so the name starts with the sandbox's.
MSISDN_COOKIE: Final = "sandbox_msisdn"

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    money=lambda amount: formatting.money(amount["value"], amount["currency"]),
    quantity=formatting.quantity,
    place=formatting.place,
    phone_number=formatting.phone_number,
    tint=formatting.tint,
    clock=formatting.clock,
    setting=formatting.setting,
    succeeded=formatting.succeeded,
    xml=formatting.xml,
)
_icons: Any = _templates.get_template("icons.html").module
_templates.globals.update(outcome=formatting.outcome, vat=formatting.vat, icon=_icons.icon)


def security_headers(policy: str) -> dict[str, str]:
    """The headers of every page."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


class Pages:
    """Renders pages with the sandbox's time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The sandbox's time in the machine's time zone."""
        return self._clock.now().astimezone()

    def page(
        self, template: str, status: int = 200, *, policy: str = PHONE_POLICY, **context: Any
    ) -> web.Response:
        """Render a page. It updates itself unless it shows an error."""
        text = _templates.get_template(template).render(
            now=self.now(), live=status == 200, **context
        )
        return web.Response(
            text=text, status=status, content_type="text/html", headers=security_headers(policy)
        )

    @web.middleware
    async def html_not_found(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Respond with an HTML page to 404 outside the APIs."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if request.path.startswith(("/control", "/soap")):
                raise
            return self.page("not_found.html", 404)


async def form_of(request: web.Request) -> dict[str, str]:
    """Read the fields of a form. A form on another site is refused."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise web.HTTPForbidden(text="This form was sent from another site.\n")
    body = (await request.read()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, max_num_fields=40))
    except ValueError:
        raise web.HTTPBadRequest(text="The form has too many fields.\n") from None


def msisdn_of(request: web.Request) -> str:
    """The number of the phone that this browser shows."""
    try:
        msisdn = json_input.msisdn({"msisdn": request.cookies.get(MSISDN_COOKIE)})
    except BadInputError:
        return DEFAULT_MSISDN
    return msisdn or DEFAULT_MSISDN


def set_cookie(response: web.Response, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read."""
    response.set_cookie(name, value, httponly=True, samesite="Lax")


def see_other(url: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Redirect the browser to a GET."""
    return web.Response(
        status=303, headers={**security_headers(PHONE_POLICY), **(headers or {}), "Location": url}
    )
