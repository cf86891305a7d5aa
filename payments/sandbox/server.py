"""The sandbox's web application, put together."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from payments.sandbox.addresses import PUBLIC_URL
from payments.sandbox.calls import CallLog
from payments.sandbox.clock import AdjustableClock
from payments.sandbox.control import Control, json_errors
from payments.sandbox.models import Service
from payments.sandbox.notifier import Notifier
from payments.sandbox.phone import Phone, friendly_errors
from payments.sandbox.soap import MAX_REQUEST_BYTES, SoapServices
from payments.sandbox.state import State


@dataclass(frozen=True)
class Options:
    """What the command line decides; times in seconds."""

    public_url: str
    reversal_seconds: float
    token_seconds: float
    services: tuple[Service, ...]


def build_app(options: Options) -> web.Application:
    """The application with its SOAP services, control interface and phone, all over one state."""
    clock = AdjustableClock()
    calls = CallLog(clock)
    notifier = Notifier(calls)
    state = State(
        clock,
        notifier.paid,
        reversal_seconds=options.reversal_seconds,
        token_seconds=options.token_seconds,
    )
    _add_services(state, options.services)
    app = web.Application(
        client_max_size=MAX_REQUEST_BYTES, middlewares=[json_errors, friendly_errors]
    )
    app[PUBLIC_URL] = options.public_url
    SoapServices(state, calls).add_routes(app)
    Control(state, clock, calls, notifier).add_routes(app)
    Phone(state).add_routes(app)

    async def stop_notifications(_: web.Application) -> None:
        notifier.forget()

    app.on_shutdown.append(stop_notifications)
    return app


def _add_services(state: State, services: Iterable[Service]) -> None:
    for service in services:
        state.services[service.service_id] = service
