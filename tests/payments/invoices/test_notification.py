"""SEQR's notification of an invoice that must not or cannot be queried opens a case."""

from __future__ import annotations

import pytest

from orders.clock import database_now
from orders.models import Terminal
from payments.invoices.notification import invoice_notified
from payments.models import CaseKind, InvoiceStatus, MoneyCase
from tests.payments.steps import invoice_in

S = InvoiceStatus
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "is_retired", "kinds"),
    [
        (S.EXPIRED, True, [CaseKind.POSSIBLY_REVERSED]),
        (S.EXPIRED, False, []),
        (S.ISSUED, True, []),
        (S.PAID, True, []),
    ],
)
def test_only_ended_invoice_of_a_retired_terminal_is_a_case(
    status: InvoiceStatus, is_retired: bool, kinds: list[CaseKind]
) -> None:
    invoice = invoice_in(status)
    if is_retired:
        terminal = Terminal.objects.filter(pk=invoice.terminal_id)
        terminal.update(retired_at=database_now(), password_ciphertext="")

    assert invoice_notified(invoice.notify_key) == invoice.pk

    assert [case.kind for case in MoneyCase.objects.all()] == kinds
