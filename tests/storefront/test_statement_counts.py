"""The SQL statements of each of the customer's requests, with each BEGIN and COMMIT."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import CustomerSession, Order, Shop
from tests.conftest import TOKEN
from tests.factories import (
    CategoryFactory,
    CustomerSessionFactory,
    InvoiceFactory,
    OpeningHoursFactory,
    OptionFactory,
    OrderFactory,
    OrderRowFactory,
    PictureFactory,
    ProductFactory,
    ShopFactory,
)
from tests.hours_factories import OpeningExceptionFactory, PlannedPauseFactory
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"


@pytest.fixture
def shop() -> Shop:
    """A shop that is always open, with a menu of every kind."""
    shop = ShopFactory.create(name="Kafé Lyktan", slug="lyktan", logo=PictureFactory.create())
    for weekday in range(7):
        OpeningHoursFactory.create(shop=shop, weekday=weekday, opens=time(0), closes=time(0))
    ProductFactory.create(shop=shop)
    ProductFactory.create(shop=shop, category=CategoryFactory.create(shop=shop), shown=True)
    return shop


@pytest.fixture
def session(shop: Shop) -> CustomerSession:
    return CustomerSessionFactory.create(shop=shop, token=TOKEN)


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enqueue nothing."""
    monkeypatch.setattr("payments.tasks.enqueue", lambda *_: None)


def statements_of(request: Callable[[], Any]) -> list[str]:
    """Make a request in this thread; return its statements."""
    with CaptureQueriesContext(connection) as captured:
        response = request()
    assert response.status_code in {200, 201}, response.content
    return [query["sql"] for query in captured.captured_queries]


def test_session_of_a_known_token_takes_three_statements(session: CustomerSession) -> None:
    """It took 32, of which 20 stored the session for the browser. The first one reads the menu."""

    def statements() -> int:
        return len(statements_of(lambda: Client().post("/lyktan/session", {"token": TOKEN}, JSON)))

    without_order = [statements(), statements()]
    invoice_of(session, "issued")  # the order's product is new on the menu
    with_order = [statements(), statements()]

    assert (without_order, with_order) == ([4, 3], [5, 4])


def test_menu_with_options_takes_no_statement_more(session: CustomerSession) -> None:
    products = list(session.shop.products.all())
    for _ in range(3):
        OptionFactory.create_batch(4, group__shop=session.shop, group__products=products)

    statements = statements_of(lambda: Client().post("/lyktan/session", {"token": TOKEN}, JSON))

    assert len(statements) == 4


def test_session_of_an_open_and_a_later_order_takes_five_statements(
    session: CustomerSession,
) -> None:
    invoice_of(session, "needs_attention")
    invoice_of(session, "paid")
    Client().post("/lyktan/session", {"token": TOKEN}, JSON)  # reads the shop's usual time

    statements = statements_of(lambda: Client().post("/lyktan/session", {"token": TOKEN}, JSON))

    assert len(statements) == 5


def test_resumed_session_takes_three_statements(session: CustomerSession) -> None:
    browser = JsonClient()
    browser.send("/lyktan/session", {"token": TOKEN})

    assert len(statements_of(lambda: browser.send("/lyktan/session"))) == 3


def test_new_order_takes_ten_statements(session: CustomerSession) -> None:
    """It took 15."""
    rows = [{"product": product.pk, "quantity": 2} for product in session.shop.products.all()]
    body = {"nonce": "nonce-of-this-order", "rows": rows, "total": "180.00"}

    statements = statements_of(lambda: JsonClient(TOKEN).send("/lyktan/orders", body))

    assert len(statements) == 10, statements
    assert Order.objects.get().rows.count() == 2


@pytest.mark.parametrize(
    "trait", ["issued", "paid", "canceled", "cancel_pending", "needs_attention"]
)
def test_order_takes_one_statement(session: CustomerSession, trait: str) -> None:
    """It took six, and then three: session, invoices and rows are read together."""
    invoice = invoice_of(session, trait)
    customer, path = JsonClient(TOKEN), f"/orders/{invoice.order.public_id}"
    customer.get(path)  # reads whether the shard is stalled, and the shop's usual time

    assert len(statements_of(lambda: customer.get(path))) == 1


def test_order_of_several_attempts_takes_as_many_statements(session: CustomerSession) -> None:
    first = invoice_of(session, "canceled")
    InvoiceFactory.create(order=first.order, attempt=2, paid=True)

    path = f"/orders/{first.order.public_id}"
    JsonClient(TOKEN).get(path)  # reads the shop's usual time, once a minute

    assert len(statements_of(lambda: JsonClient(TOKEN).get(path))) == 1


def test_return_page_takes_one_statement(session: CustomerSession) -> None:
    order = OrderFactory.create(shop=session.shop, customer=session.customer, state="paid")
    OrderRowFactory.create(order=order)
    InvoiceFactory.create(order=order, paid=True)

    Client().get(f"/return/{order.return_key}.json")  # reads the shop's usual time, once a minute

    for path in (f"/return/{order.return_key}", f"/return/{order.return_key}.json"):
        assert len(statements_of(lambda path=path: Client().get(path))) == 1  # type: ignore[misc]


@pytest.mark.parametrize("page", ["order", "success"])
def test_page_takes_one_statement(session: CustomerSession, page: str) -> None:
    assert len(statements_of(lambda: Client().get(f"/lyktan/{page}"))) == 1


def test_list_of_the_customers_orders_takes_three_statements(session: CustomerSession) -> None:
    for trait in ("paid", "canceled", "issued"):
        invoice_of(session, trait)

    statements = statements_of(lambda: JsonClient(TOKEN).get("/lyktan/my-orders.json"))

    assert len(statements) == 3, statements


def test_start_page_takes_one_statement_for_any_number_of_shops(session: CustomerSession) -> None:
    for shop in ShopFactory.create_batch(5):
        OpeningHoursFactory.create(shop=shop)
        OpeningExceptionFactory.create(shop=shop, first_day=timezone.localdate())

    assert len(statements_of(lambda: Client().get("/"))) == 1


def test_exceptions_and_planned_pauses_take_no_statement_more(session: CustomerSession) -> None:
    tomorrow, now = timezone.localdate() + timedelta(days=1), timezone.now()
    OpeningExceptionFactory.create(shop=session.shop, first_day=tomorrow)
    PlannedPauseFactory.create(shop=session.shop, starts_at=now, ends_at=now + timedelta(hours=1))

    statements = statements_of(lambda: Client().post("/lyktan/session", {"token": TOKEN}, JSON))

    assert len(statements) == 4
