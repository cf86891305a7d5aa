"""What the shop itself has at a terminal, whose period a certification would close.

The shop closes the period of each terminal once a day, and compares SEQR's report of it with its
payments. Those in a period that something else has closed are missing in that report, which opens
cases.
"""

from datetime import datetime

from django.db.models import Max, Q

from orders.models import Order, Terminal
from orders.models.order import OPEN_STATES
from payments.certification.problem import CertificationProblem
from payments.models import CAPTURED_STATUSES, OPEN_STATUSES, Invoice, Refund, TransactionPeriod


def refuse_live_terminal(terminal: Terminal) -> None:
    """Raise CertificationProblem if closing the terminal's period would open cases."""
    orders = _open_orders(terminal)
    transactions = _unreported_transactions(terminal)
    if orders or transactions:
        raise CertificationProblem(
            f"The shop uses the terminal {terminal.principal_id}: open orders: {orders}; payments "
            f"and refunds since its last period: {transactions}. Certification closes the period, "
            "and the next reconciliation then opens a case about each of them. Certify with a "
            "terminal that takes no orders, or add --yes."
        )


def _open_orders(terminal: Terminal) -> int:
    """Count the orders that may still be paid at the terminal."""
    has_open_invoice = Q(invoices__terminal=terminal, invoices__status__in=OPEN_STATUSES)
    of_its_shops = Q(shop__terminal=terminal, state__in=OPEN_STATES)
    return Order.objects.filter(has_open_invoice | of_its_shops).distinct().count()


def _unreported_transactions(terminal: Terminal) -> int:
    """Count the payments and refunds since the terminal's period was last closed."""
    payments = Invoice.objects.filter(terminal=terminal, status__in=CAPTURED_STATUSES)
    refunds = Refund.objects.filter(invoice__terminal=terminal)
    closed_at: datetime | None = TransactionPeriod.objects.filter(terminal=terminal).aggregate(
        last=Max("marking_started_at")
    )["last"]
    if closed_at is not None:
        payments = payments.filter(paid_at__gt=closed_at)
        refunds = refunds.filter(sent_at__gt=closed_at)
    return payments.count() + refunds.filter(sent_at__isnull=False).count()
