"""Lets a day pass while SEQR gives one answer, and lets staff close the cases that are open."""

from contextlib import suppress
from datetime import timedelta

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, Order, SourceName
from orders.services import blocking_order
from payments import tasks
from payments.invoices.refresh import refresh_invoice
from payments.invoices.resolve_attention import resolve_case
from payments.models import Invoice, MoneyCase
from payments.polling.shards import invoices_to_poll
from payments.recovery import find_work
from payments.seqr import SeqrError
from tests.payments.reconciliation.steps import advance_time
from tests.payments.steps import BY_POLLER, reloaded

BY_NOTIFICATION = ChangeSource(SourceName.NOTIFICATION)
# Beyond each lease, the lifetime, and the times after which a stuck cancel opens a case.
PAUSES_MINUTES = (0, 1, 10, 2, 12, 70)
QUIET_ROUNDS = 4
QUIET_ROUND_SECONDS = 5


def run_a_day(invoice: Invoice) -> None:
    """Notify of the invoice, and let the poller and recovery run until nothing changes."""
    with suppress(SeqrError):
        refresh_invoice(invoice.pk, BY_NOTIFICATION)
    for minutes in PAUSES_MINUTES:
        _run_after(timedelta(minutes=minutes))


def audit_lines_of_further_rounds() -> int:
    """Return how many lines the audit gets in further rounds, of five seconds each."""
    before = AuditEvent.objects.count()
    for _ in range(QUIET_ROUNDS):
        _run_after(timedelta(seconds=QUIET_ROUND_SECONDS))
    return AuditEvent.objects.count() - before


def close_open_cases(user: object) -> list[str]:
    """Close the open cases as staff do, as their guidance says; return their kinds."""
    kinds = []
    for case in MoneyCase.objects.filter(closed_at=None).order_by("pk"):
        kinds.append(case.kind)
        resolve_case(case.pk, by_staff(user), "SEQR was called")
    _run_after(timedelta(seconds=5))
    return sorted(kinds)


def is_free(invoice: Invoice) -> bool:
    """Whether the invoice has ended and its customer may order again."""
    order = Order.objects.get(pk=invoice.order_id)
    return not reloaded(invoice).is_open and blocking_order(order.customer, order.shop) is None


def _run_after(pause: timedelta) -> None:
    """Let time pass, then run a round of the poller, and all of recovery but probes."""
    advance_time(pause)
    for invoice in invoices_to_poll():
        with suppress(SeqrError):
            refresh_invoice(invoice.pk, BY_POLLER)
    work = find_work()
    for task, ids in (
        (tasks.send_invoice, work.invoices_to_send),
        (tasks.cancel_overdue_invoice, work.invoices_to_expire),
        (tasks.finish_cancel, work.invoices_to_cancel),
        (tasks.repeat_late_query, work.late_queries_to_repeat),
        (tasks.open_unconfirmed_case, work.unconfirmed_payments),
    ):
        for invoice_id in ids:
            with suppress(SeqrError):
                task(invoice_id)
