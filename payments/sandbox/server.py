"""The sandbox's web application, put together."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from payments.sandbox.clock import AdjustableClock
from payments.sandbox.console.console import DeveloperConsole
from payments.sandbox.control.api import ControlApi, json_errors
from payments.sandbox.control.fault_api import FaultApi
from payments.sandbox.control.scenario_api import ScenarioApi
from payments.sandbox.faults.registry import FaultRegistry
from payments.sandbox.http_requests import PUBLIC_URL, bounded_reading
from payments.sandbox.notifier import Notifier
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.pages import Pages
from payments.sandbox.phone.home import HomePages
from payments.sandbox.phone.payment_page import PaymentPage
from payments.sandbox.phone.receipts import Receipts
from payments.sandbox.soap_endpoint import MAX_REQUEST_BYTES, SoapEndpoint
from payments.sandbox.storage.call_log import CallLog
from payments.sandbox.storage.models import Service
from payments.sandbox.storage.records import Records
from payments.sandbox.storage.state_file import StateFile, StateFileError

CLOCK_OFFSET: Final = "clock_offset_seconds"


@dataclass(frozen=True)
class Options:
    """What the command line decides; times in seconds."""

    public_url: str
    reversal_seconds: float
    token_seconds: float
    services: tuple[Service, ...]
    state_file: Path | None = None


def build_app(options: Options) -> web.Application:
    """The application with its SOAP services, control interface and phone, all over one state.

    Raises StateFileError.
    """
    file = StateFile.open(options.state_file) if options.state_file else None
    records = file.records() if file else Records()
    clock = AdjustableClock(
        records.numbers.get(CLOCK_OFFSET, 0.0),
        lambda seconds: records.numbers.update({CLOCK_OFFSET: seconds}),
    )
    calls = CallLog(clock)
    faults = FaultRegistry()
    notifier = Notifier(calls, faults, clock)
    state = SeqrSimulator(
        clock,
        notifier.paid,
        records=records,
        reversal_seconds=options.reversal_seconds,
        token_seconds=options.token_seconds,
    )
    _add_services(state, options.services)
    records.commit()
    pages = Pages(clock)
    app = web.Application(
        client_max_size=MAX_REQUEST_BYTES,
        middlewares=[json_errors, pages.friendly_errors, bounded_reading, _keeper(records)],
    )
    app[PUBLIC_URL] = options.public_url
    SoapEndpoint(state, calls, faults).add_routes(app)
    control = ControlApi(state, clock, calls, notifier, faults)
    control.add_routes(app)
    ScenarioApi(state).add_routes(app)
    FaultApi(faults).add_routes(app)
    HomePages(state, pages).add_routes(app)
    PaymentPage(state, pages).add_routes(app)
    Receipts(state, pages).add_routes(app)
    DeveloperConsole(
        state, clock, calls=calls, faults=faults, control=control, pages=pages
    ).add_routes(app)

    async def stop_what_waits(_: web.Application) -> None:
        notifier.forget()
        faults.reset()

    async def close_file(_: web.Application) -> None:
        if file:
            file.close()

    app.on_cleanup.append(close_file)
    app.on_shutdown.append(stop_what_waits)
    return app


def _add_services(state: SeqrSimulator, services: Iterable[Service]) -> None:
    for service in services:
        state.services[service.service_id] = service


def _keeper(records: Records) -> Middleware:
    """Nothing is told before it is kept: what a request has changed is written as it returns."""

    @web.middleware
    async def keep(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            try:
                return await handler(request)
            finally:
                records.commit()
        except StateFileError as error:
            raise web.HTTPInternalServerError(text=f"{error}\n") from error

    return keep
