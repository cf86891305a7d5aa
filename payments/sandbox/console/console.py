"""The console page: faults, clock, invoices, terminals, and calls as they arrive."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from payments.sandbox.clock import Clock
from payments.sandbox.console import principal_forms
from payments.sandbox.console.parameter_form import form_fields, form_input
from payments.sandbox.control import fault_input, json_input, latency_input
from payments.sandbox.control.api import ControlApi, act
from payments.sandbox.control.fault_api import add_fault
from payments.sandbox.control.foreign_periods import mark_foreign_period
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.control.scenario_input import PeriodMark
from payments.sandbox.faults.latency import LatencyProfiles
from payments.sandbox.faults.latency_profiles import LatencyKind
from payments.sandbox.faults.registry import (
    ANY_OPERATION,
    NOTIFICATION,
    NOTIFICATION_KINDS,
    SOAP_KINDS,
    FaultRegistry,
    Kind,
)
from payments.sandbox.operations.simulator import ConflictError, NotFoundError, SeqrSimulator
from payments.sandbox.pages import CONSOLE_POLICY, Pages, form_of, see_other
from payments.sandbox.soap.schema import OPERATIONS
from payments.sandbox.storage.call_log import CallLog, Entry, readable

CONSOLE: Final = "/console"
FAULTS: Final = f"{CONSOLE}/faults"
LATENCY: Final = f"{CONSOLE}/latency"
RESELLERS: Final = f"{CONSOLE}/resellers"
TERMINALS: Final = f"{CONSOLE}/terminals"
PASSWORD: Final = f"{TERMINALS}/password"

MAX_CALL_ROWS: Final = 100
MAX_INVOICE_ROWS: Final = 30
MAX_PERIOD_ROWS: Final = 10
MAX_BODY_LETTERS: Final = 200_000

Action = Callable[[dict[str, str]], None]


class DeveloperConsole:
    """The handlers of /console."""

    def __init__(
        self,
        seqr: SeqrSimulator,
        clock: Clock,
        *,
        calls: CallLog,
        faults: FaultRegistry,
        latency: LatencyProfiles,
        control: ControlApi,
        pages: Pages,
        certification: bool,
    ) -> None:
        self._seqr = seqr
        self._clock = clock
        self._calls = calls
        self._faults = faults
        self._latency = latency
        self._control = control
        self._pages = pages
        self._certification = certification

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.add_routes(
            [
                web.get(CONSOLE, self._show),
                web.get(f"{CONSOLE}/calls/{{n:[0-9]{{1,18}}}}", self._show_call),
                web.post(f"{CONSOLE}/clock", self._form_handler(self._advance_clock)),
                web.post(FAULTS, self._form_handler(self._add_fault)),
                web.post(f"{FAULTS}/remove", self._form_handler(self._remove_fault)),
                web.post(LATENCY, self._form_handler(self._set_latency)),
                web.post(f"{LATENCY}/remove", self._form_handler(self._remove_latency)),
                web.post(f"{CONSOLE}/invoices", self._form_handler(self._act)),
                web.post(f"{CONSOLE}/periods", self._form_handler(self._mark_period)),
                web.post(f"{CONSOLE}/reset", self._form_handler(self._reset)),
                *self._principal_routes(),
            ]
        )

    def _principal_routes(self) -> list[web.RouteDef]:
        actions = {
            RESELLERS: principal_forms.add_reseller,
            TERMINALS: principal_forms.add_terminal,
            PASSWORD: principal_forms.change_password,
            f"{TERMINALS}/retire": principal_forms.retire,
        }
        return [
            web.post(path, self._form_handler(partial(action, self._seqr)))
            for path, action in actions.items()
        ]

    async def _show(self, request: web.Request) -> web.Response:
        return self._page(operation=request.query.get("operation", ""))

    def _page(
        self,
        status: int = 200,
        *,
        operation: str = "",
        error: str = "",
        entered: Mapping[str, dict[str, str]] = MappingProxyType({}),
    ) -> web.Response:
        """Render the console; `entered` is what a refused form contained, by its address."""
        filter_operation = operation if operation in {*OPERATIONS, NOTIFICATION} else ""
        invoices = self._seqr.invoices()
        periods = list(self._seqr.records.periods.values())
        return self._pages.page(
            "console.html",
            status,
            policy=CONSOLE_POLICY,
            error=error,
            fault_entered=defaultdict(str, entered.get(FAULTS, {})),
            latency_entered=defaultdict(str, entered.get(LATENCY, {})),
            reseller_entered=defaultdict(str, entered.get(RESELLERS, {})),
            terminal_entered=defaultdict(str, entered.get(TERMINALS, {})),
            principal_refused=not entered.keys().isdisjoint({RESELLERS, TERMINALS, PASSWORD}),
            faults=self._faults.all(),
            operations=[*OPERATIONS],
            targets=[ANY_OPERATION, *OPERATIONS, NOTIFICATION],
            kinds={"A SOAP call": SOAP_KINDS, "A notification": NOTIFICATION_KINDS},
            fields=form_fields(fault_input.PARAMETERS),
            latency=self._latency.all(),
            latency_kinds=[*LatencyKind],
            latency_fields=form_fields(latency_input.PARAMETERS),
            invoices=invoices[: -MAX_INVOICE_ROWS - 1 : -1],
            invoice_count=len(invoices),
            periods=periods[: -MAX_PERIOD_ROWS - 1 : -1],
            period_count=len(periods),
            resellers=principal_forms.reseller_rows(self._seqr),
            terminals=self._seqr.records.terminals,
            filter_operation=filter_operation,
            objections=self._calls.certification_objections(),
            certification=self._certification,
            calls=self._calls.latest(MAX_CALL_ROWS, filter_operation or None),
            generation=self._calls.generation,
        )

    async def _show_call(self, request: web.Request) -> web.Response:
        entry = self._calls.entry(int(request.match_info["n"]))
        if entry is None:
            raise web.HTTPNotFound
        return self._pages.page("call.html", policy=CONSOLE_POLICY, entry=entry, **_bodies(entry))

    def _form_handler(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            form = await form_of(request)
            try:
                action(form)
            except (BadInputError, ConflictError, NotFoundError) as error:
                return self._page(400, error=str(error), entered={request.path: form})
            return see_other(CONSOLE)

        return handle

    def _advance_clock(self, form: dict[str, str]) -> None:
        try:
            seconds = float(form.get("advance_seconds", ""))
        except ValueError:
            seconds = -1
        self._clock.advance(json_input.advance_seconds({"advance_seconds": seconds}))
        self._seqr.apply_due_changes()

    def _add_fault(self, form: dict[str, str]) -> None:
        kind = form.get("kind", "")
        parameters = fault_input.PARAMETERS[Kind(kind)] if kind in set(Kind) else {}
        fields = form_input(form, parameters, fault_input.COMMON_FIELDS)
        add_fault(self._faults, fault_input.fault(fields))

    def _remove_fault(self, form: dict[str, str]) -> None:
        try:
            self._faults.remove(int(form.get("id", "")))
        except (ValueError, KeyError):
            # An outdated page still shows the button of a removed fault.
            return

    def _set_latency(self, form: dict[str, str]) -> None:
        kind = form.get("kind", "")
        known = kind in set(LatencyKind)
        parameters = latency_input.PARAMETERS[LatencyKind(kind)] if known else {}
        fields = form_input(form, parameters, latency_input.COMMON_FIELDS)
        self._latency.set(latency_input.latency_profile(fields))

    def _remove_latency(self, form: dict[str, str]) -> None:
        try:
            self._latency.remove(form.get("operation", ""))
        except KeyError:
            # An outdated page still shows the button of a removed profile.
            return

    def _act(self, form: dict[str, str]) -> None:
        reference, action = form.get("reference", ""), form.get("action", "")
        act(self._seqr, reference, action, self._seqr.scan_of(None))

    def _mark_period(self, form: dict[str, str]) -> None:
        scope, _, principal_id = form.get("scope", "").partition(" ")
        if scope == "terminal":
            mark = PeriodMark(terminal_id=principal_id)
        elif scope in {"reseller", "all"}:
            mark = PeriodMark(reseller_id=principal_id, closes_terminals=scope == "all")
        else:
            raise BadInputError("scope: a reseller or a terminal is needed.")
        mark_foreign_period(self._seqr, mark)

    def _reset(self, _: dict[str, str]) -> None:
        self._control.reset()


def _bodies(entry: Entry) -> dict[str, Any]:
    return {
        name: readable(body, indented=True)[:MAX_BODY_LETTERS]
        for name, body in (("request", entry.call.request), ("response", entry.call.response))
    }
