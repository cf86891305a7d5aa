"""Answers that bring a version or acknowledge a payment, written many at once."""

import pytest

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName, SubjectType
from payments.invoices.apply_status import apply_unchanged_batch
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import Invoice, InvoiceStatus
from payments.seqr import CallRecord
from tests.payments.steps import invoice_in, reloaded

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def routine(
    invoice: Invoice, version: int, status: InvoiceStatus
) -> tuple[StatusQuery, StatusResult]:
    question = StatusQuery(
        invoice.pk, invoice.invoice_reference or "", invoice.invoice_version, status
    )
    return question, StatusResult(version, status, call=CallRecord("getPaymentStatus", "ref", 3, 0))


def test_routine_answers_bring_versions_and_acknowledge_payments() -> None:
    issued, paid = invoice_in(S.ISSUED), invoice_in(S.PAID, invoice_version=2)
    answers = [routine(issued, 1, S.ISSUED), routine(paid, 3, S.PAID)]

    written = apply_unchanged_batch(answers, ChangeSource(SourceName.POLLER))

    assert written == {issued.pk, paid.pk}
    assert (reloaded(issued).invoice_version, reloaded(issued).acknowledged_at) == (1, None)
    assert reloaded(paid).invoice_version == 3
    assert reloaded(paid).acknowledged_at is not None
    [call] = AuditEvent.objects.filter(
        subject_type=SubjectType.CALL
    )  # what only brings a version is not told
    assert call.order_id == paid.order_id


@pytest.mark.parametrize(
    ("to_state", "version"),
    [(S.PAID, 0), (S.CANCEL_PENDING, 0), (S.CANCELED, 0), (S.ISSUED, 7)],
    ids=["paid", "being cancelled", "cancelled", "newer"],
)
def test_a_routine_answer_about_what_stands_otherwise_by_now_is_left_out(
    to_state: InvoiceStatus, version: int
) -> None:
    invoice = invoice_in(to_state, invoice_version=version)
    answer = routine(invoice, 1, S.ISSUED)

    written = apply_unchanged_batch([answer], ChangeSource(SourceName.POLLER))

    assert written == set()
    assert reloaded(invoice).invoice_version == version
