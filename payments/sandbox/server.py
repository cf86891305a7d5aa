"""Builds the sandbox's web application."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from payments.sandbox.clock import Clock
from payments.sandbox.console.console import DeveloperConsole
from payments.sandbox.control.api import ControlApi, json_errors
from payments.sandbox.control.fault_api import FaultApi
from payments.sandbox.control.latency_api import LatencyApi
from payments.sandbox.control.principal_api import PrincipalApi
from payments.sandbox.control.scenario_api import ScenarioApi
from payments.sandbox.faults.latency import LatencyProfiles
from payments.sandbox.faults.registry import FaultRegistry
from payments.sandbox.http_requests import PUBLIC_URL, read_body_in_time
from payments.sandbox.notifier import Notifier
from payments.sandbox.operations.simulator import SeqrSimulator
from payments.sandbox.pages import Pages
from payments.sandbox.phone.home import HomePages
from payments.sandbox.phone.payment_page import PaymentPage
from payments.sandbox.phone.receipts import Receipts
from payments.sandbox.soap_endpoint import MAX_REQUEST_BYTES, SoapEndpoint
from payments.sandbox.storage.call_log import CallLog
from payments.sandbox.storage.models import Shop
from payments.sandbox.storage.records import Records
from payments.sandbox.storage.state_file import StateFile, StateFileError

CLOCK_OFFSET: Final = "clock_offset_seconds"


@dataclass(frozen=True)
class Options:
    """The options of the command line; times in seconds."""

    public_url: str
    reversal_seconds: float
    token_seconds: float
    shops: tuple[Shop, ...]
    state_file: Path | None = None
    certification: bool = False


def build_app(options: Options) -> web.Application:
    """Build the application: SOAP, control API, phone and console over one simulator.

    Raises StateFileError.
    """
    file = StateFile.open(options.state_file) if options.state_file else None
    records = file.records() if file else Records()
    clock = Clock(
        records.numbers.get(CLOCK_OFFSET, 0.0),
        lambda seconds: records.numbers.update({CLOCK_OFFSET: seconds}),
    )
    calls = CallLog(clock)
    faults = FaultRegistry()
    latency = LatencyProfiles()
    notifier = Notifier(calls, faults, clock)
    seqr = SeqrSimulator(
        clock,
        notifier.notify_paid,
        records=records,
        reversal_seconds=options.reversal_seconds,
        token_seconds=options.token_seconds,
    )
    _add_shops(seqr, options.shops)
    records.commit()
    pages = Pages(clock)
    app = web.Application(
        client_max_size=MAX_REQUEST_BYTES,
        middlewares=[
            json_errors,
            pages.html_not_found,
            read_body_in_time,
            _commit_middleware(records),
        ],
    )
    app[PUBLIC_URL] = options.public_url
    SoapEndpoint(
        seqr, calls, faults=faults, latency=latency, certification=options.certification
    ).add_routes(app)
    control = ControlApi(seqr, clock, calls, notifier, faults=faults, latency=latency)
    control.add_routes(app)
    PrincipalApi(seqr).add_routes(app)
    ScenarioApi(seqr).add_routes(app)
    FaultApi(faults).add_routes(app)
    LatencyApi(latency).add_routes(app)
    HomePages(seqr, pages).add_routes(app)
    PaymentPage(seqr, pages).add_routes(app)
    Receipts(seqr, pages).add_routes(app)
    DeveloperConsole(
        seqr,
        clock,
        calls=calls,
        faults=faults,
        latency=latency,
        control=control,
        pages=pages,
        certification=options.certification,
    ).add_routes(app)

    async def cancel_pending_work(_: web.Application) -> None:
        notifier.cancel_pending()
        faults.reset()
        latency.reset()

    async def close_file(_: web.Application) -> None:
        if file:
            file.close()

    app.on_cleanup.append(close_file)
    app.on_shutdown.append(cancel_pending_work)
    return app


def _add_shops(seqr: SeqrSimulator, shops: Iterable[Shop]) -> None:
    for shop in shops:
        seqr.shops[shop.service_id] = shop


def _commit_middleware(records: Records) -> Middleware:
    """Writes a request's changes to the state file before its response leaves."""

    @web.middleware
    async def commit(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            try:
                return await handler(request)
            finally:
                records.commit()
        except StateFileError as error:
            raise web.HTTPInternalServerError(text=f"{error}\n") from error

    return commit
