"""Orders in the admin: searched, shown with their history, marked as served."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, Delivery, Order, OrderState, SourceName, SubjectType
from payments.invoices.transitions import lock_invoice, transition_invoice
from payments.models import InvoiceStatus, Refund, RefundReason
from payments.refunds.refund import RefundRequest, create_refund, withdraw_refund
from tests.factories import (
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ProductFactory,
    ReceiptFactory,
)
from tests.staff import (
    admin_url,
    list_url,
    listed,
    page_url,
    run_action,
    staff,
    superuser,
    user_of,
)

pytestmark = pytest.mark.django_db


def paid_order(**fields: Any) -> Order:
    """Return a paid order."""
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
def test_order_is_found_by_phone_number_in_every_notation(term: str) -> None:
    order = paid_order(order__customer__msisdn="46701234567")
    paid_order()

    found = listed(superuser(), Order, q=term)

    assert found == [order]


def test_order_is_found_by_number_and_both_references() -> None:
    order = paid_order(invoice_reference="7000111", ers_reference="20120604-ERS")
    paid_order()
    client = superuser()

    found = [
        listed(client, Order, q=term)
        for term in (order.number, f" {order.number}-1 ", "7000111", "20120604-ERS")
    ]

    assert found == [[order]] * 4


def test_order_is_found_by_reference_of_a_cancelled_payment() -> None:
    order = paid_order(attempt=2)
    InvoiceFactory.create(order=order, canceled=True, invoice_reference="7000222")

    found = listed(superuser(), Order, q="7000222")

    assert found == [order]


@pytest.mark.parametrize("term", ["nobody", "99999999999999999999", "'; --", "%", "070"])
def test_search_without_a_match_finds_nothing(term: str) -> None:
    paid_order()

    found = listed(superuser(), Order, q=term)

    assert found == []


def test_orders_are_filtered_by_state_shop_and_date() -> None:
    order = paid_order()
    other = InvoiceFactory.create(issued=True).order
    Order.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(days=400))
    day = timezone.localtime(order.created_at)
    client = superuser()

    found = [
        listed(client, Order, state__exact="paid"),
        listed(client, Order, shop__id__exact=str(order.shop_id)),
        listed(client, Order, created_at__year=str(day.year), created_at__month=str(day.month)),
    ]

    assert found == [[order]] * 3


def test_list_shows_number_total_state_and_payment_reference() -> None:
    order = paid_order(ers_reference="20120604104854-ERS")

    page = superuser().get(list_url(Order)).content.decode()

    for text in (order.number, "45.00\N{NO-BREAK SPACE}SEK", "paid", "…4854-ERS"):
        assert f">{text}<" in page
    assert 'data-copy-text="20120604104854-ERS"' in page
    assert "less than a minute" in page


def test_list_shows_the_reference_of_the_paid_payment() -> None:
    order = paid_order(attempt=1, ers_reference="7000111")
    InvoiceFactory.create(order=order, attempt=2, canceled=True, invoice_reference="7000222")

    page = superuser().get(list_url(Order)).content.decode()

    assert "7000111" in page
    assert "7000222" not in page


def test_page_shows_rows_payments_phone_number_and_history() -> None:
    invoice = InvoiceFactory.create(
        issued=True,
        invoice_reference="7000111",
        order__customer__msisdn="46701234567",
        order__parameters={"TABLE": "4"},
    )
    OrderRowFactory.create(order=invoice.order, quantity=2)
    client = staff("orders.view_order", "payments.view_invoice")
    transition_invoice(
        lock_invoice(invoice.pk),
        InvoiceStatus.CANCELED,
        ChangeSource(SourceName.POLLER),
        detail="SEQR said so",
    )

    response = client.get(page_url(invoice.order))

    page = response.content.decode()
    assert response.context["slip"].table == "4"
    for text in (
        "Cinnamon bun",
        "90.00\N{NO-BREAK SPACE}SEK",
        "+46701234567",
        "7000111",
    ):
        assert text in page
    for text in ("cancelled at SEQR", "SEQR said so", "poller"):
        assert f"{text}\n" in page or f">{text}<" in page
    assert page_url(invoice) in page


def test_payments_and_history_need_the_permission_to_view_payments() -> None:
    order = paid_order(invoice_reference="7000111")

    page = staff("orders.view_order").get(page_url(order)).content.decode()

    assert "7000111" not in page
    assert 'id="history"' not in page


def test_slip_offers_what_the_order_and_the_permissions_allow() -> None:
    paid, open_order = paid_order(), InvoiceFactory.create(issued=True).order
    cashier = staff("orders.view_order", "orders.serve_order")
    chief = superuser()

    def offered(client: Client, order: Order) -> tuple[list[str], bool, bool]:
        response = client.get(page_url(order))
        slip = response.context["slip"]
        actions = [name for name, _ in response.context["row_actions"]]
        return actions, bool(slip.refund_url), bool(slip.receipt_url)

    assert offered(chief, paid) == (["mark_as_served", "check_with_seqr"], True, True)
    assert offered(chief, open_order) == (["check_with_seqr", "cancel_at_seqr"], False, False)
    assert offered(cashier, paid) == (["mark_as_served"], False, False)
    assert offered(cashier, open_order) == ([], False, False)


def test_slip_separates_refunded_units_from_those_about_to_be_refunded() -> None:
    invoice = InvoiceFactory.create(paid=True, order__total="135.00", amount="135.00")
    row = OrderRowFactory.create(order=invoice.order, quantity=3)
    client = superuser()
    for number, withdrawn in enumerate((True, False, False, False)):
        request = RefundRequest(
            Decimal("45.00"), "", f"form {number}", RefundReason.TOO_LATE, {row.pk: 1}
        )
        refund, _ = create_refund(invoice.pk, request, by_staff(user_of(client)))
        if withdrawn:
            withdraw_refund(refund.pk, by_staff(user_of(client)))
    for nonce in ("form 1", "form 2"):
        Refund.objects.filter(nonce=nonce).update(status="REFUNDED", ers_reference=nonce)

    slip = client.get(page_url(invoice.order)).context["slip"]

    assert [(each.refunded, each.waiting) for each in slip.rows] == [(2, 1)]
    assert len(slip.money.refunds) == 4
    assert slip.money.refunded == "90.00\N{NO-BREAK SPACE}SEK"
    assert slip.money.waiting == "45.00\N{NO-BREAK SPACE}SEK"
    assert slip.money.kept == "45.00\N{NO-BREAK SPACE}SEK"


def test_payment_is_checked_and_cancelled_from_the_order(seqr_away: None) -> None:
    order = InvoiceFactory.create(issued=True).order
    client = superuser()

    checked = run_action(client, "check_with_seqr", order)
    cancelled = run_action(client, "cancel_at_seqr", order, confirmed="yes")

    assert checked[0].startswith("No answer from SEQR")
    assert cancelled[-1].startswith("Not confirmed by SEQR yet")
    assert order.invoices.get().cancel_reason == "staff"


def test_receipt_is_a_pdf_for_those_who_may_see_the_payment() -> None:
    order = OrderRowFactory.create(order=paid_order()).order
    address = admin_url(Order, "receipt", order.pk)
    unpaid = InvoiceFactory.create(issued=True).order

    answer = staff("orders.view_order", "payments.view_invoice").get(address)
    without = staff("orders.view_order").get(address)
    of_unpaid = superuser().get(admin_url(Order, "receipt", unpaid.pk))

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert (without.status_code, of_unpaid.status_code) == (403, 404)


def test_slip_lists_each_receipt_of_the_order_with_its_number() -> None:
    invoice = InvoiceFactory.create(paid=True)
    OrderRowFactory.create(order=invoice.order)
    payment = invoice.receipts.get()
    credit = ReceiptFactory.create(invoice=invoice, kind="reversal", credited=payment)
    client = superuser()

    slip = client.get(page_url(invoice.order)).context["slip"]
    answers = [client.get(each.url) for each in slip.money.receipts]
    unknown = client.get(f"{slip.receipt_url}?number=99").status_code
    misspelt = client.get(f"{slip.receipt_url}?number=x").status_code

    assert [each.label for each in slip.money.receipts] == [
        f"Receipt {payment.number}",
        f"Credit receipt {credit.number}",
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (unknown, misspelt) == (404, 404)


def test_receipt_without_a_page_is_listed_without_a_link() -> None:
    invoice = InvoiceFactory.create(paid=True, paid_amount="40.00", paid_currency="SEK")

    slip = superuser().get(page_url(invoice.order)).context["slip"]

    assert [each.url for each in slip.money.receipts] == [""]


def test_page_has_no_input_field() -> None:
    order = OrderRowFactory.create(order=paid_order()).order

    page = superuser().get(page_url(order)).content.decode()

    fields = page[page.index('class="slip"') : page.index('id="footer"')]
    typed = [tag for tag in fields.split("<input")[1:] if 'type="hidden"' not in tag.split(">")[0]]
    assert typed == []
    assert "<select" not in fields
    assert "<textarea" not in fields


def test_mark_as_served_reports_the_result_for_each_order() -> None:
    paid, served = paid_order(), paid_order(order_state=OrderState.SERVED)
    waiting = InvoiceFactory.create(issued=True).order

    messages = run_action(superuser(), "mark_as_served", paid, served, waiting, confirmed="yes")

    assert sorted(messages) == [
        f"Already served: {served}.",
        f"Not served, the order is not paid: awaiting payment: {waiting}.",
        f"Served: {paid}.",
    ]
    assert Order.objects.get(pk=paid.pk).state == OrderState.SERVED


def test_partly_refunded_order_is_served_once_and_keeps_its_state() -> None:
    order = paid_order(order_state=OrderState.PARTLY_REFUNDED)
    client = superuser()
    offered = 'value="mark_as_served"' in client.get(page_url(order)).content.decode()

    messages = [run_action(client, "mark_as_served", order)[-1] for _ in range(2)]

    order.refresh_from_db()
    assert offered
    assert messages == [f"Served: {order}.", f"Already served: {order}."]
    assert (order.state, order.served_at is None) == (OrderState.PARTLY_REFUNDED, False)
    events = AuditEvent.objects.filter(subject_type=SubjectType.ORDER, name="order_served")
    assert events.count() == 1
    assert 'value="mark_as_served"' not in client.get(page_url(order)).content.decode()


def test_served_order_that_is_partly_refunded_is_not_served_again() -> None:
    order = paid_order()
    client = superuser()
    run_action(client, "mark_as_served", order)
    Order.objects.filter(pk=order.pk).update(state=OrderState.PARTLY_REFUNDED)

    messages = run_action(client, "mark_as_served", order)

    assert messages[-1] == f"Already served: {order}."
    assert 'value="mark_as_served"' not in client.get(page_url(order)).content.decode()


def test_mark_as_served_needs_its_permission() -> None:
    order = paid_order()

    run_action(staff("orders.view_order", "orders.change_order"), "mark_as_served", order)
    before = Order.objects.get(pk=order.pk).state
    run_action(staff("orders.view_order", "orders.serve_order"), "mark_as_served", order)

    assert (before, Order.objects.get(pk=order.pk).state) == (OrderState.PAID, OrderState.SERVED)


def test_serve_button_returns_to_the_page() -> None:
    order = paid_order()
    client = superuser()
    page = client.get(page_url(order)).content.decode()

    response = client.post(
        list_url(Order),
        {"action": "mark_as_served", "_selected_action": order.pk, "from_row_page": "yes"},
    )

    assert 'value="mark_as_served"' in page
    assert response.headers["Location"] == page_url(order)
    assert Order.objects.get(pk=order.pk).state == OrderState.SERVED
    assert 'value="mark_as_served"' not in client.get(page_url(order)).content.decode()


def test_script_in_a_product_name_is_escaped() -> None:
    product = ProductFactory.create(name_en="<script>alert(1)</script>")
    row = OrderRowFactory.create(
        product=product, order=OrderFactory.create(parameters={"TABLE": "<script>alert(2)"})
    )

    page = superuser().get(page_url(row.order)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;script&gt;alert(2)" in page


def test_slip_shows_where_an_order_of_instant_checkout_is_delivered() -> None:
    invoice = InvoiceFactory.create(paid=True)
    Delivery.objects.create(
        order=invoice.order, client_name="<b>Åsa</b> Ek", postal_code="903 25", city="Umeå"
    )

    response = superuser().get(page_url(invoice.order))

    assert response.context["slip"].delivery == ("<b>Åsa</b> Ek", "903 25 Umeå")
    assert "&lt;b&gt;Åsa&lt;/b&gt; Ek" in response.content.decode()
