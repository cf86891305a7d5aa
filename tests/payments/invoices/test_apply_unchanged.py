"""Unchanged results: a new version or an acknowledgment, applied in batches."""

import pytest

from orders.models import AuditEvent, SubjectType
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import Invoice, InvoiceStatus
from payments.seqr import CallRecord
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
