"""The statements of a paid order from its invoice to its receipt, with each BEGIN and COMMIT."""

import pytest
from django.test import Client

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.invoices.refresh import query_and_acknowledge
from payments.invoices.send import send_invoice
from payments.models import Invoice, InvoiceStatus
from payments.receipts.submit import submit_receipts
from tests.fault_proxy import FaultProxy
from tests.payments.receipts.steps import answer_receipts
from tests.payments.steps import new_invoice, reference, reloaded, statements_of
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

# Each is the most that a step may take; a step that needs fewer lowers its own.
SEND_STATEMENTS = 14
NOTIFY_STATEMENTS = 2
CHECK_STATEMENTS = 10
RECEIPT_STATEMENTS = 11  # for a batch of receipts together


@pytest.fixture(autouse=True)
def _accepted_receipts(seqr_proxy: FaultProxy) -> None:
    """Let SEQR accept receipts."""
    answer_receipts(seqr_proxy, 0)


@pytest.fixture(autouse=True)
def _no_check_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test make the status check that a notification starts."""
    monkeypatch.setattr("seqrshop.storefront.notify.check_status_soon", lambda *_: None)


def notify(invoice: Invoice) -> None:
    """Notify the shop of a payment, as SEQR does."""
    assert Client().post(f"/notify/{invoice.notify_key}").status_code == 200


def check(invoice: Invoice) -> None:
    """Check a payment's status, as a notification makes the shop do."""
    query_and_acknowledge(invoice.pk, ChangeSource(SourceName.NOTIFICATION))


def test_paid_order_takes_few_statements_from_its_invoice_to_its_receipt(
    sandbox: SandboxProcess,
) -> None:
    invoice = new_invoice()

    sending = statements_of(lambda: send_invoice(invoice.pk))
    issued = reloaded(invoice)
    sandbox.pay(reference(issued))
    notifying = statements_of(lambda: notify(issued))
    checking = statements_of(lambda: check(issued))
    submitting = statements_of(lambda: submit_receipts([invoice.pk]))

    paid = reloaded(invoice)
    assert (paid.status, paid.order.state) == (InvoiceStatus.PAID, "paid")
    assert None not in (paid.notified_at, paid.acknowledged_at, paid.receipt_accepted_at)
    assert len(sending) <= SEND_STATEMENTS, sending
    assert len(notifying) <= NOTIFY_STATEMENTS, notifying
    assert len(checking) <= CHECK_STATEMENTS, checking
    assert len(submitting) <= RECEIPT_STATEMENTS, submitting
