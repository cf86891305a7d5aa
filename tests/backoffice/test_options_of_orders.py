"""Options, notes, dining and tips where staff see an order: slip, refund, approvals, kitchen."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from orders.audit import by_staff
from orders.models import Order, OrderRow
from payments.invoices.payloads import invoice_payload
from payments.models import Invoice, Refund, RefundReason, RefundStatus
from payments.refunds.refund import RefundNotAccepted, RefundRequest, create_refund
from tests.backoffice.kitchen.boards import board_of
from tests.factories import (
    InvoiceFactory,
    OptionRowFactory,
    OrderRowFactory,
    ProductFactory,
    TipRowFactory,
)
from tests.staff import list_url, page_url, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invoice() -> Invoice:
    """Two lattes at 40.00 with oat milk at 5.00 and cinnamon, a bun at 45.00 and a tip of 5.00."""
    paid: Invoice = InvoiceFactory.create(
        paid=True,
        amount=Decimal("140.00"),
        order__total=Decimal("140.00"),
        order__note="We sit outside",
        order__dining="take_away",
    )
    shop = paid.order.shop
    latte = ProductFactory.create(
        shop=shop, name_sv="Latte", name_en="Latte", price=Decimal("40.00")
    )
    row = OrderRowFactory.create(order=paid.order, product=latte, quantity=2, note="extra hot")
    OrderRowFactory.create(order=paid.order)
    TipRowFactory.create(order=paid.order)
    OptionRowFactory.create(parent=row)
    OptionRowFactory.create(parent=row, option__name_en="Cinnamon", option__price=Decimal("0.00"))
    return paid


def row_id(invoice: Invoice, name: str) -> int:
    """Return the ID of a row of the invoice's order."""
    return OrderRow.objects.get(order=invoice.order, name_en=name).pk


def text_of(page: str) -> str:
    """Return what a reader sees of a page, on one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def refund_of(
    invoice: Invoice, person: User, amount: str, quantities: dict[str, int], nonce: str = "a form"
) -> Refund:
    """Refund so many units of these rows."""
    of_ids = {row_id(invoice, name): quantity for name, quantity in quantities.items()}
    request = RefundRequest(Decimal(amount), "", nonce, RefundReason.NOT_GOOD, of_ids)
    return create_refund(invoice.pk, request, by_staff(person))[0]


def test_slip_shows_options_notes_dining_and_the_tip(invoice: Invoice) -> None:
    shown = text_of(superuser().get(page_url(invoice.order)).content.decode())

    assert "2 × Latte 40.00 SEK “extra hot” 80.00 SEK + Oat milk 10.00 SEK + Cinnamon" in shown
    assert "1 × Cinnamon bun 45.00 SEK 1 × Tip 5.00 SEK" in shown
    assert "“We sit outside”" in shown
    assert "Take away" in shown


def test_refund_page_counts_options_in_the_price_of_a_unit(invoice: Invoice) -> None:
    page = superuser().get(reverse("admin:payments_invoice_refund", args=[invoice.pk]))

    shown = text_of(page.content.decode())
    assert "Latte Oat milk, Cinnamon “extra hot” 45.00 SEK 0 1 2" in shown
    assert re.findall(r'data-amounts="([^"]*)"', page.content.decode()) == [
        "4500 9000",
        "4500",
        "500",
    ]
    assert len(re.findall(r'name="row_', page.content.decode())) == 5  # 0, 1 and 2 lattes


def test_refund_of_a_unit_pays_back_its_options(invoice: Invoice) -> None:
    client = superuser()
    form: dict[str, Any] = {
        f"row_{row_id(invoice, 'Latte')}": "1",
        "reason_code": "not_good",
        "nonce": "a form",
        "seen_amount": "45.00",
        "seen_approval": "no",
    }

    client.post(reverse("admin:payments_invoice_refund", args=[invoice.pk]), form)

    refund = Refund.objects.get()
    assert refund.amount == Decimal("45.00")
    assert list(refund.rows.values_list("order_row__name_en", "quantity", "amount")) == [
        ("Latte", 1, Decimal("40.00")),
        ("Oat milk", 1, Decimal("5.00")),
        ("Cinnamon", 1, Decimal("0.00")),
    ]
    slip = text_of(client.get(page_url(invoice.order)).content.decode())
    assert "1 × Latte (Oat milk, Cinnamon)" in slip
    assert "1 being refunded" in slip
    assert "1 × Latte (Oat milk, Cinnamon)" in text_of(
        client.get(page_url(refund)).content.decode()
    )


def test_option_is_not_refunded_by_itself_nor_twice(invoice: Invoice, clerk: User) -> None:
    with pytest.raises(RefundNotAccepted, match="not on this order"):
        refund_of(invoice, clerk, "10.00", {"Oat milk": 2})

    refund_of(invoice, clerk, "90.00", {"Latte": 2})

    with pytest.raises(RefundNotAccepted, match="Of Latte, 0 can still be refunded"):
        refund_of(invoice, clerk, "45.00", {"Latte": 1}, "another form")


def test_tip_is_refunded_by_itself_and_with_everything(invoice: Invoice, clerk: User) -> None:
    tip = refund_of(invoice, clerk, "5.00", {"Tip": 1})
    rest = refund_of(invoice, clerk, "135.00", {"Latte": 2, "Cinnamon bun": 1}, "another form")

    assert list(tip.rows.values_list("order_row__name_en", "amount")) == [("Tip", Decimal("5.00"))]
    assert tip.amount + rest.amount == invoice.amount


def test_approval_shows_the_order_with_its_options(invoice: Invoice, clerk: User) -> None:
    refund_of(invoice, clerk, "45.00", {"Latte": 1})
    Refund.objects.update(status=RefundStatus.REQUESTED, approval_reason="payment_limit")

    page = superuser().get(f"{list_url(Refund)}approvals/").content.decode()

    assert "2 × Latte (Oat milk, Cinnamon), 90.00 SEK 1 to refund" in text_of(page)
    assert "1 × Tip, 5.00 SEK" in text_of(page)


def test_kitchen_board_shows_options_notes_and_dining_and_no_tip(invoice: Invoice) -> None:
    [card] = board_of(invoice.order.shop)["cards"]

    assert (card["note"], card["dining"]) == ("We sit outside", "Take away")
    assert [(each["name"], each["options"], each["note"]) for each in card["rows"]] == [
        ("Latte", ["Oat milk", "Cinnamon"], "extra hot"),
        ("Cinnamon bun", [], ""),
    ]
    [swedish] = board_of(invoice.order.shop, "sv")["cards"]
    assert (swedish["dining"], swedish["rows"][0]["options"][0]) == ("Ta med", "Havremjölk")


def test_seqr_gets_each_option_that_costs_something_as_a_row(invoice: Invoice) -> None:
    invoice.order.language = "en"

    sent = invoice_payload(invoice).rows
    rows: list[tuple[object, ...]] = [
        (row.item_description, row.item_quantity, row.item_tax_rate, row.item_total_amount.value)
        for row in sent
    ]

    assert rows == [
        ("Latte (Cinnamon)", Decimal(2), Decimal("12.00"), Decimal("80.00")),
        ("+ Oat milk", Decimal(2), Decimal("12.00"), Decimal("10.00")),
        ("Cinnamon bun", Decimal(1), Decimal("12.00"), Decimal("45.00")),
        ("Tip", Decimal(1), Decimal(0), Decimal("5.00")),
    ]
    assert Order.objects.get().total == sum(row.item_total_amount.value for row in sent)
