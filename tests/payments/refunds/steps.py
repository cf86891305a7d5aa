"""Steps that tests about refunds share."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from orders.audit import by_staff
from orders.clock import database_now
from payments.models import Invoice, MoneyCase, Refund
from payments.refunds.refund import request_refund
from payments.refunds.send import send_refund
from payments.seqr import SeqrUnavailable
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


def fail_to_send_after_an_hour(refund: Refund) -> None:
    """Send a refund that was requested an hour ago to SEQR, which is unavailable."""
    requested_at = database_now() - timedelta(hours=1, seconds=1)
    Refund.objects.filter(pk=refund.pk).update(created_at=requested_at, lease_until=None)
    with pytest.raises(SeqrUnavailable):
        send_refund(refund.pk)
    Refund.objects.filter(pk=refund.pk).update(lease_until=None)


def open_case_kinds(refund: Refund) -> list[str]:
    """Return the kinds of the refund's open cases."""
    found = MoneyCase.objects.filter(refund=refund, closed_at=None)
    return list(found.values_list("kind", flat=True))


def refunded_at_seqr(sandbox: SandboxProcess, invoice: Invoice) -> Decimal:
    """Return how much of an invoice SEQR has refunded."""
    refunds = sandbox.invoice(reference(invoice))["refunds"]
    return sum((Decimal(refund["amount"]) for refund in refunds), Decimal(0))
