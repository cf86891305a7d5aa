"""Which changes of an order are published, and that nobody waits for it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

import pytest
import redis
from django.db import transaction
from pytest_django import Settings
from redis.client import PubSub

from orders import publishing
from orders.audit import ChangeSource
from orders.models import Order, OrderState, SourceName
from orders.state_machine import save_fields
from orders.transitions import lock_order, transition_order
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice, InvoiceStatus
from seqrshop.redis_client import breaker
from tests.factories import InvoiceFactory

CAUSE = ChangeSource(SourceName.POLLER)


class Heard:
    """What has been published since it was made."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._subscription: PubSub = self._client.pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )
        self._subscription.subscribe(publishing.CHANNEL)
        self._subscription.get_message(timeout=5)  # that it has begun

    def all(self) -> list[str]:
        """Return the orders that were told of; one comes last, by which all others have come."""
        self._client.publish(publishing.CHANNEL, "last")
        told: list[str] = []
        while told[-1:] != ["last"]:
            if message := self._subscription.get_message(timeout=5):
                told.append(message["data"].decode())
        return told[:-1]

    def close(self) -> None:
        """Stop listening."""
        self._subscription.close()
        self._client.close()


@pytest.fixture
def heard(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    heard = Heard(settings.REDIS_URL)
    yield heard
    heard.close()


@pytest.fixture
def invoice(transactional_db: None) -> Invoice:
    return InvoiceFactory.create(issued=True)


def pay(invoice: Invoice) -> Order:
    order = lock_order(invoice.order_id)
    transition_order(order, OrderState.PAID, CAUSE)
    return order


def test_a_moved_order_is_told_of_once_it_is_committed_by_its_public_id_alone(
    invoice: Invoice, heard: Heard
) -> None:
    with transaction.atomic():
        order = pay(invoice)
        before = heard.all()
    after = heard.all()

    assert before == []
    assert after == [str(order.public_id)]


def test_what_is_rolled_back_is_told_to_nobody(invoice: Invoice, heard: Heard) -> None:
    with transaction.atomic():
        pay(invoice)
        transaction.set_rollback(True)

    assert heard.all() == []


@pytest.mark.parametrize(
    ("fields", "times"),
    [
        ({"amount": Decimal("40.50")}, 1),
        ({"cancel_reason": "staff"}, 1),
        ({"invoice_version": 7}, 0),
        ({"lease_until": None}, 0),
    ],
)
def test_of_an_invoice_only_what_a_page_shows_is_told_of(
    invoice: Invoice, heard: Heard, fields: dict[str, object], times: int
) -> None:
    with transaction.atomic():
        save_fields(lock_invoice(invoice.pk), **fields)

    assert heard.all() == [str(invoice.order.public_id)] * times


def test_without_redis_a_change_is_made_all_the_same_and_at_once(
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


def test_a_redis_that_hangs_delays_one_change_and_leaves_the_next_alone(
    invoice: Invoice, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PUBLISH_TIMEOUT_SECONDS", 0.05)
    tries = []
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.setblocking(False)
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        for status in (InvoiceStatus.RESERVED, InvoiceStatus.ISSUED):
            with transaction.atomic():
                save_fields(lock_invoice(invoice.pk), status=status)
            tries.append(_connections_to(mute))

    assert Invoice.objects.get(pk=invoice.pk).status == InvoiceStatus.ISSUED
    assert tries[0] > 0
    assert tries[1] == 0


def _connections_to(server: socket.socket) -> int:
    number = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            number += 1
    return number
