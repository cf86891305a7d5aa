"""Changes that customers see are published, and no change waits for Redis."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from uuid import uuid4

import pytest
import redis
from django.db import transaction
from pytest_django import Settings
from redis.client import PubSub

from orders import publishing
from orders.audit import ChangeSource
from orders.models import AuditedModel, Order, OrderState, SourceName
from orders.state_machine import save_fields
from orders.transitions import lock_order, transition_order
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice, InvoiceStatus
from seqrshop.redis_client import breaker
from tests.factories import InvoiceFactory

SOURCE = ChangeSource(SourceName.POLLER)


class Subscriber:
    """Collects the messages published since it was created."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._subscription: PubSub = self._client.pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )
        self._subscription.subscribe(publishing.CHANNEL)
        self._subscription.get_message(timeout=30)  # the confirmation of the subscription

    def all(self) -> list[str]:
        """Return the published orders of this test, read until a marker that is published last.

        Every database of a Redis server has the same channels, so other tests publish here too.
        """
        marker = str(uuid4())
        self._client.publish(publishing.CHANNEL, marker)
        messages: list[str] = []
        while messages[-1:] != [marker]:
            if message := self._subscription.get_message(timeout=30):
                messages.append(message["data"].decode())
        own = {str(each) for each in Order.objects.values_list("public_id", flat=True)}
        return [message for message in messages if message in own]

    def close(self) -> None:
        """Stop listening."""
        self._subscription.close()
        self._client.close()


@pytest.fixture
def published(settings: Settings) -> Iterator[Subscriber]:
    subscriber = Subscriber(settings.REDIS_URL)
    yield subscriber
    subscriber.close()


@pytest.fixture
def invoice(transactional_db: None) -> Invoice:
    return InvoiceFactory.create(issued=True)


def pay(invoice: Invoice) -> Order:
    order = lock_order(invoice.order_id)
    transition_order(order, OrderState.PAID, SOURCE)
    return order


def test_order_transition_publishes_the_public_id_on_commit(
    invoice: Invoice, published: Subscriber
) -> None:
    with transaction.atomic():
        order = pay(invoice)
        before = published.all()
    after = published.all()

    assert before == []
    assert after == [str(order.public_id)]


def test_rolled_back_transition_is_not_published(invoice: Invoice, published: Subscriber) -> None:
    with transaction.atomic():
        pay(invoice)
        transaction.set_rollback(True)

    assert published.all() == []


@pytest.mark.parametrize(
    ("fields", "times"),
    [
        ({"amount": Decimal("40.50")}, 1),
        ({"cancel_reason": "staff"}, 1),
        ({"invoice_version": 7}, 0),
        ({"lease_until": None}, 0),
    ],
)
def test_only_customer_visible_fields_of_an_invoice_are_published(
    invoice: Invoice, published: Subscriber, fields: dict[str, object], times: int
) -> None:
    with transaction.atomic():
        save_fields(lock_invoice(invoice.pk), **fields)

    assert published.all() == [str(invoice.order.public_id)] * times


def test_change_is_saved_at_once_without_redis(
    invoice: Invoice, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    began = time.monotonic()
    with transaction.atomic():
        pay(invoice)
    taken = time.monotonic() - began

    assert Order.objects.get(pk=invoice.order_id).state == OrderState.PAID
    assert taken < 1
    assert breaker.is_open


def test_hanging_redis_delays_one_change_and_is_then_skipped(
    invoice: Invoice, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PUBLISH_TIMEOUT_SECONDS", 0.05)
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        silent_server.setblocking(False)
        settings.REDIS_URL = f"redis://127.0.0.1:{silent_server.getsockname()[1]}/0"
        for status in (InvoiceStatus.RESERVED, InvoiceStatus.ISSUED):
            with transaction.atomic():
                save_fields(lock_invoice(invoice.pk), status=status)
            connections.append(_connections_to(silent_server))

    assert Invoice.objects.get(pk=invoice.pk).status == InvoiceStatus.ISSUED
    assert connections[0] > 0
    assert connections[1] == 0


def _connections_to(server: socket.socket) -> int:
    number = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            number += 1
    return number


@pytest.mark.parametrize(
    "model", AuditedModel.__subclasses__(), ids=lambda model: str(model.__name__)
)
def test_audited_model_has_a_subject_and_an_order_to_publish_if_customers_see_it(
    model: type[AuditedModel],
) -> None:
    has_order = model.published_order_id is not AuditedModel.published_order_id

    assert model.audit_subject is not AuditedModel.audit_subject
    assert has_order == bool(model.customer_visible_fields)
