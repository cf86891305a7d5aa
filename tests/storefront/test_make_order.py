"""POST orders: creating an order and its invoice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from orders.models import AuditEvent, CustomerSession, Order, Product, Shop, SubjectType
from payments.models import Invoice
from seqrshop.celery import app as celery
from tests.conftest import TOKEN
from tests.factories import (
    CustomerSessionFactory,
    InvoiceFactory,
    OrderFactory,
    ProductFactory,
    ShopFactory,
)
from tests.payments.steps import call_count
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess
from tests.storefront.conftest import JsonClient


def test_order_is_created_with_invoice(
    customer: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    response = customer.send("/lyktan/orders", two_buns)

    order = Order.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": str(order.public_id),
        "number": order.number,
        "state": "created",
        "total": {"value": "90.00", "currency": "SEK"},
        "url": f"/orders/{order.public_id}",
    }
    assert order.parameters == {"TABLE": "4"}
    assert Invoice.objects.get().amount == Decimal("90.00")


def test_invoice_is_enqueued_on_commit(
    customer: JsonClient,
    two_buns: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    enqueued: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "payments.tasks.enqueue", lambda task, *args: enqueued.append((task.name, *args))
    )

    with django_capture_on_commit_callbacks(execute=True):
        customer.send("/lyktan/orders", two_buns)

    assert enqueued == [("payments.tasks.send_invoice", Invoice.objects.get().pk)]


def test_repeated_nonce_with_same_rows_returns_same_order(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    first = customer.send("/lyktan/orders", two_buns)
    second = customer.send("/lyktan/orders", two_buns)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Order.objects.count() == Invoice.objects.count() == 1


def test_repeated_nonce_with_other_rows_is_conflict(
    customer: JsonClient, two_buns: dict[str, Any], coffee: Product
) -> None:
    created = customer.send("/lyktan/orders", two_buns).json()

    other = {**two_buns, "rows": [{"product": coffee.pk, "quantity": 1}]}
    response = customer.send("/lyktan/orders", other)

    assert response.status_code == 409
    assert response.json()["error"] == "nonce_reused"
    assert response.json()["order"]["id"] == created["id"]


def test_second_order_is_rejected_with_open_order(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    created = customer.send("/lyktan/orders", two_buns).json()

    response = customer.send("/lyktan/orders", {**two_buns, "nonce": "another-nonce"})

    assert response.status_code == 409
    assert response.json()["error"] == "order_open"
    assert response.json()["order"]["id"] == created["id"]


def test_order_that_needs_attention_blocks_another(
    customer: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    order = OrderFactory.create(
        shop=customer_session.shop, customer=customer_session.customer, state="needs_attention"
    )
    InvoiceFactory.create(order=order, needs_attention=True)

    assert customer.send("/lyktan/orders", two_buns).status_code == 409


def test_paid_order_does_not_block_another(
    customer: JsonClient, customer_session: CustomerSession, two_buns: dict[str, Any]
) -> None:
    OrderFactory.create(
        shop=customer_session.shop, customer=customer_session.customer, state="paid"
    )

    assert customer.send("/lyktan/orders", two_buns).status_code == 201


def test_prices_come_from_database(
    customer: JsonClient, bun: Product, two_buns: dict[str, Any]
) -> None:
    two_buns["rows"][0] |= {"price": "0.01", "unit_price": "0.01"}

    total = customer.send("/lyktan/orders", two_buns).json()["total"]

    assert total["value"] == "90.00"


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([], "rows"),
        (None, "rows"),
        ({}, "rows"),
        ("rows", "rows"),
        ([[]], "rows[0]"),
        ([{"product": "BUN", "quantity": 0}], "rows[0].quantity"),
        ([{"product": "BUN", "quantity": -1}], "rows[0].quantity"),
        ([{"product": "BUN", "quantity": 1_000_000}], "rows[0].quantity"),
        ([{"product": "BUN", "quantity": 10**400}], "rows[0].quantity"),
        ([{"product": "BUN", "quantity": 1.0}], "rows[0].quantity"),
        ([{"product": "BUN", "quantity": "1"}], "rows[0].quantity"),
        ([{"product": "BUN", "quantity": True}], "rows[0].quantity"),
        ([{"product": "BUN"}], "rows[0].quantity"),
        ([{"product": True, "quantity": 1}], "rows[0].product"),
        ([{"product": 2**63, "quantity": 1}], "rows[0].product"),
        ([{"product": -1, "quantity": 1}], "rows[0].product"),
        ([{"product": 999_999_999, "quantity": 1}], "rows[0].product"),
        ([{"product": "1", "quantity": 1}], "rows[0].product"),
        ([{"quantity": 1}], "rows[0].product"),
        ([{"product": "BUN", "quantity": 1}] * 2, "rows[1].product"),
        ([{"product": "BUN", "quantity": 1}] * 101, "rows"),
    ],
)
def test_invalid_row_is_named(customer: JsonClient, bun: Product, rows: Any, field: str) -> None:
    if isinstance(rows, list):
        rows = [
            {**row, "product": bun.pk} if row and row.get("product") == "BUN" else row
            for row in rows
        ]

    response = customer.send("/lyktan/orders", {"nonce": "nonce-0001", "rows": rows})

    assert response.status_code == 400
    assert response.json()["field"] == field
    assert response.json()["message"]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "nonce", [None, "", "short", "x" * 65, 12345678, True, "a b c d e", "\x00" * 8]
)
def test_invalid_nonce_is_named(
    customer: JsonClient, two_buns: dict[str, Any], nonce: object
) -> None:
    response = customer.send("/lyktan/orders", {**two_buns, "nonce": nonce})

    assert (response.status_code, response.json()["field"]) == (400, "nonce")


def test_product_of_another_shop_is_rejected(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    two_buns["rows"].append({"product": ProductFactory.create().pk, "quantity": 1})

    response = customer.send("/lyktan/orders", two_buns)

    assert (response.status_code, response.json()["field"]) == (400, "rows[1].product")


def test_session_cannot_order_at_another_shop(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    ShopFactory.create(slug="baren")

    assert customer.send("/baren/orders", two_buns).status_code == 401
    assert customer.send("/orders", two_buns).status_code == 404


def test_order_without_slug_belongs_to_only_shop(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    assert customer.send("/orders", two_buns).status_code == 201


def test_order_keeps_language_of_request(customer: JsonClient, two_buns: dict[str, Any]) -> None:
    customer.send("/lyktan/orders", two_buns, headers={"Accept-Language": "sv-SE,sv;q=0.9"})

    assert Order.objects.get().language == "sv"


@pytest.fixture
def _tasks_at_once() -> Iterator[None]:
    """Run each task as it is enqueued, in place of a worker."""
    celery.conf.task_always_eager = True
    yield
    celery.conf.task_always_eager = False


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_tasks_at_once")
def test_twenty_concurrent_submits_create_one_order_and_one_call(
    cafe: Shop, sandbox: SandboxProcess
) -> None:
    bun = ProductFactory.create(shop=cafe)
    CustomerSessionFactory.create(shop=cafe, token=TOKEN)
    body = {"nonce": "nonce-of-every-tap", "rows": [{"product": bun.pk, "quantity": 1}]}

    responses = run_concurrently(20, lambda: JsonClient(TOKEN).send("/lyktan/orders", body))

    assert sorted(response.status_code for response in responses) == [200] * 19 + [201]
    assert len({response.json()["id"] for response in responses}) == 1
    assert Order.objects.count() == Invoice.objects.count() == 1
    assert call_count(sandbox, "sendInvoice") == len(sandbox.invoices()) == 1
    assert AuditEvent.objects.filter(subject_type=SubjectType.CALL).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_tabs_create_one_order(cafe: Shop) -> None:
    bun = ProductFactory.create(shop=cafe)
    CustomerSessionFactory.create(shop=cafe, token=TOKEN)
    nonces = iter(["nonce-of-tab-one", "nonce-of-tab-two"])

    def order() -> Any:
        rows = [{"product": bun.pk, "quantity": 1}]
        return JsonClient(TOKEN).send("/lyktan/orders", {"nonce": next(nonces), "rows": rows})

    responses = run_concurrently(2, order)

    assert sorted(response.status_code for response in responses) == [201, 409]
    assert Order.objects.count() == 1
