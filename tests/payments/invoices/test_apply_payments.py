"""Ordinary payments, applied many at a time: the same rows and events as one by one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from orders.models import AuditEvent, Order, OrderState
from orders.transitions import lock_order
from payments.cases.cases import close_case, open_case
from payments.invoices.apply_payments import apply_payments
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.invoices.transitions import lock_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus
from payments.seqr import Amount, CallRecord, PaymentStatus, Receipt
from payments.seqr import InvoiceStatus as SeqrStatus
from tests.factories import InvoiceFactory
from tests.payments.steps import BY_POLLER, event_names, invoice_in, order_state, reloaded
from tests.races import with_own_connection

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)
BATCH_STATEMENTS = 8
OWN_FIELDS = {
    "id",
    "order",
    "created_at",
    "issued_at",
    "paid_at",
    "notify_key",
    "shop",
    "invoice_reference",
    "ers_reference",
}


def receipt_of(invoice: Invoice, **fields: Any) -> Receipt:
    """Return SEQR's receipt of an invoice's payment."""
    answered: dict[str, Any] = {
        "terminal_id": "terminal",
        "payment_date": None,
        "client_invoice_id": invoice.client_invoice_id,
        "invoice_reference": invoice.invoice_reference,
        "payment_reference": "payment",
        "payer_terminal_id": None,
        "receiver_name": None,
        "total_amount": Amount(invoice.amount, invoice.currency),
    }
    return Receipt(**(answered | fields))


def payment_of(
    invoice: Invoice, *, version: int = 1, ers_reference: str = "", **receipt: Any
) -> tuple[StatusQuery, StatusResult]:
    """Return the poller's query about an invoice, and SEQR's answer that it is paid."""
    ers_reference = ers_reference or f"ERS{invoice.pk}"
    query = StatusQuery(
        invoice.pk,
        invoice.terminal_id,
        str(invoice.invoice_reference),
        invoice.invoice_version,
        S(invoice.status),
        invoice.order_id,
    )
    answer = PaymentStatus(
        SeqrStatus.PAID, version, ers_reference, receipt_of(invoice, **receipt), ()
    )
    call = CallRecord("getPaymentStatus", f"call-{invoice.pk}", 3, 0)
    return query, StatusResult(version, S.PAID, ers_reference, answer, call=call)


def written(invoice: Invoice) -> tuple[dict[str, Any], str, list[tuple[str, str, str, str]]]:
    """Return what is stored about an invoice: its fields, its order's state, their events."""
    fields = model_to_dict(reloaded(invoice), exclude=OWN_FIELDS)
    events = AuditEvent.objects.filter(order=invoice.order_id).order_by("id")
    listed = events.values_list("subject_type", "name", "from_state", "to_state")
    return fields, order_state(invoice), list(listed)


def test_batch_writes_what_is_written_one_by_one() -> None:
    by_batch = [invoice_in(S.ISSUED) for _ in range(3)]
    one_by_one = invoice_in(S.ISSUED)

    updated = apply_payments([payment_of(invoice) for invoice in by_batch], BY_POLLER)
    apply_status(*payment_of(one_by_one), BY_POLLER, silence=timedelta(0))

    assert updated == {invoice.pk for invoice in by_batch}
    assert [written(invoice) for invoice in by_batch] == [written(one_by_one)] * 3
    assert order_state(one_by_one) == OrderState.PAID
    for invoice in by_batch:
        assert reloaded(invoice).ers_reference == f"ERS{invoice.pk}"
        assert reloaded(invoice).paid_at is not None


def test_batch_of_fifty_payments_costs_as_many_statements_as_one() -> None:
    batch = [payment_of(invoice_in(S.ISSUED)) for _ in range(50)]

    with CaptureQueriesContext(connection) as statements:
        updated = apply_payments(batch, BY_POLLER)

    assert len(updated) == 50
    assert len(statements) <= BATCH_STATEMENTS


def _with_case(invoice: Invoice) -> None:
    with transaction.atomic():
        open_case(CaseKind.UNKNOWN_STATUS, BY_POLLER, "…", invoice=lock_invoice(invoice.pk))


def _with_closed_case(invoice: Invoice) -> None:
    _with_case(invoice)
    close_case(invoice.cases.get().pk, BY_POLLER, "done")


def _with_ended_invoice_of_its_order(invoice: Invoice) -> None:
    InvoiceFactory.create(order=invoice.order, attempt=2, status=S.EXPIRED)


def _update(**fields: Any) -> Callable[[Invoice], None]:
    def change(invoice: Invoice) -> None:
        Invoice.objects.filter(pk=invoice.pk).update(**fields)

    return change


def _update_order(invoice: Invoice) -> None:
    Order.objects.filter(pk=invoice.order_id).update(state=OrderState.NEEDS_ATTENTION)


@pytest.mark.parametrize(
    "change",
    [
        _with_case,
        _with_closed_case,
        _with_ended_invoice_of_its_order,
        _update_order,
        _update(status=S.CANCEL_PENDING, cancel_reason=CancelReason.CUSTOMER),
        _update(cancel_reason=CancelReason.CUSTOMER),
        _update(status=S.RESERVED),
        _update(status=S.EXPIRED),
        _update(discount_unconfirmed=True),
        _update(amount=Decimal("44.00")),
        _update(currency="EUR"),
        _update(invoice_version=2),
        _update(invoice_reference="another"),
    ],
)
def test_payment_that_is_not_ordinary_is_left_to_apply_status(
    change: Callable[[Invoice], None],
) -> None:
    invoice, ordinary = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    batch = [payment_of(invoice), payment_of(ordinary)]
    change(invoice)
    before = written(invoice)

    updated = apply_payments(batch, BY_POLLER)

    assert updated == {ordinary.pk}
    assert written(invoice) == before


@pytest.mark.parametrize(
    "receipt", [{"total_amount": None}, {"client_invoice_id": "another"}], ids=str
)
def test_payment_with_an_unclear_receipt_is_left_to_apply_status(receipt: dict[str, Any]) -> None:
    invoice = invoice_in(S.ISSUED)

    updated = apply_payments([payment_of(invoice, **receipt)], BY_POLLER)

    assert updated == set()
    assert reloaded(invoice).status == S.ISSUED


def test_result_without_payment_is_left_to_apply_status() -> None:
    invoice = invoice_in(S.ISSUED)
    query, _ = payment_of(invoice)

    updated = apply_payments([(query, StatusResult(1, S.CANCELED))], BY_POLLER)

    assert updated == set()


def test_payment_that_is_applied_already_is_not_applied_again() -> None:
    invoice = invoice_in(S.ISSUED)
    payment = payment_of(invoice)
    apply_payments([payment], BY_POLLER)

    updated = apply_payments([payment], BY_POLLER)

    assert updated == set()
    assert event_names(invoice) == ["payment_confirmed"]


def test_failing_batch_changes_nothing() -> None:
    invoices = [invoice_in(S.ISSUED) for _ in range(3)]
    batch = [payment_of(invoice, ers_reference="the same") for invoice in invoices]

    with pytest.raises(IntegrityError):
        apply_payments(batch, BY_POLLER)

    assert [reloaded(invoice).status for invoice in invoices] == [S.ISSUED] * 3
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("is_order", [True, False], ids=["order", "invoice"])
def test_batch_waits_for_no_lock(is_order: bool) -> None:
    locked, free = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    batch = [payment_of(locked), payment_of(free)]

    def apply() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        return apply_payments(batch, BY_POLLER)

    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        if is_order:
            lock_order(locked.order_id)
        else:
            Invoice.objects.select_for_update(no_key=True).get(pk=locked.pk)
        updated = threads.submit(with_own_connection, apply).result()

    assert updated == {free.pk}


def test_two_batches_with_the_same_payments_apply_each_once() -> None:
    invoices = [invoice_in(S.ISSUED) for _ in range(20)]
    payments = [payment_of(invoice) for invoice in invoices]

    with ThreadPoolExecutor(2) as threads:
        batches = [
            threads.submit(with_own_connection, lambda: apply_payments(payments, BY_POLLER)),
            threads.submit(with_own_connection, lambda: apply_payments(payments[::-1], BY_POLLER)),
        ]
        updated = [batch.result() for batch in batches]

    assert updated[0].isdisjoint(updated[1])
    for invoice in invoices:
        names = ["payment_confirmed"] if reloaded(invoice).status == S.PAID else []
        assert event_names(invoice) == names


def test_two_batches_with_crossed_references_do_not_deadlock() -> None:
    first = [invoice_in(S.ISSUED) for _ in range(2)]
    second = [invoice_in(S.ISSUED) for _ in range(2)]
    batches = [
        [payment_of(first[0], ers_reference="A"), payment_of(first[1], ers_reference="B")],
        [payment_of(second[0], ers_reference="B"), payment_of(second[1], ers_reference="A")],
    ]

    def apply(batch: list[tuple[StatusQuery, StatusResult]]) -> str:
        try:
            apply_payments(batch, BY_POLLER)
        except DatabaseError as error:
            return type(error).__name__
        return "applied"

    for _ in range(10):
        with ThreadPoolExecutor(2) as threads:
            ended = [
                threads.submit(with_own_connection, lambda batch=batch: apply(batch))
                for batch in batches
            ]
            assert sorted(each.result() for each in ended) == ["IntegrityError", "applied"]
        Invoice.objects.update(status=S.ISSUED, ers_reference=None)
        Order.objects.update(state=OrderState.AWAITING_PAYMENT)
