"""Asking for refunds, and looking at what became of them."""

from decimal import Decimal

from django.contrib.auth.models import User

from orders.audit import by_staff
from payments.models import Invoice, Refund
from payments.refunds.refund import request_refund
from tests.payments.steps import reference
from tests.sandbox_process import SandboxProcess


def requested_refund(invoice: Invoice, amount: str, actor: User, nonce: str = "") -> Refund:
    """Ask for a refund for cold coffee, each time with a form of its own unless told."""
    refund, _ = request_refund(
        invoice.pk,
        Decimal(amount),
        "cold coffee",
        by_staff(actor),
        nonce or f"{amount} {Refund.objects.count()}",
    )
    return refund


def status_of(refund: Refund) -> str:
    """Return how a refund stands in the database now."""
    return Refund.objects.get(pk=refund.pk).status


def refunded_at_seqr(sandbox: SandboxProcess, invoice: Invoice) -> Decimal:
    """Return how much of a payment has gone back at SEQR."""
    refunds = sandbox.invoice(reference(invoice))["refunds"]
    return sum((Decimal(refund["amount"]) for refund in refunds), Decimal(0))
