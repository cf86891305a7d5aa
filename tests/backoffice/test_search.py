"""The search for everything: by each key, in the person's shops, to one page or a list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders.audit import by_staff
from orders.models import Order, Shop
from orders.query_plans import planned_by_index
from payments.models import Refund, RefundStatus
from payments.refunds.refund import request_refund
from seqrshop.backoffice import search_page
from seqrshop.backoffice.search import orders_matching
from tests.database_roles import analyze
from tests.factories import (
    CustomerFactory,
    InvoiceFactory,
    OrderFactory,
    ReceiptFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.staff import page_url, staff, superuser, user_of

pytestmark = pytest.mark.django_db

MAX_STATEMENTS = 25
ROWS = 100


def search(client: Client, text: str) -> Any:
    return client.get(reverse("staff:search"), {"q": text})


def found(client: Client, text: str) -> list[str]:
    """Return the numbers of the orders that a search lists, newest first."""
    return [hit.number for hit in search(client, text).context["hits"]]


def opened(client: Client, text: str) -> str:
    """Return the address to which a search leads at once."""
    response = search(client, text)
    assert response.status_code == 302
    return str(response.headers["Location"])


@pytest.fixture
def order() -> Order:
    """A paid order of table 4, of a customer with the phone number 070-123 45 67."""
    invoice = InvoiceFactory.create(
        paid=True,
        invoice_reference="7000111222",
        ers_reference="2012060410485453001000001",
        order__customer__msisdn="46701234567",
        order__parameters={"TABLE": "4"},
    )
    order: Order = invoice.order
    return order


@pytest.mark.parametrize(
    "text",
    [
        "070-123 45 67", "+46701234567", "4567", "7000111222", "00111222", "…00111222",
        "2012060410485453001000001", "01000001", "table 4", "Bord 4", "4",
    ],
)  # fmt: skip
def test_only_order_that_matches_opens_at_once(order: Order, text: str) -> None:
    OrderFactory.create(parameters={"TABLE": "5"})

    assert opened(superuser(), text) == page_url(order)


@pytest.mark.parametrize("words", ["{}", "#{}", "order {}", "beställning {}", "{}-1"])
def test_order_opens_by_its_number(order: Order, words: str) -> None:
    OrderFactory.create()

    assert opened(superuser(), words.format(order.number)) == page_url(order)


def test_blanks_around_the_text_do_not_count(order: Order) -> None:
    client = superuser()

    assert opened(client, " 7000111222\t") == page_url(order)
    assert search(client, " nothing ").context["search_term"] == "nothing"
    assert search(client, "   ").context["hits"] == []


def test_order_opens_by_the_reference_of_its_refund(order: Order) -> None:
    client = superuser()
    refund, _ = request_refund(
        order.invoices.get().pk, Decimal(1), "cold", by_staff(user_of(client)), "nonce of a form"
    )
    Refund.objects.filter(pk=refund.pk).update(
        status=RefundStatus.REFUNDED, ers_reference="9912060410485453009999999"
    )

    assert opened(client, "9912060410485453009999999") == page_url(order)
    assert opened(client, "09999999") == page_url(order)


def test_order_opens_by_the_number_of_its_receipt_and_of_its_credit_receipt(order: Order) -> None:
    invoice = InvoiceFactory.create(order=OrderFactory.create(state="paid"), paid=True)
    payment = invoice.receipts.get()
    credit = ReceiptFactory.create(invoice=invoice, kind="reversal", credited=payment)

    assert opened(superuser(), f"receipt {payment.number}") == page_url(invoice.order)
    assert opened(superuser(), f"Kreditkvitto {credit.number}") == page_url(invoice.order)


def test_receipt_number_of_two_sellers_lists_both_orders() -> None:
    terminals = [
        TerminalFactory.create(principal_id=name, seller__reseller_id=name) for name in "ab"
    ]
    invoices = [
        InvoiceFactory.create(
            paid=True, order__shop=ShopFactory.create(terminal=each, seller=each.seller)
        )
        for each in terminals
    ]

    numbers = [invoice.order.number for invoice in reversed(invoices)]
    assert found(superuser(), "kvitto 1") == numbers


def test_several_orders_are_listed_newest_first(order: Order) -> None:
    second = OrderFactory.create(customer=order.customer)
    same_end = CustomerFactory.create(msisdn="46709994567")
    third = OrderFactory.create(customer=same_end)

    assert found(superuser(), "0701234567") == [second.number, order.number]
    assert found(superuser(), "4567") == [third.number, second.number, order.number]


def test_number_that_is_also_the_end_of_a_phone_number_lists_both() -> None:
    order = OrderFactory.create(pk=8998)  # its number has four digits, as the ends have
    customer = CustomerFactory.create(msisdn=f"4670999{order.number}")
    other = OrderFactory.create(pk=8999, customer=customer)

    assert found(superuser(), order.number) == [other.number, order.number]
    assert opened(superuser(), f"#{order.number}") == page_url(order)


def test_table_finds_the_orders_of_the_last_day(order: Order) -> None:
    second = OrderFactory.create(parameters={"TABLE": "4"})
    old = OrderFactory.create(parameters={"TABLE": "4"})
    Order.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))

    assert found(superuser(), "bord 4") == [second.number, order.number]


def test_table_is_found_in_any_case() -> None:
    order = OrderFactory.create(parameters={"TABLE": "A1"})

    assert opened(superuser(), "table a1") == page_url(order)


def test_order_of_another_shop_is_not_found(order: Order) -> None:
    client = staff("orders.view_order", shops=[ShopFactory.create()])

    for text in (f"#{order.number}", "070-123 45 67", "4567", "01000001", "table 4"):
        assert found(client, text) == []


def test_order_of_another_shop_does_not_hide_the_persons_own(order: Order) -> None:
    own = OrderFactory.create(customer=order.customer)
    client = staff("orders.view_order", shops=[own.shop])

    assert opened(client, "070-123 45 67") == page_url(own)


def test_person_without_the_permission_is_refused_and_has_no_search_box(order: Order) -> None:
    client = staff("orders.view_product")

    assert search(client, order.number).status_code == 403
    assert 'id="staff-search"' not in client.get(reverse("admin:index")).content.decode()


def test_person_who_sees_payments_alone_opens_the_payment(order: Order) -> None:
    client = staff("payments.view_invoice")
    OrderFactory.create(customer=order.customer)  # without a payment

    assert opened(client, "070-123 45 67") == page_url(order.invoices.get())


@pytest.mark.parametrize("text", ["0709999999", "nothing at all", "\0", "#99999999999999", "%"])
def test_search_without_a_hit_shows_what_can_be_typed(order: Order, text: str) -> None:
    page = search(superuser(), text).content.decode()

    assert "You can search by:" in page
    assert order.number not in page


def test_text_of_the_search_is_escaped() -> None:
    page = search(superuser(), "<script>alert(1)</script>").content.decode()

    assert "<script>alert" not in page
    assert "No order matches “&lt;script&gt;" in page


def test_orders_that_are_all_shown_are_not_announced(order: Order) -> None:
    OrderFactory.create(customer=order.customer)

    context = search(superuser(), "070-123 45 67").context

    assert (len(context["hits"]), context["max_shown"]) == (2, None)


def test_more_orders_than_are_shown_are_announced(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_page, "MAX_SHOWN", 3)
    for _ in range(3):
        OrderFactory.create(customer=order.customer)

    response = search(superuser(), "0701234567")

    assert len(response.context["hits"]) == 3
    assert "The newest 3 are shown." in response.content.decode()


def test_results_run_a_constant_number_of_statements(
    order: Order, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        InvoiceFactory.create(order__customer=order.customer)
    client = superuser()

    with django_assert_max_num_queries(MAX_STATEMENTS):
        assert len(found(client, "4567")) == 21


@pytest.fixture
def many_rows(order: Order) -> None:
    """Store so many rows that PostgreSQL prefers an index of their ends to reading them all."""
    invoices = InvoiceFactory.create_batch(ROWS, paid=True, receipt=False, order__shop=order.shop)
    person = user_of(superuser())
    Refund.objects.bulk_create(
        Refund(
            invoice=invoice,
            amount=1,
            currency="SEK",
            reason="cold",
            requested_by=person,
            sent_at=timezone.now(),
            status=RefundStatus.REFUNDED,
            ers_reference=f"refund-{invoice.pk:09}",
        )
        for invoice in invoices
    )
    analyze("orders_customer", "payments_invoice", "payments_refund")


INDEXES = {
    "4567": {"customer_by_last_digits"},
    "01000001": {"invoice_by_ers_end", "invoice_by_reference_end", "refund_by_reference_end"},
}


@pytest.mark.usefixtures("many_rows")
def test_end_of_a_number_or_reference_is_found_by_its_index() -> None:
    used = {}
    for text, indexes in INDEXES.items():
        with planned_by_index(), CaptureQueriesContext(connection) as queries:
            list(Order.objects.filter(orders_matching(text)))
            plans = [_plan(query["sql"]) for query in queries.captured_queries]
        used[text] = {index for index in indexes if any(index in plan for plan in plans)}

    assert used == INDEXES


def _plan(statement: str) -> str:
    if not statement.startswith("SELECT"):
        return ""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}".replace("%", "%%"))
        return "\n".join(row[0] for row in cursor.fetchall())


def test_shop_is_named_where_the_results_have_several(order: Order) -> None:
    Shop.objects.update(name="Kafé Lyktan")
    other = ShopFactory.create(name="Bageriet")
    OrderFactory.create(customer=order.customer, shop=other)

    assert "Bageriet" in search(superuser(), "0701234567").content.decode()
