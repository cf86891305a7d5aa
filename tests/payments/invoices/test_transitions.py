"""The state machine of invoices: its table, its writer, and the database's constraints."""

from itertools import product
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from orders.audit import ChangeSource, record_event_once
from orders.models import AuditEvent, EventName, OrderState, SourceName, SubjectType
from orders.state_machine import TransitionError
from payments.invoices.state_diagram import state_diagram
from payments.invoices.transitions import TABLE, lock_invoice, transition_invoice
from payments.models import (
    CAPTURED_STATUSES,
    OPEN_STATUSES,
    UNPAID_FINAL_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
)
from tests.factories import InvoiceFactory, OrderFactory
from tests.payments.steps import invoice_in
from tests.races import run_concurrently

S = InvoiceStatus
BY_TEST = ChangeSource(SourceName.STAFF)
REQUIRED_FIELDS: dict[InvoiceStatus, dict[str, Any]] = {
    S.PAID: {"ers_reference": "ERS1", "paid_at": "2026-01-01T00:00:00Z"},
    S.DUPLICATE: {"ers_reference": "ERS2", "paid_at": "2026-01-01T00:00:00Z"},
    S.ISSUED: {"invoice_reference": "1234567890"},
    S.CANCEL_PENDING: {"cancel_reason": CancelReason.CUSTOMER},
}


def transition(invoice_id: int, to: InvoiceStatus) -> bool:
    with transaction.atomic():
        return transition_invoice(
            lock_invoice(invoice_id), to, BY_TEST, **REQUIRED_FIELDS.get(to, {})
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("from_state", "to"),
    [pair for pair in product(S, S) if pair[0] != pair[1]],
    ids=lambda status: status.value,
)
def test_edge_of_the_table_is_taken_and_other_pairs_are_refused(
    from_state: InvoiceStatus, to: InvoiceStatus
) -> None:
    invoice = invoice_in(from_state)

    if to not in TABLE[from_state]:
        with pytest.raises(TransitionError):
            transition(invoice.pk, to)
    else:
        transition(invoice.pk, to)

    invoice.refresh_from_db()
    events = [
        (event.name, event.from_state, event.to_state)
        for event in AuditEvent.objects.filter(subject_type=SubjectType.INVOICE)
    ]
    if to in TABLE[from_state]:
        assert (invoice.status, events) == (to, [(TABLE[from_state][to], from_state, to)])
    else:
        assert (invoice.status, events) == (from_state, [])


@pytest.mark.django_db
def test_repeated_transition_writes_nothing() -> None:
    invoice = invoice_in(S.ISSUED)
    transition(invoice.pk, S.PAID)

    changed = transition(invoice.pk, S.PAID)

    assert not changed
    assert AuditEvent.objects.filter(subject_type=SubjectType.INVOICE).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ((S.CREATED,), OrderState.CREATED),
        ((S.CREATED, S.SENDING), OrderState.SENDING),
        ((S.ISSUED, S.PENDING_ISSUER_ACKNOWLEDGE), OrderState.AWAITING_PAYMENT),
        ((S.ISSUED, S.PARTIALLY_PAID), OrderState.AWAITING_PAYMENT),
        ((S.ISSUED, S.NEEDS_ATTENTION), OrderState.NEEDS_ATTENTION),
        ((S.ISSUED, S.CANCEL_PENDING), OrderState.CANCEL_PENDING),
        ((S.ISSUED, S.CANCEL_PENDING, S.PAID), OrderState.PAID),
        ((S.ISSUED, S.EXPIRED), OrderState.EXPIRED),
        ((S.ISSUED, S.FAILED, S.PAID), OrderState.PAID),
        ((S.ISSUED, S.PAID, S.CANCELED), OrderState.NEEDS_ATTENTION),
    ],
)
def test_order_state_follows_its_invoice(
    statuses: tuple[InvoiceStatus, ...], state: OrderState
) -> None:
    invoice = invoice_in(statuses[0])

    for to in statuses[1:]:
        transition(invoice.pk, to)

    invoice.order.refresh_from_db()
    assert invoice.order.state == state


@pytest.mark.django_db(transaction=True)
def test_eight_concurrent_writers_to_paid_write_one_event() -> None:
    invoice = invoice_in(S.ISSUED)

    changed = run_concurrently(8, lambda: transition(invoice.pk, S.PAID))

    assert sorted(changed) == [False] * 7 + [True]
    assert AuditEvent.objects.filter(subject_type=SubjectType.INVOICE).count() == 1


@pytest.mark.django_db
def test_repeated_event_is_recorded_once() -> None:
    invoice = invoice_in(S.ISSUED)

    recorded = [
        record_event_once(invoice, EventName.CANCEL_DEFERRED, BY_TEST, detail="busy")
        for _ in range(3)
    ]

    assert recorded == [True, False, False]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "PAYED"},
        {"status": S.PAID, "ers_reference": None},
        {"status": S.DUPLICATE, "ers_reference": None},
        {"status": S.ISSUED, "invoice_reference": None},
        {"status": S.CANCEL_PENDING, "cancel_reason": ""},
        {"amount": 0},
        {"amount": -1},
    ],
    ids=str,
)
def test_database_refuses_inconsistent_invoice(wrong: dict[str, object]) -> None:
    invoice = invoice_in(S.CREATED)

    with pytest.raises(IntegrityError):
        Invoice.objects.filter(pk=invoice.pk).update(**wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_database_refuses_second_open_invoice_of_order(status: InvoiceStatus) -> None:
    invoice = invoice_in(status)

    with pytest.raises(IntegrityError):
        InvoiceFactory.create(order=invoice.order, attempt=2, status=S.CREATED)


@pytest.mark.django_db
def test_database_refuses_reference_of_another_invoice() -> None:
    invoice_in(S.ISSUED, invoice_reference="77")

    with pytest.raises(IntegrityError):
        invoice_in(S.ISSUED, invoice_reference="77")


@pytest.mark.django_db
def test_database_refuses_payment_reference_of_another_invoice() -> None:
    invoice_in(S.PAID, ers_reference="ERS77")

    with pytest.raises(IntegrityError):
        invoice_in(S.CANCELED, ers_reference="ERS77")


@pytest.mark.django_db
def test_database_refuses_second_open_order_of_customer() -> None:
    order = OrderFactory.create(state=OrderState.AWAITING_PAYMENT)

    with pytest.raises(IntegrityError):
        OrderFactory.create(customer=order.customer, shop=order.shop, state=OrderState.CREATED)


def test_only_reversal_leaves_paid_and_only_paid_follows_unpaid_end() -> None:
    assert set(TABLE) == set(S)
    assert set(TABLE[S.PAID].values()) == {"payment_reversed"}
    assert all(set(TABLE[status]) == set(CAPTURED_STATUSES) for status in UNPAID_FINAL_STATUSES)


def test_drawn_table_is_in_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("draw_states")

    drawn = capsys.readouterr().out.strip()
    with open("docs/states.md", encoding="utf-8") as page:  # noqa: PTH123
        assert drawn in page.read()
    assert drawn == state_diagram()


@pytest.mark.django_db
def test_index_of_open_invoices_has_every_open_status() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'invoice_open'")
        definition = cursor.fetchone()[0]

    assert all(status in definition for status in OPEN_STATUSES)
