"""The command: `python -m tests.bench.receipt_numbers`. Do receipt numbers make payments queue?

Records payments without receipts, with them, and with a lock that the process takes itself, by
turns, in as many threads as a web process has: one payment in a transaction, as notifications bring
them, and fifty, as the poller writes them; of one seller, and of many. Prints medians, and ratios
to no receipts. PostgreSQL waits for the disk at each COMMIT. Ends within five minutes: a slow
machine completes fewer rounds.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from threading import Barrier
from typing import Any
from unittest.mock import patch

import django
from django.core.management import call_command

from seqrshop.local import ROOT, orphans
from seqrshop.local.servers import run_servers
from seqrshop.local.testing import settings_for_tests

FOLDER = ROOT / ".local" / "receipt-numbers"
THREADS = 16
MAX_ROUNDS = 9
MAX_SECONDS = 280  # in all: no round begins that would last longer
PAYMENTS = 400  # of a measurement
HANG_SECONDS = 60  # after which a measurement has failed
MANY_SELLERS = 50
LOCK_BY_PROCESS = """
    SELECT pg_advisory_xact_lock(1701, seller_id::int) FROM (
        SELECT DISTINCT seller_id FROM orders_terminal WHERE id = ANY(%s) ORDER BY seller_id
    ) sellers
"""


@dataclass(frozen=True)
class Case:
    """The payments of one row of the table."""

    sellers: int
    batch: int

    def __str__(self) -> str:
        who = "one seller" if self.sellers == 1 else f"{self.sellers} sellers"
        return f"{who}, {self.batch} in a transaction"


CASES = [Case(sellers, batch) for batch in (1, 50) for sellers in (1, MANY_SELLERS)]


def main() -> None:
    """Measure all cases, and print them."""
    ends_at = time.monotonic() + MAX_SECONDS
    orphans.stop_orphans()
    shutil.rmtree(FOLDER, ignore_errors=True)
    with run_servers(FOLDER, durable=True) as addresses:
        os.environ.update(
            {
                **settings_for_tests(),
                "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
                "DATABASE_URL": addresses.database_url,
                "MIGRATION_DATABASE_URL": addresses.migration_database_url,
                "REDIS_URL": addresses.redis_url,
            }
        )
        django.setup()
        call_command("migrate", verbosity=0)
        _report(_measured(ends_at))
    shutil.rmtree(FOLDER, ignore_errors=True)


class Way(Enum):
    """What is recorded with a payment."""

    NONE = "no receipt"
    AT_COMMIT = "number at COMMIT"
    BY_PROCESS = "number locked by the process"


Rates = dict[Case, dict[Way, list[float]]]


def _measured(ends_at: float) -> Rates:
    """Return payments a second of each case in each way: a round measures all of them, by turns."""
    rates: Rates = {case: {way: [] for way in Way} for case in CASES}
    shops = {sellers: _shops(sellers) for sellers in {case.sellers for case in CASES}}
    for number in range(1, MAX_ROUNDS + 1):
        began_at = time.monotonic()
        for case in CASES:
            for way in Way:
                rates[case][way].append(_rate(case, way, shops[case.sellers]))
        now = time.monotonic()
        sys.stderr.write(f"round {number}: {now - began_at:.0f} s, {ends_at - now:.0f} s left\n")
        if now + (now - began_at) > ends_at:
            break
    return rates


def _report(rates: Rates) -> None:
    """Print the medians of all cases, and their ratios to no receipts."""
    for case, ways in rates.items():
        sys.stdout.write(f"{case}, {len(ways[Way.NONE])} rounds:\n")
        for way in Way:
            ratios = [
                rate / without for rate, without in zip(ways[way], ways[Way.NONE], strict=True)
            ]
            sys.stdout.write(
                f"  {way.value}: {statistics.median(ways[way]):.0f} payments/s;"
                f" ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})\n"
            )


def _rate(case: Case, way: Way, shops: list[Any]) -> float:
    """Return the payments recorded in a second."""
    from django.db import connection  # noqa: PLC0415 - once Django is set up

    from payments.invoices import transitions  # noqa: PLC0415
    from payments.invoices.apply_payments import apply_payments  # noqa: PLC0415
    from payments.issue_receipts import NewReceipt, issue_receipts  # noqa: PLC0415
    from tests.payments.steps import BY_POLLER  # noqa: PLC0415

    def issue(receipts: list[NewReceipt]) -> None:
        if way == Way.NONE:
            return
        if way == Way.BY_PROCESS:
            sellers = {each.invoice.terminal_id: None for each in receipts}
            with connection.cursor() as cursor:
                cursor.execute(LOCK_BY_PROCESS, [list(sellers)])
        issue_receipts(receipts)

    answers = _answers(shops)
    batches = [answers[at : at + case.batch] for at in range(0, PAYMENTS, case.batch)]
    shares = [batches[first::THREADS] for first in range(THREADS)]
    barrier = Barrier(THREADS + 1)

    def work(share: list[Any]) -> int:
        try:
            connection.ensure_connection()
            barrier.wait(HANG_SECONDS)
            return sum(len(apply_payments(batch, BY_POLLER)) for batch in share)
        finally:
            connection.close()

    with patch.object(transitions, "issue_receipts", issue), ThreadPoolExecutor(THREADS) as threads:
        results = [threads.submit(work, share) for share in shares]
        barrier.wait(HANG_SECONDS)
        began_at = time.monotonic()
        recorded = sum(result.result(HANG_SECONDS) for result in results)
        seconds = time.monotonic() - began_at
    assert recorded == PAYMENTS, recorded
    return recorded / seconds


def _shops(sellers: int) -> list[Any]:
    """Create this many sellers, with a terminal and a shop each; return the shops."""
    from tests.factories import ShopFactory, TerminalFactory  # noqa: PLC0415 - as above

    names = [f"seller-{sellers}-{n}" for n in range(sellers)]
    terminals = [
        TerminalFactory.create(principal_id=name, seller__reseller_id=name) for name in names
    ]
    return [ShopFactory.create(terminal=each, seller=each.seller) for each in terminals]


def _answers(shops: list[Any]) -> list[Any]:
    """Create issued invoices; return the poller's query and SEQR's answer about each."""
    from orders.models import Customer, Order  # noqa: PLC0415
    from payments.models import Invoice  # noqa: PLC0415
    from tests.factories import CustomerFactory, InvoiceFactory, OrderFactory  # noqa: PLC0415
    from tests.payments.invoices.test_apply_payments import payment_of  # noqa: PLC0415

    customers = Customer.objects.bulk_create(CustomerFactory.build_batch(PAYMENTS))
    orders = Order.objects.bulk_create(
        OrderFactory.build(shop=shops[n % len(shops)], customer=each, state="awaiting_payment")
        for n, each in enumerate(customers)
    )
    invoices = Invoice.objects.bulk_create(
        InvoiceFactory.build(order=order, issued=True) for order in orders
    )
    found = Invoice.objects.select_related("order").filter(pk__in=[each.pk for each in invoices])
    return [payment_of(each) for each in found]


if __name__ == "__main__":
    main()
