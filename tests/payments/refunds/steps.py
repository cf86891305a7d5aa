"""Steps that tests about refunds share."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from orders.audit import by_staff
from orders.clock import database_now
from payments.models import Invoice, MoneyCase, Refund
from payments.refunds.refund import request_refund
from tests.payments.steps import reference
from tests.sandbox_process import SandboxProcess


def requested_refund(invoice: Invoice, amount: str, actor: User, nonce: str = "") -> Refund:
    """Request a refund of an invoice, by default with a new nonce."""
    refund, _ = request_refund(
        invoice.pk,
        Decimal(amount),
        "cold coffee",
        by_staff(actor),
        nonce or f"{amount} {Refund.objects.count()}",
    )
    return refund


def status_of(refund: Refund) -> str:
    """Return the refund's status in the database."""
    return Refund.objects.get(pk=refund.pk).status


def expire_refund_lease() -> None:
    """End the lease of every refund a second ago."""
    Refund.objects.update(lease_until=database_now() - timedelta(seconds=1))


def open_case_kinds(refund: Refund) -> list[str]:
    """Return the kinds of the refund's open cases."""
    found = MoneyCase.objects.filter(refund=refund, closed_at=None)
    return list(found.values_list("kind", flat=True))


def refunded_at_seqr(sandbox: SandboxProcess, invoice: Invoice) -> Decimal:
    """Return how much of an invoice SEQR has refunded."""
    refunds = sandbox.invoice(reference(invoice))["refunds"]
    return sum((Decimal(refund["amount"]) for refund in refunds), Decimal(0))
