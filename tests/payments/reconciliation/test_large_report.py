"""A report of thousands of rows, fetched over HTTP and reconciled.

`REPORT_ROWS=50000 pytest -s` on this file prints the figures for another number of rows.
"""

import ctypes
import gc
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, LPad
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from orders.query_plans import long_read
from payments.gateway import forget_connections
from payments.models import (
    Invoice,
    InvoiceStatus,
    MatchResult,
    MoneyCase,
    PeriodStatus,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.matching import ROW_BATCH_SIZE
from payments.reconciliation.periods import advance_period, periods_due
from payments.reconciliation.reconcile import store_report
from payments.sandbox.storage.merchant_models import Transaction
from payments.sandbox.storage.state_file import StateFile
from payments.seqr import SeqrProtocolError, TransactionRow
from tests.payments.many_invoices import FIRST_ID, insert_invoices
from tests.payments.reconciliation.steps import match_results
from tests.payments.report_size import REPORT_ROWS
from tests.payments.steps import invoice_in, own_terminal
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db

AMOUNT = Decimal("45.00")
ERS_PREFIX = "2012060410485453"
MEBIBYTE = 1024 * 1024
STATEMENTS_PER_BATCH = 12
FIXED_STATEMENTS = 100
STATEMENT_SECONDS = 60  # for a statement that stores a busy day's rows, on a busy machine
MAX_MEMORY_MEBIBYTES = 24  # whatever the number of rows


def ers_reference(number: int) -> str:
    return f"{ERS_PREFIX}{number:09}"


@pytest.fixture
def large_sandbox(tmp_path: Path, settings: Settings) -> Iterator[SandboxProcess]:
    """A sandbox whose terminal has sold REPORT_ROWS times."""
    file = StateFile.open(tmp_path / "state")
    records = file.records()
    for number in range(REPORT_ROWS):
        sale = Transaction(settings.SEQR_TERMINAL_ID, "web", AMOUNT, "SEK", ers_reference(number))
        records.add_transaction(sale)
    records.commit()
    file.close()
    with SandboxProcess("--state", str(tmp_path / "state")) as process:
        settings.SEQR_SERVICE_URL = process.service_url
        forget_connections()
        yield process
    forget_connections()


def store_payments() -> None:
    """Store the terminal's payments in the shop, all an hour old."""
    number = LPad(Cast(F("pk") - FIRST_ID, CharField()), 9, Value("0"))
    with long_read(STATEMENT_SECONDS):
        insert_invoices(ended=REPORT_ROWS, open_at_seqr=0)
        Invoice.objects.update(
            status=InvoiceStatus.PAID,
            ers_reference=Concat(Value(ERS_PREFIX), number),
            paid_at=database_now() - timedelta(hours=1),
        )


class PeakMemory:
    """The growth of this process's memory in the context, in bytes."""

    bytes = 0

    def __enter__(self) -> "PeakMemory":
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # returns what the preparations have freed
        Path("/proc/self/clear_refs").write_text("5")  # the peak becomes the current size
        self._before = self._peak()
        return self

    def __exit__(self, *_: object) -> None:
        self.bytes = self._peak() - self._before

    @staticmethod
    def _peak() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_large_report_is_reconciled_in_batches_and_little_memory(
    large_sandbox: SandboxProcess,
) -> None:
    store_payments()
    [period_id] = periods_due(database_now())
    advance_period(period_id)
    large_sandbox.advance(3)
    TransactionPeriod.objects.update(lease_until=None)  # three seconds have passed
    statements = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    started, cpu_before = time.monotonic(), time.process_time()

    with PeakMemory() as memory, connection.execute_wrapper(count):
        advance_period(period_id)

    seconds, cpu = time.monotonic() - started, time.process_time() - cpu_before
    figures = f"{seconds:.1f} s, {cpu:.1f} s of CPU, {memory.bytes / MEBIBYTE:.0f} MiB"
    sys.stdout.write(f"{REPORT_ROWS} rows: {figures}, {statements} statements\n")
    period = TransactionPeriod.objects.get()
    assert period.status == PeriodStatus.RECONCILED
    assert period.rows.filter(match_result=MatchResult.SALE).count() == REPORT_ROWS
    assert MoneyCase.objects.count() == 0
    assert statements < FIXED_STATEMENTS + STATEMENTS_PER_BATCH * (REPORT_ROWS / ROW_BATCH_SIZE + 1)
    assert memory.bytes < MAX_MEMORY_MEBIBYTES * MEBIBYTE


@pytest.fixture
def marked_period() -> TransactionPeriod:
    """A period that SEQR has closed just now, without its report."""
    now = database_now()
    return TransactionPeriod.objects.create(
        day=now.date(),
        terminal=own_terminal(),
        status=PeriodStatus.MARKED,
        transaction_period_id="P1",
        marking_started_at=now,
        marking_ended_at=now,
    )


def row(amount: str, reference: str) -> TransactionRow:
    return TransactionRow("the terminal", "web", Decimal(amount), reference)


def test_rows_of_different_batches_are_matched_like_those_of_one(
    marked_period: TransactionPeriod, monkeypatch: pytest.MonkeyPatch, clerk: User
) -> None:
    monkeypatch.setattr("payments.reconciliation.matching.ROW_BATCH_SIZE", 2)
    sent_at = database_now() - timedelta(minutes=10)
    paid = invoice_in(InvoiceStatus.PAID, ers_reference="S1", paid_at=sent_at)

    def refund(status: RefundStatus, reference: str | None) -> Refund:
        return Refund.objects.create(
            invoice=paid,
            amount=Decimal("12.00"),
            currency="SEK",
            reason="cold",
            requested_by=clerk,
            status=status,
            ers_reference=reference,
            resolved_by=None if reference else clerk,
            sent_at=sent_at,
        )

    known = refund(RefundStatus.REFUNDED, "R1")
    without_reference = refund(RefundStatus.REFUNDED, None)
    refund(RefundStatus.UNKNOWN, None)

    report = [
        row("-12.00", "X1"),  # the known refund without a reference, not the one of a later row
        row("45.00", "S1"),
        row("-12.00", "X2"),  # perhaps the unknown refund
        row("45.00", "S1"),
        row("-12.00", "R1"),
        row("-7.00", "X3"),
        row("45.00", "S2"),
    ]
    store_report(marked_period.pk, report, ChangeSource(SourceName.RECONCILIATION))

    assert match_results(marked_period) == [
        MatchResult.REFUND,
        MatchResult.SALE,
        MatchResult.MAYBE_REFUND,
        MatchResult.REPEATED,
        MatchResult.REFUND,
        MatchResult.UNKNOWN_REFUND,
        MatchResult.UNKNOWN_SALE,
    ]
    matched = marked_period.rows.filter(refund__isnull=False).order_by("position")
    assert [each.refund for each in matched] == [without_reference, known]


def test_unreadable_end_of_a_report_leaves_the_rows_before(
    marked_period: TransactionPeriod,
) -> None:
    source = ChangeSource(SourceName.RECONCILIATION)
    store_report(marked_period.pk, [row("45.00", "S1")], source)

    def broken() -> Iterator[TransactionRow]:
        yield row("45.00", "S2")
        raise SeqrProtocolError("executeReport", "the response's SalesAmount is not a number", 0)

    with pytest.raises(SeqrProtocolError):
        store_report(marked_period.pk, broken(), source)

    assert [each.ers_reference for each in marked_period.rows.all()] == ["S1"]
