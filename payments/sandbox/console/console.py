"""The developer's corner: faults, the clock, the invoices, and the calls as they go by."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from payments.sandbox.clock import AdjustableClock
from payments.sandbox.console.fault_form import form_fault, form_fields
from payments.sandbox.control import json_input
from payments.sandbox.control.api import ENDINGS, ControlApi
from payments.sandbox.control.fault_api import added_fault
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.faults.registry import (
    ANY_OPERATION,
    NOTIFICATION,
    NOTIFICATION_KINDS,
    SOAP_KINDS,
    FaultRegistry,
)
from payments.sandbox.operations.simulator import ConflictError, NotFoundError, SeqrSimulator
from payments.sandbox.pages import CORNER_POLICY, Pages, form_of, see_other
from payments.sandbox.soap.schema import OPERATIONS
from payments.sandbox.storage.call_log import CallLog, Entry, readable

CORNER: Final = "/developer"

MAX_ROWS: Final = 100
MAX_INVOICES: Final = 30
MAX_SHOWN_LETTERS: Final = 200_000

Action = Callable[[dict[str, str]], None]


class DeveloperConsole:
    """The handlers of /developer."""

    def __init__(
        self,
        state: SeqrSimulator,
        clock: AdjustableClock,
        *,
        calls: CallLog,
        faults: FaultRegistry,
        control: ControlApi,
        pages: Pages,
    ) -> None:
        self._state = state
        self._clock = clock
        self._calls = calls
        self._faults = faults
        self._control = control
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Serve them on the application."""
        app.add_routes(
            [
                web.get(CORNER, self._show),
                web.get(f"{CORNER}/calls/{{n:[0-9]{{1,18}}}}", self._show_call),
                web.post(f"{CORNER}/clock", self._handler(self._advance)),
                web.post(f"{CORNER}/faults", self._handler(self._add_fault)),
                web.post(f"{CORNER}/faults/remove", self._handler(self._remove_fault)),
                web.post(f"{CORNER}/invoices", self._handler(self._act)),
                web.post(f"{CORNER}/reset", self._handler(self._reset)),
            ]
        )

    async def _show(self, request: web.Request) -> web.Response:
        return self._page(operation=request.query.get("operation", ""))

    def _page(
        self,
        status: int = 200,
        *,
        operation: str = "",
        error: str = "",
        given: dict[str, str] | None = None,
    ) -> web.Response:
        wanted = operation if operation in {*OPERATIONS, NOTIFICATION} else ""
        invoices = self._state.invoices()
        return self._pages.page(
            "developer.html",
            status,
            policy=CORNER_POLICY,
            error=error,
            given=defaultdict(str, given or {}),
            faults=self._faults.all(),
            operations=[*OPERATIONS],
            targets=[ANY_OPERATION, *OPERATIONS, NOTIFICATION],
            kinds={"A SOAP call": SOAP_KINDS, "A notification": NOTIFICATION_KINDS},
            fields=form_fields(),
            invoices=invoices[: -MAX_INVOICES - 1 : -1],
            invoice_count=len(invoices),
            wanted=wanted,
            calls=self._calls.latest(MAX_ROWS, wanted or None),
            era=self._calls.era,
        )

    async def _show_call(self, request: web.Request) -> web.Response:
        entry = self._calls.entry(int(request.match_info["n"]))
        if entry is None:
            raise web.HTTPNotFound
        return self._pages.page("call.html", policy=CORNER_POLICY, entry=entry, **_bodies(entry))

    def _handler(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            form = await form_of(request)
            try:
                action(form)
            except (BadInputError, ConflictError, NotFoundError) as error:
                return self._page(400, error=str(error), given=form)
            return see_other(CORNER)

        return handle

    def _advance(self, form: dict[str, str]) -> None:
        try:
            seconds = float(form.get("advance_seconds", ""))
        except ValueError:
            seconds = -1
        self._clock.advance(json_input.advance_seconds({"advance_seconds": seconds}))
        self._state.catch_up()

    def _add_fault(self, form: dict[str, str]) -> None:
        added_fault(self._faults, form_fault(form))

    def _remove_fault(self, form: dict[str, str]) -> None:
        try:
            self._faults.remove(int(form.get("id", "")))
        except (ValueError, KeyError):
            # Whoever sees an old page presses the button of a fault that is gone already.
            return

    def _act(self, form: dict[str, str]) -> None:
        reference, action = form.get("reference", ""), form.get("action", "")
        if action == "pay":
            self._state.pay(reference, self._state.scan_of(None))
        elif action in ENDINGS:
            self._state.end(reference, ENDINGS[action])
        elif action in {"hold", "release"}:
            self._state.hold(reference, held=action == "hold")
        else:
            raise BadInputError("action: pay, cancel, fail, expire, hold or release is needed.")

    def _reset(self, _: dict[str, str]) -> None:
        self._control.forget_everything()


def _bodies(entry: Entry) -> dict[str, Any]:
    return {
        name: readable(body, indented=True)[:MAX_SHOWN_LETTERS]
        for name, body in (("request", entry.call.request), ("answer", entry.call.answer))
    }
