"""The admin's lists run a constant number of queries, however many rows they show."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from django.db.models import Model
from pytest_django import DjangoAssertNumQueries

from orders.audit import ChangeSource, record_event
from orders.codes.generate import save_qr_code
from orders.models import (
    AuditEvent,
    EventName,
    Option,
    OptionGroup,
    Order,
    Product,
    QrCode,
    Seller,
    Shop,
    SourceName,
    Terminal,
)
from payments.invoices.transitions import lock_invoice
from payments.models import Invoice
from tests.factories import (
    CategoryFactory,
    InvoiceFactory,
    OptionFactory,
    OptionGroupFactory,
    OrderFactory,
    ProductFactory,
    SellerFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.staff import list_url, superuser

pytestmark = pytest.mark.django_db


def add_events() -> None:
    invoice = InvoiceFactory.create(paid=True)
    for name in (EventName.SENT, EventName.PAYMENT_CONFIRMED):
        record_event(lock_invoice(invoice.pk), name, ChangeSource(SourceName.POLLER))


def add_order() -> None:
    paid = InvoiceFactory.create(paid=True, attempt=1)
    InvoiceFactory.create(order=paid.order, attempt=2, canceled=True)


def add_product() -> None:
    category = CategoryFactory.create()
    ProductFactory.create(shop=category.shop, category=category, shown=True)


def add_option() -> None:
    group = OptionGroupFactory.create(shop=ShopFactory.create())
    group.products.add(ProductFactory.create(shop=group.shop))
    OptionFactory.create(group=group)


def add_code() -> None:
    save_qr_code(ShopFactory.create(), "Table", "TABLE=4", None)


_numbers = count(1)


def add_terminal() -> None:
    name = f"number-{next(_numbers)}"
    seller = SellerFactory.create(reseller_id=name)
    terminal = TerminalFactory.create(seller=seller, principal_id=name)
    ShopFactory.create_batch(2, terminal=terminal)


def add_shop() -> None:
    shop = ShopFactory.create()
    ProductFactory.create_batch(2, shop=shop)
    OrderFactory.create(shop=shop)


@pytest.mark.parametrize(
    ("model", "add", "rows", "queries"),
    [
        (AuditEvent, add_events, 40, 14),
        (Invoice, lambda: InvoiceFactory.create(paid=True), 20, 12),
        (Option, add_option, 20, 11),
        (OptionGroup, add_option, 20, 11),
        (Order, add_order, 20, 15),
        (Product, add_product, 20, 11),
        (QrCode, add_code, 20, 11),
        (Seller, add_terminal, 20, 10),
        (Shop, add_shop, 20, 9),
        (Terminal, add_terminal, 20, 10),
    ],
)
def test_list_runs_a_constant_number_of_queries(
    model: type[Model],
    add: Callable[[], object],
    rows: int,
    queries: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        add()
    client = superuser()

    with django_assert_max_num_queries(queries):
        response = client.get(list_url(model))

    assert len(response.context["cl"].result_list) == rows
    assert response.content.decode().count('loading="lazy"') == (
        rows if model in {Product, QrCode} else 0
    )
