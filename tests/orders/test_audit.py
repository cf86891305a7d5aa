"""The audit is append-only, and records the source of a change."""

import pytest
from django.db import DatabaseError, connection, transaction

from orders.audit import ChangeSource
from orders.models import AuditEvent, OrderState, SourceName, SubjectType
from orders.services import serve_order
from payments.models import InvoiceStatus
from tests.payments.steps import invoice_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    ["UPDATE orders_auditevent SET detail = 'never mind'", "DELETE FROM orders_auditevent"],
)
def test_database_refuses_to_change_or_delete_an_event(change: str) -> None:
    served_order_id()

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)

    assert AuditEvent.objects.count() == 1


def test_order_transition_is_recorded_with_its_source() -> None:
    order_id = served_order_id()

    event = AuditEvent.objects.get(order_id=order_id, subject_type=SubjectType.ORDER)

    assert (event.name, event.from_state, event.to_state) == (
        "order_served",
        "paid",
        OrderState.SERVED,
    )
    assert event.source == "staff"


def served_order_id() -> int:
    invoice = invoice_in(InvoiceStatus.PAID)
    serve_order(invoice.order_id, ChangeSource(SourceName.STAFF))
    return invoice.order_id
