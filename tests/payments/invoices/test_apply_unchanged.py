"""Unchanged results: a new version or an acknowledgment, applied in batches."""

from dataclasses import replace

import pytest

from orders.models import AuditEvent, SubjectType
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import Invoice, InvoiceStatus
from payments.seqr import CallRecord, PaymentStatus, Receipt
from payments.seqr import InvoiceStatus as SeqrStatus
from tests.payments.steps import BY_POLLER, invoice_in, reloaded

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def unchanged(
    invoice: Invoice, version: int, status: InvoiceStatus
) -> tuple[StatusQuery, StatusResult]:
    query = StatusQuery(
        invoice.pk,
        invoice.terminal_id,
        invoice.invoice_reference or "",
        invoice.invoice_version,
        status,
        invoice.order_id,
    )
    call = CallRecord("getPaymentStatus", "ref", 3, 0)
    return query, StatusResult(version, status, invoice.ers_reference, call=call)


def test_batch_stores_versions_and_acknowledges_payments() -> None:
    issued, paid = invoice_in(S.ISSUED), invoice_in(S.PAID, invoice_version=2)
    results = [unchanged(issued, 1, S.ISSUED), unchanged(paid, 3, S.PAID)]

    updated = apply_unchanged_batch(results, BY_POLLER)

    assert updated == {issued.pk, paid.pk}
    assert (reloaded(issued).invoice_version, reloaded(issued).acknowledged_at) == (1, None)
    assert reloaded(paid).invoice_version == 3
    assert reloaded(paid).acknowledged_at is not None
    # The call that brought only a version is not recorded.
    [call] = AuditEvent.objects.filter(subject_type=SubjectType.CALL)
    assert call.order_id == paid.order_id


@pytest.mark.parametrize(
    ("status", "version"),
    [(S.PAID, 0), (S.CANCEL_PENDING, 0), (S.CANCELED, 0), (S.ISSUED, 7)],
    ids=["paid", "being cancelled", "cancelled", "newer"],
)
def test_batch_skips_invoice_that_has_changed(status: InvoiceStatus, version: int) -> None:
    invoice = invoice_in(status, invoice_version=version)
    result = unchanged(invoice, 1, S.ISSUED)

    updated = apply_unchanged_batch([result], BY_POLLER)

    assert updated == set()
    assert reloaded(invoice).invoice_version == version


@pytest.mark.parametrize(
    ("reference", "number", "is_own"),
    [
        ("4711", None, False),
        (None, "1001-7", False),
        (None, None, True),
        ("own", "own", True),
    ],
)
def test_payment_whose_receipt_is_of_another_invoice_is_not_acknowledged(
    reference: str | None, number: str | None, is_own: bool
) -> None:
    """The payment's reference alone does not say that an answer is about this invoice."""
    invoice = invoice_in(S.PAID, invoice_version=2)
    query, result = unchanged(invoice, 3, S.PAID)
    receipt = Receipt(
        terminal_id=None,
        payment_date=None,
        client_invoice_id=invoice.client_invoice_id if number == "own" else number,
        invoice_reference=invoice.invoice_reference if reference == "own" else reference,
        payment_reference=None,
        payer_terminal_id=None,
        receiver_name=None,
        total_amount=None,
    )
    paid = PaymentStatus(SeqrStatus.PAID, 3, invoice.ers_reference, receipt, ())

    updated = apply_unchanged_batch([(query, replace(result, paid=paid))], BY_POLLER)

    assert updated == ({invoice.pk} if is_own else set())
    assert (reloaded(invoice).acknowledged_at is not None) == is_own
