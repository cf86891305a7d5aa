"""A paid invoice and a refund of it."""

import pytest
from django.contrib.auth.models import User

from payments.models import Invoice, Refund
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import paid_invoice
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def invoice(sandbox: SandboxProcess) -> Invoice:
    """Return an invoice for 45.00 SEK that is paid at SEQR and in the shop."""
    return paid_invoice(sandbox)


@pytest.fixture
def refund(invoice: Invoice, clerk: User) -> Refund:
    """Return a refund of 40.00 SEK of the invoice, not yet sent."""
    return requested_refund(invoice, "40.00", clerk)
