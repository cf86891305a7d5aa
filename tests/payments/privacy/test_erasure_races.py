"""Erasure beside customers who order, locked rows, and killed processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from orders.audit import ChangeSource, record_customer_events
from orders.clock import database_now
from orders.models import AuditEvent, Customer, CustomerSession, EventName, Order, SourceName
from orders.services import (
    CustomerErased,
    OrderRequest,
    RowRequest,
    create_session,
    place_order,
    reopen_order,
)
from payments.privacy import erasure
from payments.privacy.erasure import ErasureHeld, erase_customer, erase_old_customers
from tests.factories import CustomerSessionFactory, InvoiceFactory, ProductFactory
from tests.payments.privacy.steps import KEY, PHONE, is_erased, person, served_order
from tests.races import wait_for_lock_wait, with_own_connection

pytestmark = pytest.mark.django_db(transaction=True)

BY_TEST = ChangeSource(SourceName.POLLER)


def beside(locked: Callable[[], object], waiting: Callable[[], object]) -> object:
    """Do one thing in a transaction that is open while another thread waits for its locks."""
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            locked()
            future = thread.submit(with_own_connection, waiting)
            wait_for_lock_wait()
        return future.exception() or future.result()


def order_at(session: CustomerSession) -> Callable[[], object]:
    """Return the step that orders a product in this session."""
    product = ProductFactory.create(shop=session.shop)

    @transaction.atomic
    def order() -> object:
        return place_order(
            session, OrderRequest("nonce-00000001", [RowRequest(product.pk, 1)]), "en"
        )

    return order


def test_customer_who_is_being_erased_cannot_order() -> None:
    session = CustomerSessionFactory.create(customer=person())
    served_order(session.customer)

    result = beside(lambda: erase_customer(session.customer_id, BY_TEST), order_at(session))

    assert isinstance(result, CustomerErased)
    assert is_erased(session.customer)
    assert Order.objects.count() == 1


def test_customer_without_orders_who_is_being_erased_cannot_order() -> None:
    session = CustomerSessionFactory.create(customer=person())

    result = beside(lambda: erase_customer(session.customer_id, BY_TEST), order_at(session))

    assert isinstance(result, CustomerErased)
    assert (Order.objects.count(), Customer.objects.count()) == (0, 0)


def test_customer_who_is_ordering_is_not_erased() -> None:
    session = CustomerSessionFactory.create(customer=person())
    served_order(session.customer)

    result = beside(order_at(session), lambda: erase_customer(session.customer_id, BY_TEST))

    assert isinstance(result, ErasureHeld)
    assert not is_erased(session.customer)


def test_unpaid_order_of_an_erased_customer_is_not_paid_again() -> None:
    invoice = InvoiceFactory.create(expired=True, order__customer=person())
    erase_customer(invoice.order.customer_id, BY_TEST)

    with pytest.raises(CustomerErased), transaction.atomic():
        reopen_order(invoice.order.customer_id, invoice.order.public_id, BY_TEST)


def test_person_who_scans_during_the_erasure_becomes_a_new_customer() -> None:
    session = CustomerSessionFactory.create(customer=person())
    served_order(session.customer)

    def scan() -> CustomerSession:
        return create_session(
            session.shop, "0000000001-1", msisdn=PHONE, subscriber_key=KEY, parameters={}
        )

    result = beside(lambda: erase_customer(session.customer_id, BY_TEST), scan)

    assert isinstance(result, CustomerSession)
    assert result.customer_id != session.customer_id
    assert CustomerSession.objects.count() == 1


def test_locked_orders_are_left_to_the_next_run() -> None:
    customer, other = person(), person(subscriber_key="another")
    order = served_order(customer).order
    served_order(other)

    with transaction.atomic(), ThreadPoolExecutor(1) as thread:
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        erased = thread.submit(with_own_connection, lambda: erase_old_customers(database_now()))
        assert erased.result() == 1

    assert (is_erased(customer), is_erased(other)) == (False, True)
    assert erase_old_customers(database_now()) == 1


def test_killed_run_keeps_whole_batches_and_the_next_run_does_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(5):
        served_order(person(subscriber_key=f"{KEY}{number}"))
    monkeypatch.setattr(erasure, "BATCH_SIZE", 2)
    batches = []

    def die_in_second_batch(*args: object) -> None:
        batches.append(args)
        if len(batches) == 2:
            raise SystemExit
        record_customer_events(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "record_customer_events", die_in_second_batch)
        with pytest.raises(SystemExit):
            erase_old_customers(database_now())
    recorded = AuditEvent.objects.filter(name=EventName.CUSTOMER_ERASED)
    assert Customer.objects.filter(erased_at=None).count() == 3
    assert recorded.count() == 2

    assert erase_old_customers(database_now()) == 3
    assert recorded.count() == 5
