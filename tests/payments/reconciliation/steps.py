"""The night's work, and the time between: nothing sleeps, all that is there grows older."""

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Value

from orders.clock import database_now
from payments.gateway import seqr
from payments.models import Invoice, MoneyCase, PeriodRow, Refund, TransactionPeriod
from payments.reconciliation.periods import advance_period, periods_due
from tests.payments.steps import issued_invoice, reference
from tests.sandbox_process import SandboxProcess

MOMENTS = {
    Invoice: (
        "created_at",
        "lease_until",
        "issued_at",
        "capture_lease_until",
        "paid_at",
        "receipt_lease_until",
    ),
    Refund: ("created_at", "sent_at", "lease_until"),
    MoneyCase: ("opened_at",),
    TransactionPeriod: (
        "created_at",
        "since",
        "lease_until",
        "marking_started_at",
        "marking_ended_at",
    ),
}


def advance_time(delta: timedelta) -> None:
    """Let so much time pass; after a day or more, yesterday's period is of another day."""
    for model, names in MOMENTS.items():
        shift = ExpressionWrapper(Value(delta), output_field=DurationField())
        model.objects.update(**{name: F(name) - shift for name in names})  # type: ignore[attr-defined]
    for period in TransactionPeriod.objects.order_by("day"):
        period.day -= timedelta(days=delta.days)
        period.save(update_fields=["day"])


def advance_one_day() -> None:
    advance_time(timedelta(days=1))


def run_due_periods(sandbox: SandboxProcess) -> list[int]:
    """Do what is due now, when SEQR has had its three seconds; return the ids of what it was."""
    sandbox.advance(3)
    advance_time(timedelta(seconds=3))
    due = periods_due(database_now())
    for period_id in due:
        advance_period(period_id)
    return due


def reconcile_day(sandbox: SandboxProcess) -> TransactionPeriod:
    """Let the day's period be closed and its report be compared; an hour after the last sale."""
    advance_time(timedelta(hours=1))
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    return TransactionPeriod.objects.latest("day")


def unrecorded_sale(sandbox: SandboxProcess) -> str:
    """Let a customer pay 45.00 SEK, and SEQR's PAID never be written; return its reference."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    paid = seqr().get_payment_status(reference(invoice), 0)
    assert paid.ers_reference is not None
    return paid.ers_reference


def match_results(period: TransactionPeriod) -> list[str]:
    """Return what the rows of a period's report are, in order, and then what it lacks."""
    rows = PeriodRow.objects.filter(period=period)
    return [row.match_result for row in rows.order_by(F("position").asc(nulls_last=True), "id")]


def last_period_id_at_seqr(sandbox: SandboxProcess) -> str:
    """Return the id of the period that SEQR closed last, whose answer never arrived."""
    return str(sandbox.control("GET", "/periods")["periods"][-1]["transaction_period_id"])
