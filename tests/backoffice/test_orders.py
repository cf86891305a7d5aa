"""Orders in the admin: found by what people know of them, read, served, never edited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders.audit import ChangeSource
from orders.models import Order, OrderState
from payments.invoices.transitions import lock_invoice, transition
from payments.models import InvoiceStatus
from tests.factories import InvoiceFactory, OrderFactory, OrderRowFactory, ProductFactory
from tests.staff import boss, find, list_url, page_url, run, staff

pytestmark = pytest.mark.django_db


def paid_order(**fields: Any) -> Order:
    """An order that is paid, with its invoice."""
    return InvoiceFactory.create(paid=True, **fields).order


@pytest.mark.parametrize(
    "term",
    [
        "46701234567",
        "+46701234567",
        "0046701234567",
        "0701234567",
        "070-123 45 67",
        "+46 (0)70 123 45 67",
    ],
)
def test_an_order_is_found_by_the_phone_number_however_it_is_written(term: str) -> None:
    order = paid_order(order__customer__msisdn="46701234567")
    paid_order()

    found = find(boss(), Order, q=term)

    assert found == [order]


def test_an_order_is_found_by_its_number_and_by_both_references() -> None:
    order = paid_order(invoice_reference="7000111", ers_reference="20120604-ERS")
    paid_order()
    client = boss()

    found = [
        find(client, Order, q=term)
        for term in (order.number, f" {order.number}-1 ", "7000111", "20120604-ERS")
    ]

    assert found == [[order]] * 4


def test_an_order_is_found_by_the_reference_of_an_invoice_that_came_to_nothing() -> None:
    order = paid_order(attempt=2)
    InvoiceFactory.create(order=order, canceled=True, invoice_reference="7000222")

    found = find(boss(), Order, q="7000222")

    assert found == [order]


@pytest.mark.parametrize("term", ["nobody", "99999999999999999999", "'; --", "%", "070"])
def test_a_search_for_what_is_not_there_finds_nothing(term: str) -> None:
    paid_order()

    found = find(boss(), Order, q=term)

    assert found == []


def test_orders_are_filtered_by_state_service_and_day() -> None:
    order = paid_order()
    other = InvoiceFactory.create(issued=True).order
    Order.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(days=400))
    day = timezone.localtime(order.created_at)
    client = boss()

    found = [
        find(client, Order, state__exact="paid"),
        find(client, Order, shop__id__exact=str(order.shop_id)),
        find(client, Order, created_at__year=str(day.year), created_at__month=str(day.month)),
    ]

    assert found == [[order]] * 3


def test_the_list_shows_number_amount_state_and_both_references() -> None:
    order = paid_order(invoice_reference="7000111", ers_reference="20120604-ERS")

    page = boss().get(list_url(Order)).content.decode()

    for text in (order.number, "45.00\N{NO-BREAK SPACE}SEK", "paid", "7000111", "20120604-ERS"):
        assert f">{text}<" in page
    assert "less than a minute" in page


def test_the_references_in_the_list_are_those_of_the_invoice_that_paid() -> None:
    order = paid_order(attempt=1, invoice_reference="7000111")
    InvoiceFactory.create(order=order, attempt=2, canceled=True, invoice_reference="7000222")

    page = boss().get(list_url(Order)).content.decode()

    assert "7000111" in page
    assert "7000222" not in page


def test_the_page_shows_rows_invoices_phone_number_and_history() -> None:
    invoice = InvoiceFactory.create(
        issued=True,
        invoice_reference="7000111",
        order__customer__msisdn="46701234567",
        order__parameters={"TABLE": "4"},
    )
    OrderRowFactory.create(order=invoice.order, quantity=2)
    client = staff("orders.view_order", "payments.view_invoice")
    transition(
        lock_invoice(invoice.pk),
        InvoiceStatus.CANCELED,
        ChangeSource("poller"),
        detail="SEQR said so",
    )

    page = client.get(page_url(invoice.order)).content.decode()

    for text in (
        "Cinnamon bun",
        "90.00\N{NO-BREAK SPACE}SEK",
        "+46701234567",
        "TABLE=4",
        "7000111",
    ):
        assert text in page
    for text in ("cancelled at SEQR", "SEQR said so", "poller"):
        assert f"{text}\n" in page or f">{text}<" in page
    assert page_url(invoice) in page


def test_invoices_and_their_history_are_hidden_from_staff_who_may_not_see_them() -> None:
    order = paid_order(invoice_reference="7000111")

    page = staff("orders.view_order").get(page_url(order)).content.decode()

    assert "7000111" not in page
    assert 'id="history"' not in page


def test_nobody_adds_changes_or_deletes_an_order_not_even_a_superuser() -> None:
    order = paid_order()
    client = boss()

    answers = [
        client.post(reverse("admin:orders_order_add"), {}).status_code,
        client.post(page_url(order), {"state": "refunded", "total": "1"}).status_code,
        client.post(reverse("admin:orders_order_delete", args=[order.pk])).status_code,
    ]
    run(client, "delete_selected", order)

    order.refresh_from_db()
    assert answers == [403, 403, 403]
    assert order.state == OrderState.PAID


def test_the_page_of_an_order_has_no_field_to_type_in() -> None:
    order = OrderRowFactory.create(order=paid_order()).order

    page = boss().get(page_url(order)).content.decode()

    fields = page[page.index('id="order_form"') : page.index("</form></div>")]
    typed = [tag for tag in fields.split("<input")[1:] if 'type="hidden"' not in tag.split(">")[0]]
    assert typed == []
    assert "<select" not in fields
    assert "<textarea" not in fields


def test_mark_as_served_reports_each_row() -> None:
    paid, served = paid_order(), paid_order(order_state=OrderState.SERVED)
    waiting = InvoiceFactory.create(issued=True).order

    messages = run(boss(), "mark_as_served", paid, served, waiting)

    assert sorted(messages) == [
        f"Not served, as it is not paid but awaiting payment: {waiting.number}.",
        f"Served already: {served.number}.",
        f"Served: {paid.number}.",
    ]
    assert Order.objects.get(pk=paid.pk).state == OrderState.SERVED


def test_mark_as_served_needs_its_permission() -> None:
    order = paid_order()

    run(staff("orders.view_order", "orders.change_order"), "mark_as_served", order)
    before = Order.objects.get(pk=order.pk).state
    run(staff("orders.view_order", "orders.serve_order"), "mark_as_served", order)

    assert (before, Order.objects.get(pk=order.pk).state) == (OrderState.PAID, OrderState.SERVED)


def test_a_button_on_the_page_marks_the_order_as_served_and_comes_back() -> None:
    order = paid_order()
    client = boss()
    page = client.get(page_url(order)).content.decode()

    response = client.post(
        list_url(Order),
        {"action": "mark_as_served", "_selected_action": order.pk, "from_detail": "yes"},
    )

    assert 'value="mark_as_served"' in page
    assert response.headers["Location"] == page_url(order)
    assert Order.objects.get(pk=order.pk).state == OrderState.SERVED
    assert 'value="mark_as_served"' not in client.get(page_url(order)).content.decode()


def test_a_product_name_with_a_script_in_it_is_shown_as_text() -> None:
    product = ProductFactory.create(name_en="<script>alert(1)</script>")
    row = OrderRowFactory.create(
        product=product, order=OrderFactory.create(parameters={"TABLE": "<script>alert(2)"})
    )

    page = boss().get(page_url(row.order)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;script&gt;alert(2)" in page


def test_the_list_of_twenty_orders_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        InvoiceFactory.create(order=paid_order(attempt=1), attempt=2, canceled=True)
    client = boss()

    with django_assert_max_num_queries(9):
        response = client.get(list_url(Order))

    assert len(response.context["cl"].result_list) == 20
