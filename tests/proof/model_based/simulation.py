"""The shop and the sandbox for one run of the state machine, with one clock for both."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import TypeVar

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import DateTimeField, Model
from django.test import Client

from orders.models import AuditDigest, AuditEvent, AuditPruning, StaffAccess
from payments.gateway import status_calls
from payments.models import Invoice, Receipt
from payments.polling import status_checks
from tests.database_roles import execute_as_owner
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.payments.reconciliation.steps import statement_that_makes_older
from tests.proof.model_based.chain import open_chain
from tests.proof.model_based.customers import Customer
from tests.proof.model_based.recording_proxy import RecordingProxy
from tests.redis_reset import reset_rate_limits
from tests.sandbox_process import SandboxProcess

T = TypeVar("T")
CHECK_SECONDS = 30

MSISDNS = ("46700000001", "46700000002")
PERMISSIONS = (
    "view_invoice",
    "check_invoice",
    "cancel_invoice",
    "view_refund",
    "request_refund",
    "approve_refund",
    "resolve_unknown_refund",
    "view_order",
    "serve_order",
    "view_moneycase",
    "close_moneycase",
)


class Simulation:
    """Two customers, two staff, two pollers, a chain of shops, and SEQR behind the proxy."""

    def __init__(
        self, sandbox: SandboxProcess, proxy: RecordingProxy, traceback_log: TracebackLog
    ) -> None:
        delete_everything()
        sandbox.reset()
        sandbox.fault("notification", "lost")  # the run delivers them itself, or does not
        proxy.reset()
        traceback_log.records.clear()
        reset_rate_limits()
        self.sandbox = sandbox
        self.proxy = proxy
        self.traceback_log = traceback_log
        self.chain = open_chain(sandbox)
        self.changed_passwords = 0
        self.refund_time = timedelta(days=settings.TERMINAL_REFUND_DAYS)
        self.shown: dict[str, str] = {}  # order id by reference shown
        self.slugs: dict[str, str] = {}  # of the shop, by order id
        self.notifications: list[str] = []  # paths that SEQR has to call
        self.delivered: list[str] = []
        self.steps: list[tuple[int, str]] = []  # each after the id of the last event
        self.contradicted: set[str] = set()  # references whose status SEQR has contradicted
        self.refund_forms: list[tuple[int, dict[str, str]]] = []  # each with its invoice's ID
        self.customers = [Customer(self, number) for number in MSISDNS]
        self.staff = [staff_browser(name) for name in ("clerk", "boss")]
        self.pollers = [Poller(), Poller()]

    def pass_time(self, seconds: int) -> None:
        """Advance the clocks of the sandbox, the database rows and the pollers."""
        self.sandbox.advance(seconds)
        shift_timestamps(timedelta(seconds=seconds))
        for poller in self.pollers:
            poller.shard.now += seconds
        self.proxy.expire_leases()

    def restart_poller(self, number: int) -> None:
        """Replace a poller by one without its memory."""
        if self.pollers[number].end():
            self.pollers[number] = Poller()

    def close(self) -> None:
        """Close the pollers' connections."""
        for poller in self.pollers:
            poller.end()


class Poller:
    """The loop of the one shard: a single thread, which skips a call while it is busy.

    query() begins a new second.
    """

    def __init__(self) -> None:
        self._calls = status_calls(MAX_IN_FLIGHT)
        self._busy = threading.Lock()
        self._last_query_at = time.monotonic()
        self.shard = Shard(self._calls)

    def query(self) -> bool:
        """Read the open invoices, query SEQR, and keep the answers in memory."""
        return self._unless_busy(self._query)

    def write(self) -> bool:
        """Write SEQR's answers."""
        return self._unless_busy(self.shard.store.step)

    def end(self) -> bool:
        """Close the connections."""
        return self._unless_busy(self._calls.close)

    def _unless_busy(self, work: Callable[[], object]) -> bool:
        if not self._busy.acquire(blocking=False):
            return False
        try:
            work()
        finally:
            self._busy.release()
        return True

    def _query(self) -> None:
        now = time.monotonic()
        self.shard.now += 1.0 + now - self._last_query_at
        self._last_query_at = now
        self.shard.store.step()
        self.shard.poller.step()
        self.shard.collect_answers()


class TracebackLog(logging.Handler):
    """Keeps what was logged with a traceback: an unexpected error that was caught."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record that has a traceback."""
        if record.exc_info:
            self.records.append(f"{record.getMessage()}: {record.exc_info[1]!r}")


def pick(rows: Sequence[T], index: int) -> T | None:
    """Return a row, 0 for the newest; None where there is none."""
    return rows[-1 - index % len(rows)] if rows else None


def pick_invoice(index: int) -> Invoice | None:
    """Return an invoice, 0 for the newest."""
    return pick(list(Invoice.objects.select_related("order").order_by("pk")), index)


def wait_for_checks() -> None:
    """Wait for the status checks that run in threads of the web process."""
    deadline = time.monotonic() + CHECK_SECONDS
    while status_checks.checks_in_flight():
        assert time.monotonic() < deadline, "a status check does not end"
        time.sleep(0.001)


def staff_browser(name: str) -> Client:
    """Return the browser of a staff member with all permissions about payments, in all shops."""
    user, is_new = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    if is_new:
        user.user_permissions.set(Permission.objects.filter(codename__in=PERMISSIONS))
    StaffAccess.objects.update_or_create(user=user, defaults={"all_shops": True})
    client = Client()
    client.force_login(user)
    return client


@cache
def _models() -> list[type[Model]]:
    return [each for each in apps.get_models() if each._meta.app_label in ("orders", "payments")]


def delete_everything() -> None:
    """Delete all orders and payments; users stay."""
    tables = ", ".join(model._meta.db_table for model in _models())
    execute_as_owner(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def shift_timestamps(by: timedelta) -> None:
    """Move every timestamp into the past, except those that never change and no code compares."""
    fields = _shifted_fields()
    with connection.cursor() as cursor:
        cursor.execute(_statement_that_shifts(), [by.total_seconds()] * len(fields))


@cache
def _shifted_fields() -> dict[type[Model], list[str]]:
    fields = {
        model: [
            field.name for field in model._meta.concrete_fields if isinstance(field, DateTimeField)
        ]
        for model in _models()
        if model not in (AuditDigest, AuditEvent, AuditPruning, Receipt)
    }
    return {model: names for model, names in fields.items() if names}


@cache
def _statement_that_shifts() -> str:
    return statement_that_makes_older(_shifted_fields())


Action = Callable[[Simulation, int, int], None]
