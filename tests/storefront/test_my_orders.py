"""A customer's own orders: the list of the last 30 days, and those awaited above the menu."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import CustomerSession, Order, OrderState, SourceName
from orders.services import advance_order
from payments.models import Invoice
from seqrshop.storefront import my_orders, order_queries
from seqrshop.storefront.tracking import KITCHEN_TIME
from tests.conftest import TOKEN
from tests.factories import (
    CustomerSessionFactory,
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ShopFactory,
)
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of

LIST = "/lyktan/my-orders.json"
STAFF = ChangeSource(SourceName.STAFF)
STRANGER = "0000002012-00000001"


def listed(customer: JsonClient, **headers: str) -> list[dict[str, Any]]:
    response = customer.get(LIST, headers=headers)
    assert response.status_code == 200
    orders: list[dict[str, Any]] = response.json()["orders"]
    return orders


def numbers(orders: list[dict[str, Any]]) -> list[str]:
    return [order["number"] for order in orders]


def session(customer: JsonClient) -> Any:
    return customer.send("/lyktan/session").json()


# --- The list ------------------------------------------------------------------------------------


def test_list_has_each_order_with_its_state_and_receipt_newest_first(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    served, canceled = (invoice_of(customer_session, trait) for trait in ("paid", "canceled"))
    advance_order(served.order_id, OrderState.SERVED, STAFF)
    OrderRowFactory.create(order=served.order, quantity=2)

    newest, oldest = listed(customer)

    assert oldest == {
        "id": str(served.order.public_id),
        "number": served.order.number,
        "state": "served",
        "short_state": "Served",
        "progress": "served",
        "total": {"value": "45.00", "currency": "SEK"},
        "url": f"/orders/{served.order.public_id}",
        "day": "Today",
        "ordered_at": timezone.localtime(served.order.created_at).isoformat(timespec="seconds"),
        "contents": "Cinnamon bun, 2 × Cinnamon bun",
        "receipt_url": f"/return/{served.order.return_key}/receipt",
    }
    assert (newest["number"], newest["short_state"]) == (canceled.order.number, "Cancelled")
    assert (newest["progress"], newest["receipt_url"]) == (None, None)


def test_list_is_in_the_requested_language(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice_of(customer_session, "paid")

    [order] = listed(customer, Accept_Language="sv")

    assert (order["short_state"], order["day"]) == ("Betalt", "Idag")
    assert order["contents"] == "Kanelbulle"


def test_list_names_earlier_days(
    customer: JsonClient, customer_session: CustomerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day begins at midnight in the shop's time zone: half past ten in UTC is the next day."""
    now = datetime.fromisoformat("2026-07-04T12:00:00+02:00")
    invoice = invoice_of(customer_session, "paid")
    ordered_at = datetime.fromisoformat("2026-07-02T22:30:00+00:00")
    monkeypatch.setattr(invoice.order, "created_at", ordered_at)

    day = my_orders._listed(invoice, timezone.localdate(now))["day"]

    assert day == "Friday 3 July"


def test_list_has_the_amount_that_was_paid_with_a_discount(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    invoice_of(customer_session, "paid", discounted=True)

    assert listed(customer)[0]["total"]["value"] == "40.50"


def test_list_has_no_order_of_another_customer_or_shop(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    own = invoice_of(customer_session, "paid")
    stranger = CustomerSessionFactory.create(shop=customer_session.shop, token=STRANGER)
    invoice_of(stranger, "paid")
    elsewhere = OrderFactory.create(
        shop=ShopFactory.create(), customer=customer_session.customer, state="paid"
    )
    InvoiceFactory.create(order=elsewhere, paid=True)

    assert numbers(listed(customer)) == [own.order.number]
    assert own.order.number not in numbers(listed(JsonClient(STRANGER)))


def test_list_ends_after_thirty_days(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    old, recent = (invoice_of(customer_session, "paid") for _ in range(2))
    for invoice, days in ((old, 30), (recent, 29)):
        created_at = database_now() - timedelta(days=days, minutes=1)
        Order.objects.filter(pk=invoice.order_id).update(created_at=created_at)

    assert numbers(listed(customer)) == [recent.order.number]


def test_list_has_the_fifty_newest_orders(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    orders = [
        OrderFactory.create(
            shop=customer_session.shop, customer=customer_session.customer, state="canceled"
        )
        for _ in range(52)
    ]
    for order in orders:
        InvoiceFactory.create(order=order, canceled=True)

    assert order_queries.LISTED_ORDERS == 50
    assert numbers(listed(customer)) == [order.number for order in reversed(orders[2:])]


def test_list_shows_an_order_of_several_attempts_once(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    first = invoice_of(customer_session, "canceled")
    InvoiceFactory.create(order=first.order, attempt=2, paid=True)
    Order.objects.filter(pk=first.order_id).update(state="paid")

    [order] = listed(customer)

    assert order["receipt_url"]


@pytest.mark.parametrize("token", [None, STRANGER, "<script>"])
def test_list_without_a_session_is_rejected(
    customer_session: CustomerSession, token: str | None
) -> None:
    response = JsonClient(token).get(LIST)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_session")


def test_list_of_another_shop_is_rejected(customer: JsonClient, customer_session: Any) -> None:
    ShopFactory.create(slug="baren")

    response = customer.get("/baren/my-orders.json")

    assert (response.status_code, response.json()["error"]) == (401, "other_shop")


def test_list_is_not_cached(customer: JsonClient, customer_session: CustomerSession) -> None:
    assert customer.get(LIST)["Cache-Control"] == "no-store"


# --- Above the menu ------------------------------------------------------------------------------


def test_session_has_all_awaited_orders_the_latest_first(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    first, second = (invoice_of(customer_session, "paid") for _ in range(2))
    advance_order(first.order_id, OrderState.PREPARING, STAFF)

    awaited = session(customer)["awaited_orders"]

    assert [(each["number"], each["short_state"]) for each in awaited] == [
        (second.order.number, "Paid"),
        (first.order.number, "Preparing"),
    ]
    assert awaited[0]["url"] == f"/orders/{second.order.public_id}"


def _serve(invoice: Invoice) -> None:
    advance_order(invoice.order_id, OrderState.SERVED, STAFF)


def _refund(invoice: Invoice) -> None:
    Order.objects.filter(pk=invoice.order_id).update(state=OrderState.REFUNDED)


def _age(invoice: Invoice) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(paid_at=database_now() - KITCHEN_TIME)


@pytest.mark.parametrize("end", [_serve, _refund, _age])
def test_order_that_the_kitchen_has_done_with_is_not_awaited(
    customer: JsonClient, customer_session: CustomerSession, end: Any
) -> None:
    end(invoice_of(customer_session, "paid"))

    assert session(customer)["awaited_orders"] == []


@pytest.mark.parametrize("trait", ["issued", "canceled", "needs_attention"])
def test_unpaid_order_is_not_awaited(
    customer: JsonClient, customer_session: CustomerSession, trait: str
) -> None:
    invoice_of(customer_session, trait)

    assert session(customer)["awaited_orders"] == []


def test_awaited_order_of_another_customer_or_shop_is_not_shown(
    customer: JsonClient, customer_session: CustomerSession
) -> None:
    stranger = CustomerSessionFactory.create(shop=customer_session.shop, token=STRANGER)
    invoice_of(stranger, "paid")
    elsewhere = OrderFactory.create(
        shop=ShopFactory.create(), customer=customer_session.customer, state="paid"
    )
    InvoiceFactory.create(order=elsewhere, paid=True)

    assert session(customer)["awaited_orders"] == []


def test_page_lists_nothing_itself(customer: JsonClient, customer_session: CustomerSession) -> None:
    invoice = invoice_of(customer_session, "paid")

    html = customer.get("/lyktan/my-orders").content.decode()

    assert f'data-url="{LIST}"' in html
    assert invoice.order.number not in html
    assert TOKEN not in html
