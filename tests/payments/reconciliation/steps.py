"""Steps that tests about reconciliation share. Time passes by making the rows older."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F, Model

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType, Terminal
from payments.models import (
    CaseKind,
    Invoice,
    MoneyCase,
    PeriodRow,
    PeriodStatus,
    Refund,
    RefundHold,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.periods import advance_period, period_day, periods_due
from payments.reconciliation.reconcile import store_report
from payments.refunds.send import send_refund
from payments.seqr import TransactionRow
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import (
    client_of,
    issued_invoice,
    own_terminal,
    paid_invoice,
    reference,
)
from tests.sandbox_process import SandboxProcess

TIME_FIELDS = {
    Invoice: (
        "created_at",
        "lease_until",
        "issued_at",
        "late_query_pending_since",
        "capture_lease_until",
        "cancel_requested_at",
        "cancel_lease_until",
        "refused_as_paid_at",
        "paid_at",
        "receipt_lease_until",
    ),
    Refund: ("created_at", "sent_at", "sent_until", "lease_until"),
    RefundHold: ("lost_since", "lost_until"),
    MoneyCase: ("opened_at",),
    TransactionPeriod: (
        "created_at",
        "since",
        "lease_until",
        "marking_started_at",
        "marking_ended_at",
    ),
}

BY_RECONCILIATION = ChangeSource(SourceName.RECONCILIATION)
A_TIME = "2026-01-01T00:00:00Z"
CLOSED = {"marking_started_at": A_TIME, "marking_ended_at": A_TIME}
REQUIRED_FIELDS: dict[PeriodStatus, dict[str, Any]] = {
    PeriodStatus.MARKING: {"marking_started_at": A_TIME, "lease_until": A_TIME},
    PeriodStatus.MARKED: CLOSED | {"transaction_period_id": "P1"},
    PeriodStatus.RECONCILED: CLOSED | {"transaction_period_id": "P1", "fetched_at": A_TIME},
    PeriodStatus.LOST: CLOSED,
}


def advance_time(delta: timedelta) -> None:
    """Make every row older by `delta`; after a day, today's period is yesterday's."""
    with connection.cursor() as cursor:
        cursor.execute(_statement_that_advances_time(), [delta.total_seconds()] * len(TIME_FIELDS))
    for period in TransactionPeriod.objects.order_by("day") if delta.days else ():
        period.day -= timedelta(days=delta.days)
        period.save(update_fields=["day"])


@cache
def _statement_that_advances_time() -> str:
    return statement_that_makes_older(TIME_FIELDS)


def statement_that_makes_older(fields: Mapping[type[Model], Iterable[str]]) -> str:
    """Return one statement for all tables: PostgreSQL prepares it, and some tests repeat it often.

    Its parameters are the seconds, once for each table.
    """
    updates = []
    for model, names in fields.items():
        times = ", ".join(f"{name} = {name} - given.delta" for name in names)
        table = model._meta.db_table
        updates.append(
            f"{table}_older AS (UPDATE {table} SET {times}"  # noqa: S608 - names of our own
            " FROM (SELECT make_interval(secs => %s) AS delta) AS given)"
        )
    return f"WITH {', '.join(updates)} SELECT"


def advance_one_day() -> None:
    """Make every row a day older."""
    advance_time(timedelta(days=1))


def run_due_periods(sandbox: SandboxProcess) -> list[int]:
    """Take the due step of each period three seconds later; return the periods' IDs."""
    own_terminal()
    sandbox.advance(3)
    advance_time(timedelta(seconds=3))
    due = periods_due(database_now())
    for period_id in due:
        advance_period(period_id)
    return due


def reconcile_day(sandbox: SandboxProcess) -> TransactionPeriod:
    """Close the day's periods an hour later and reconcile their reports.

    Returns the period of the terminal that the settings name.
    """
    advance_time(timedelta(hours=1))
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    return own_terminal().periods.latest("day")


def unrecorded_sale(sandbox: SandboxProcess, terminal: Terminal | None = None) -> str:
    """Pay 45.00 SEK without recording it in the shop; return SEQR's reference of the payment."""
    invoice = issued_invoice(terminal)
    sandbox.pay(reference(invoice))
    paid = client_of(invoice.terminal).get_payment_status(reference(invoice), 0)
    assert paid.ers_reference is not None
    return paid.ers_reference


def earlier_sale(sandbox: SandboxProcess) -> Invoice:
    """Pay 45.00 SEK five minutes ago: the report of the day then covers what follows."""
    invoice = paid_invoice(sandbox)
    advance_time(timedelta(minutes=5))
    return invoice


def earlier_known_refund(sandbox: SandboxProcess, clerk: User) -> Refund:
    """Pay 45.00 SEK and refund 5.00 of it five minutes ago: reports then show refunds."""
    refund = sent_refund(paid_invoice(sandbox), "5.00", clerk)
    advance_time(timedelta(minutes=5))
    return refund


def mark_by_other_till(
    sandbox: SandboxProcess, *, closes_terminals: bool = False, terminal_id: str | None = None
) -> None:
    """Close a period of the reseller as another till does, now, five minutes ago for the shop."""
    mark = {"terminal_id": terminal_id, "closes_terminals": closes_terminals}
    sandbox.control("POST", "/periods", mark)
    advance_time(timedelta(minutes=5))


def sent_refund(invoice: Invoice, amount: str, clerk: User) -> Refund:
    """Request a refund and send it; return it with its outcome."""
    refund = requested_refund(invoice, amount, clerk)
    send_refund(refund.pk)
    refund.refresh_from_db()
    return refund


def unknown_refund(
    sandbox: SandboxProcess, invoice: Invoice, amount: str, clerk: User, *, is_made: bool
) -> Refund:
    """Send a refund whose answer leaves the outcome unknown, whether or not SEQR makes it."""
    if is_made:
        sandbox.fault("refundPayment", "drop", count=1)
    else:
        sandbox.fault("refundPayment", "result_code", count=1, code=90)
    return sent_refund(invoice, amount, clerk)


def recorded_refund(
    invoice: Invoice,
    amount: str,
    clerk: User,
    *,
    sent_at: datetime | None,
    status: RefundStatus = RefundStatus.UNKNOWN,
    ers_reference: str | None = None,
) -> Refund:
    """Return a refund with this status that the shop has recorded, without a call to SEQR."""
    return Refund.objects.create(
        invoice=invoice,
        amount=Decimal(amount),
        currency="SEK",
        reason="cold coffee",
        requested_by=clerk,
        status=status,
        ers_reference=ers_reference,
        sent_at=sent_at,
    )


def period_with_report(marked_at: datetime, *rows: tuple[str, str]) -> TransactionPeriod:
    """Close the day's period at this time, with a report of rows (amount, reference)."""
    period = TransactionPeriod.objects.create(
        day=period_day(marked_at),
        terminal=own_terminal(),
        status=PeriodStatus.MARKED,
        transaction_period_id=f"P{marked_at.isoformat()}",
        marking_started_at=marked_at,
        marking_ended_at=marked_at + timedelta(seconds=1),
    )
    store_rows(period, *rows)
    return period


def store_rows(period: TransactionPeriod, *rows: tuple[str, str]) -> None:
    """Reconcile a report of rows (amount, reference) for a period, or another one in its place."""
    report = [TransactionRow("t", None, Decimal(amount), reference) for amount, reference in rows]
    store_report(period.pk, report, BY_RECONCILIATION)


def match_results(period: TransactionPeriod) -> list[str]:
    """Return the match results of a period's rows: the report's in order, then the missing ones."""
    rows = PeriodRow.objects.filter(period=period)
    return [row.match_result for row in rows.order_by(F("position").asc(nulls_last=True), "id")]


def cases(kind: CaseKind) -> list[MoneyCase]:
    """Return the cases of this kind, oldest first."""
    return list(MoneyCase.objects.filter(kind=kind).order_by("id"))


def last_period_id_at_seqr(sandbox: SandboxProcess) -> str:
    """Return SEQR's ID of the period that it closed last."""
    return str(sandbox.control("GET", "/periods")["periods"][-1]["transaction_period_id"])


def first_period_id_at_seqr(sandbox: SandboxProcess) -> str:
    """Return SEQR's ID of the period that it closed first."""
    answer = sandbox.calls("markTransactionPeriod")[0]["response"]
    return str(answer).partition("<transactionPeriodId>")[2].partition("<")[0]


def period_in(status: PeriodStatus, **fields: Any) -> TransactionPeriod:
    """Return a period with this status, yesterday's unless another day is given."""
    day = period_day(database_now()) - timedelta(days=1)
    needed = {"day": day} | REQUIRED_FIELDS.get(status, {}) | fields
    return TransactionPeriod.objects.create(terminal=own_terminal(), status=status, **needed)


def todays_period() -> TransactionPeriod:
    """Return the period that is due now."""
    terminal = own_terminal()
    periods_due(database_now())
    return terminal.periods.latest("day")


def status_of(period: TransactionPeriod) -> str:
    """Return the period's status in the database."""
    return TransactionPeriod.objects.get(pk=period.pk).status


def event_names_of(period: TransactionPeriod) -> list[str]:
    """Return the names of a period's audit events, oldest first."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.PERIOD, subject_id=period.pk)
    return list(events.values_list("name", flat=True))
