"""The log follows an order: each of its events is a line, once it is committed."""

from __future__ import annotations

import pytest
from django.db import transaction

from orders.audit import record_user_event
from orders.models import EventName, OrderState
from orders.transitions import lock_order, transition_order
from payments.call_audit import record_call
from payments.seqr import CallRecord
from tests.factories import OrderFactory
from tests.payments.steps import BY_CUSTOMER, BY_POLLER
from tests.telemetry.log_lines import collected_lines

pytestmark = pytest.mark.django_db(transaction=True)


def test_change_of_an_order_is_logged_with_its_number() -> None:
    order = OrderFactory.create()

    with collected_lines() as lines, transaction.atomic():
        transition_order(lock_order(order.pk), OrderState.CANCELED, BY_CUSTOMER, detail="secret")
        assert lines.text == ""

    (line,) = lines.parsed(order=order.number)
    assert line["message"] == f"order {order.number}: order_canceled, created -> canceled"
    assert (line["events"], line["source"]) == (["order_canceled"], "customer")
    assert "secret" not in lines.text


def test_change_that_is_rolled_back_is_not_logged() -> None:
    order = OrderFactory.create()

    with collected_lines() as lines, transaction.atomic():
        transition_order(lock_order(order.pk), OrderState.CANCELED, BY_CUSTOMER)
        transaction.set_rollback(True)

    assert lines.text == ""


def test_call_to_seqr_about_an_order_is_logged_with_its_client_reference() -> None:
    order = OrderFactory.create()

    with collected_lines() as lines:
        record_call(CallRecord("cancelInvoice", "ref-1", 12, 0), order.pk, BY_POLLER)

    (line,) = lines.parsed(order=order.number, client_reference="ref-1")
    assert line["message"] == "cancelInvoice: result code 0 after 12 ms"
    assert (line["operation"], line["result_code"], line["duration_ms"]) == ("cancelInvoice", 0, 12)


def test_event_of_a_person_is_not_logged() -> None:
    with collected_lines() as lines:
        record_user_event(None, EventName.ORDER_PAID, BY_POLLER)

    assert lines.text == ""
