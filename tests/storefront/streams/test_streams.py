"""GET orders/<id>/events, from a web process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from orders import publishing
from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import CustomerSession, OrderState, SourceName
from orders.services import advance_order, undo_step
from payments.invoices.transitions import lock_invoice
from payments.invoices.transitions import transition_invoice as move
from payments.models import CancelReason, Invoice, InvoiceStatus, Refund, RefundStatus
from payments.refund_transitions import transition_refund
from payments.refunds.locks import lock_refund
from seqrshop.storefront.streams.order_reads import read_orders
from seqrshop.storefront.streams.stream_acceptor import OrderFormat
from seqrshop.storefront.tracking import KITCHEN_TIME
from tests.conftest import TOKEN
from tests.factories import CustomerSessionFactory
from tests.ops.shards import publish_heartbeat
from tests.races import with_own_connection
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of
from tests.web_process import EventStream, WebProcess

S = InvoiceStatus
STAFF = ChangeSource(SourceName.STAFF)
PUBLISH_LIMIT_SECONDS = 1.0  # from commit to event, by way of Redis
STRANGER = "0000002012-00000001"


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with WebProcess(tmp_path_factory.mktemp("web") / "log", SEQR_POLL_SHARDS="1") as process:
        yield process


@pytest.fixture(autouse=True)
def _committed(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit the test's changes and publish them in Redis, for the web process."""


@pytest.fixture
def follow(web: WebProcess) -> Iterator[Callable[..., EventStream]]:
    """Open a stream of an invoice's order, by default as the customer of TOKEN."""
    opened: list[EventStream] = []

    def open_stream(invoice: Invoice, token: str = TOKEN, **headers: str) -> EventStream:
        path = path_of(invoice, "/events")
        opened.append(EventStream(web, path, X_SEQR_Token=token, **headers))
        return opened[-1]

    yield open_stream
    for stream in opened:
        stream.close()


Follow = Callable[..., EventStream]


def change(invoice: Invoice, status: InvoiceStatus, **fields: Any) -> None:
    """Commit a transition of an invoice, as the poller does."""
    with transaction.atomic():
        move(lock_invoice(invoice.pk), status, ChangeSource(SourceName.POLLER), **fields)


def pay(invoice: Invoice) -> None:
    change(invoice, S.PAID, ers_reference="ERS", paid_at=invoice.issued_at)


# --- Events --------------------------------------------------------------------------------------


def test_stream_begins_with_order_details(
    customer_session: CustomerSession, customer: JsonClient, follow: Follow
) -> None:
    invoice = invoice_of(customer_session, "issued")

    stream = follow(invoice, Accept_Encoding="gzip, br")

    assert stream.response.status == 200
    assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert stream.response.headers["Cache-Control"] == "no-store"
    assert stream.response.headers["X-Accel-Buffering"] == "no"
    assert stream.next() == ("order", customer.get(path_of(invoice)).json())


def test_each_change_is_streamed_within_a_second(
    customer_session: CustomerSession, follow: Follow
) -> None:
    invoice = invoice_of(customer_session)
    stream = follow(invoice)
    events = [stream.next()]

    for status, fields in (
        (S.SENDING, {}),
        (S.ISSUED, {"invoice_reference": "1234567890", "issued_at": customer_session.expires_at}),
        (S.CANCEL_PENDING, {"cancel_reason": CancelReason.CUSTOMER}),
        (S.NEEDS_ATTENTION, {}),
        (S.PAID, {"ers_reference": "ERS", "paid_at": customer_session.expires_at}),
    ):
        change(invoice, status, **fields)
        events.append(stream.next(within=PUBLISH_LIMIT_SECONDS))

    assert [(kind, order["state"]) for kind, order in events] == [
        ("order", "created"),
        ("order", "sending"),
        ("order", "awaiting_payment"),
        ("order", "cancel_pending"),
        ("order", "needs_attention"),
        ("order", "paid"),
    ]
    assert events[2][1]["app_url"].endswith("R1234567890")


def test_steps_of_the_kitchen_and_their_undoing_are_streamed_until_served(
    customer_session: CustomerSession, follow: Follow
) -> None:
    invoice = invoice_of(customer_session, "paid")
    stream = follow(invoice)
    events = [stream.next()]

    for record, step in (
        (advance_order, OrderState.PREPARING),
        (advance_order, OrderState.READY),
        (undo_step, OrderState.READY),
        (advance_order, OrderState.SERVED),
    ):
        record(invoice.order_id, step, STAFF)
        events.append(stream.next(within=PUBLISH_LIMIT_SECONDS))

    shown = [(order["progress"], order["short_state"]) for _, order in events]
    assert shown == [
        ("paid", "Paid"),
        ("preparing", "Preparing"),
        ("ready", "Ready"),
        ("preparing", "Preparing"),
        ("served", "Served"),
    ]
    assert stream.next() == ("end", {"reason": "slow"})
    assert stream.is_over()


def test_each_refund_is_streamed_until_nothing_is_left(
    customer_session: CustomerSession, follow: Follow
) -> None:
    """The second partial refund leaves the order's state as it is."""
    invoice = invoice_of(customer_session, "paid")
    clerk = User.objects.create_user("clerk")
    stream = follow(invoice)
    stream.next()

    events = []
    for amount in ("10.00", "15.00", "20.00"):
        refund = Refund.objects.create(
            invoice=invoice,
            amount=amount,
            currency="SEK",
            reason="cold",
            requested_by=clerk,
            status=RefundStatus.SENDING,
        )
        with transaction.atomic():
            transition_refund(
                lock_refund(refund.pk), RefundStatus.REFUNDED, STAFF, ers_reference=f"E{amount}"
            )
        events.append(stream.next(within=PUBLISH_LIMIT_SECONDS)[1])

    assert [(order["state"], order["refunded"]) for order in events] == [
        ("partly_refunded", "10.00"),
        ("partly_refunded", "25.00"),
        ("refunded", "45.00"),
    ]
    assert stream.next() == ("end", {"reason": "final"})
    assert stream.is_over()


def test_order_paid_long_ago_is_streamed_once_and_then_left_to_slow_polling(
    customer_session: CustomerSession, follow: Follow
) -> None:
    invoice = invoice_of(customer_session, "paid")
    Invoice.objects.filter(pk=invoice.pk).update(paid_at=database_now() - KITCHEN_TIME)

    stream = follow(invoice)

    assert stream.next()[1]["progress"] == "paid"
    assert stream.next() == ("end", {"reason": "slow"})
    assert stream.is_over()


def test_streamed_order_is_read_in_one_snapshot(customer_session: CustomerSession) -> None:
    """The order is paid after its row is read and before its invoices are."""
    invoice = invoice_of(customer_session, "issued")
    payer = partial(with_own_connection, partial(pay, invoice))
    waiting = [threading.Thread(target=payer)]
    order_format = OrderFormat("order", "en")

    def pay_first(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "payments_invoice"' in sql and waiting:
            thread = waiting.pop()
            thread.start()
            thread.join()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(pay_first):
        read = read_orders({invoice.order.public_id: {order_format}})

    order = json.loads(read[invoice.order.public_id].bodies[order_format])
    assert (order["state"], order["ers_reference"]) == ("awaiting_payment", None)
    assert not waiting


def test_change_lost_by_redis_is_found_in_database(
    customer_session: CustomerSession, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = invoice_of(customer_session, "issued")
    stream = follow(invoice)
    stream.next()
    monkeypatch.setattr(publishing, "_publish", lambda _public_id: None)

    pay(invoice)

    assert stream.next()[1]["state"] == "paid"


def test_without_redis_payment_is_streamed_from_database(
    customer_session: CustomerSession, tmp_path: Path
) -> None:
    invoice = invoice_of(customer_session, "issued")
    with (
        WebProcess(tmp_path / "log", REDIS_URL="redis://127.0.0.1:9/0") as web,
        EventStream(web, path_of(invoice, "/events"), X_SEQR_Token=TOKEN) as stream,
    ):
        first = stream.next()
        pay(invoice)
        event = stream.next()

    assert first[1]["state"] == "awaiting_payment"
    assert event[1]["state"] == "paid"


def test_final_order_is_streamed_once_and_ends_stream(
    customer_session: CustomerSession, follow: Follow
) -> None:
    stream = follow(invoice_of(customer_session, "canceled"))

    assert stream.next()[1]["state"] == "canceled"
    assert stream.next() == ("end", {"reason": "final"})


def test_each_stream_is_in_its_requested_language(
    customer_session: CustomerSession, follow: Follow
) -> None:
    invoice = invoice_of(customer_session, "issued")
    streams = [follow(invoice, Accept_Language=language) for language in ("sv-SE,sv;q=0.9", "en")]
    for stream in streams:
        stream.next()

    pay(invoice)

    messages = [stream.next()[1]["message"] for stream in streams]
    assert messages == [
        "Vi har tagit emot din betalning. Spara numret tills du får din beställning.",
        "We have received your payment. Keep this number until you get your order.",
    ]


def test_return_page_streams_by_key_and_has_nothing_personal(
    customer_session: CustomerSession, web: WebProcess
) -> None:
    invoice = invoice_of(customer_session, "issued")
    path = f"/return/{invoice.order.return_key}"

    with EventStream(web, f"{path}/events") as stream:
        first = stream.next()
        read = web.request("GET", f"{path}.json").json()
        pay(invoice)
        event = stream.next()

    assert first == ("order", read)
    assert event[1]["heading"] == "Paid, thank you!"
    assert set(event[1]) == {
        "number",
        "state",
        "total",
        "heading",
        "message",
        "receipt_url",
        "short_state",
        "progress",
        "paid_at",
        "estimate_minutes",
    }


def test_stalled_poller_is_streamed_until_it_recovers(
    customer_session: CustomerSession, follow: Follow
) -> None:
    publish_heartbeat()
    stream = follow(invoice_of(customer_session, "issued"))
    stream.next()

    publish_heartbeat(round_age=3)
    stalled = stream.next("poller")
    publish_heartbeat()
    recovered = stream.next("poller")

    assert stalled == ("poller", {"stalled": True})
    assert recovered == ("poller", {"stalled": False})


# --- Authorisation and limits --------------------------------------------------------------------


def test_order_of_another_customer_is_not_found(
    customer_session: CustomerSession, follow: Follow
) -> None:
    CustomerSessionFactory.create(shop=customer_session.shop, token=STRANGER)

    stream = follow(invoice_of(customer_session, "issued"), token=STRANGER)

    assert stream.response.status == 404
    assert b'"not_found"' in stream.response.read()


def test_stream_with_unknown_token_is_rejected(
    customer_session: CustomerSession, follow: Follow
) -> None:
    stream = follow(invoice_of(customer_session, "issued"), token=STRANGER)

    assert stream.response.status == 401
    assert b'"invalid_session"' in stream.response.read()


def test_fourth_stream_of_customer_ends_the_oldest(
    customer_session: CustomerSession, follow: Follow
) -> None:
    invoice = invoice_of(customer_session, "issued")
    oldest, *others = [follow(invoice) for _ in range(4)]
    for stream in (oldest, *others):
        stream.next()

    assert oldest.next() == ("end", {"reason": "replaced"})
    pay(invoice)
    assert [stream.next()[1]["state"] for stream in others] == ["paid"] * 3


def test_streams_hold_no_postgresql_connection(
    customer_session: CustomerSession, follow: Follow, web: WebProcess
) -> None:
    for number in range(45):  # twice the size of its pool
        session = CustomerSessionFactory.create(
            shop=customer_session.shop, token=f"{STRANGER}{number}"
        )
        invoice = invoice_of(session, "issued")
        follow(invoice, token=f"{STRANGER}{number}").next()

    response = web.request("GET", path_of(invoice), {"X-SEQR-Token": f"{STRANGER}44"})

    assert response.status == 200
