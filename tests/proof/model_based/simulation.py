"""The shop and its SEQR for one run of the machine, and the time that passes for both at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import TypeVar

from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Model, Value
from django.test import Client

from orders.models import AuditEvent, Product
from payments.gateway import status_calls
from payments.models import Invoice
from payments.polling import status_checks
from tests.factories import ProductFactory, ShopFactory
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.proof.model_based.customers import Customer
from tests.proof.model_based.recording_proxy import RecordingProxy
from tests.redis_reset import reset_rate_limits
from tests.sandbox_process import SandboxProcess

T = TypeVar("T")

NUMBERS = ("46700000001", "46700000002")
RIGHTS = (
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


class World:
    """Two customers, two of the staff, two pollers over one shard, and SEQR beyond the road."""

    def __init__(self, sandbox: SandboxProcess, proxy: RecordingProxy, slips: Slips) -> None:
        empty_the_books()
        sandbox.reset()
        sandbox.fault("notification", "lost")  # the run itself delivers them, or does not
        proxy.reset()
        slips.records.clear()
        reset_rate_limits()
        self.sandbox = sandbox
        self.proxy = proxy
        self.slips = slips
        self.shop = ShopFactory.create(name="Kafé Lyktan", slug="lyktan", service_id="LYKTAN")
        self.bun: Product = ProductFactory.create(shop=self.shop)
        sandbox.register_shop("LYKTAN", "http://testserver/lyktan")
        self.shown: dict[str, str] = {}  # reference: the order that it was shown for
        self.notifications: list[str] = []  # the addresses that SEQR has to call
        self.delivered: list[str] = []
        self.steps: list[tuple[int, str]] = []  # what was done, each after which event
        self.meddled: set[str] = set()  # references about which SEQR has contradicted itself
        self.refund_forms: list[tuple[int, dict[str, str]]] = []
        self.customers = [Customer(self, number) for number in NUMBERS]
        self.staff = [person(name) for name in ("clerk", "boss")]
        self.pollers = [Poller(), Poller()]

    def pass_time(self, seconds: int) -> None:
        """Let so much time pass, in which nobody does anything."""
        self.sandbox.advance(seconds)
        grow_older(timedelta(seconds=seconds))
        for poller in self.pollers:
            poller.shard.now += seconds
        self.proxy.expire_leases()

    def restart_poller(self, number: int) -> None:
        """Kill a poller with all that it knows, and start another."""
        if self.pollers[number].end():
            self.pollers[number] = Poller()

    def close(self) -> None:
        """End what is at work."""
        for poller in self.pollers:
            poller.end()


class Poller:
    """A loop over the one shard: a single thread, which does nothing else while it is busy.

    Its second begins when it is told to ask.
    """

    def __init__(self) -> None:
        self._calls = status_calls(MAX_IN_FLIGHT)
        self._busy = threading.Lock()
        self._looked_at = time.monotonic()
        self.shard = Shard(self._calls)

    def ask(self) -> bool:
        """Read what is open, and have SEQR's answers in memory."""
        return self._unless_busy(self._ask)

    def write(self) -> bool:
        """Write what SEQR has answered."""
        return self._unless_busy(self.shard.store.step)

    def end(self) -> bool:
        """Close its connections."""
        return self._unless_busy(self._calls.close)

    def _unless_busy(self, work: Callable[[], None]) -> bool:
        if not self._busy.acquire(blocking=False):
            return False
        try:
            work()
        finally:
            self._busy.release()
        return True

    def _ask(self) -> None:
        now = time.monotonic()
        self.shard.now += 1.0 + now - self._looked_at
        self._looked_at = now
        self.shard.store.step()
        self.shard.poller.step()
        self.shard.collect_answers()


class Slips(logging.Handler):
    """Keeps what was logged with a traceback: a mistake of ours that was caught and gone over."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        if record.exc_info:
            self.records.append(f"{record.getMessage()}: {record.exc_info[1]!r}")


def newest(rows: Sequence[T], which: int) -> T | None:
    """Return one of these, 0 for the newest; None where there is none."""
    return rows[-1 - which % len(rows)] if rows else None


def invoice_number(which: int) -> Invoice | None:
    """Return an invoice of ours, 0 for the newest."""
    return newest(list(Invoice.objects.select_related("order").order_by("pk")), which)


def wait_for_checks() -> None:
    """Wait for the questions that the web process asks in threads of its own."""
    deadline = time.monotonic() + 10
    while status_checks.checks_in_flight():
        assert time.monotonic() < deadline, "a check of the web process does not end"
        time.sleep(0.001)


def person(name: str) -> Client:
    """Return the browser of one of the staff, who may do all about money."""
    user, is_new = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    if is_new:
        user.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    client = Client()
    client.force_login(user)
    return client


@cache
def _models() -> list[type[Model]]:
    return [each for each in apps.get_models() if each._meta.app_label in ("orders", "payments")]


def empty_the_books() -> None:
    """Forget all that was ordered and paid; the staff stay."""
    tables = ", ".join(model._meta.db_table for model in _models())
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def grow_older(by: timedelta) -> None:
    """Make every moment in the books earlier; but for the audit's, which nobody reckons with."""
    shift = ExpressionWrapper(Value(by), output_field=DurationField())
    for model in _models():
        moments = [
            field.name for field in model._meta.concrete_fields if isinstance(field, DateTimeField)
        ]
        if moments and model is not AuditEvent:
            model._default_manager.update(**{name: F(name) - shift for name in moments})


Act = Callable[[World, int, int], None]
