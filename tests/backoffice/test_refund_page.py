"""The page of a refund: rows to tick, what will happen, and what the order then says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings

from orders.models import OrderRow
from payments.models import Invoice, Refund, RefundReason, RefundStatus
from tests.factories import InvoiceFactory, OrderRowFactory, ProductFactory
from tests.staff import page_url, shown_messages, staff, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invoice() -> Invoice:
    """A paid order of two coffees at 20.00 and a bun at 45.00."""
    paid: Invoice = InvoiceFactory.create(
        paid=True, order__total=Decimal("85.00"), amount=Decimal("85.00")
    )
    shop = paid.order.shop
    coffee = ProductFactory.create(
        shop=shop, name_sv="Kaffe", name_en="Coffee", price=Decimal("20.00")
    )
    OrderRowFactory.create(order=paid.order, product=coffee, quantity=2)
    OrderRowFactory.create(order=paid.order)
    return paid


def field(invoice: Invoice, name: str) -> str:
    """Return the name of a product's field in the form."""
    return f"row_{OrderRow.objects.get(order=invoice.order, name_en=name).pk}"


def address(invoice: Invoice) -> str:
    return reverse("admin:payments_invoice_refund", args=[invoice.pk])


def body(invoice: Invoice, **fields: str) -> dict[str, Any]:
    """Return the form for one coffee that was cold, as the page's script sends it."""
    return {
        field(invoice, "Coffee"): "1",
        "reason_code": "not_good",
        "nonce": "a form",
        "seen_amount": "20.00",
        "seen_approval": "no",
        **fields,
    }


def test_ticked_rows_are_refunded_and_the_order_says_so(invoice: Invoice) -> None:
    client = superuser()

    answer = client.post(address(invoice), body(invoice))

    refund = Refund.objects.get()
    [row] = refund.rows.all()
    page = client.get(page_url(invoice.order)).content.decode()
    assert answer["Location"] == page_url(invoice.order)
    assert shown_messages(answer) == ["The refund is being sent to SEQR."]
    assert (refund.amount, refund.reason_code) == (Decimal("20.00"), RefundReason.NOT_GOOD)
    assert (row.order_row.name_en, row.quantity, row.amount) == ("Coffee", 1, Decimal("20.00"))
    assert "1 being refunded" in page
    assert "1 × Coffee" in page
    assert "Something was wrong with it" in page
    assert str(refund.requested_by) in page


def test_sum_is_that_of_all_rows_that_are_ticked(invoice: Invoice) -> None:
    [bun] = OrderRow.objects.filter(order=invoice.order).exclude(name_en="Coffee")
    ticked = body(invoice, seen_amount="65.00") | {f"row_{bun.pk}": "1"}

    superuser().post(address(invoice), ticked)

    refund = Refund.objects.get()
    rows = refund.rows.order_by("amount").values_list("amount", flat=True)
    assert (refund.amount, list(rows)) == (Decimal("65.00"), [Decimal("20.00"), Decimal("45.00")])


def test_page_offers_units_that_are_left_and_none_that_are_refunded(invoice: Invoice) -> None:
    client = superuser()
    before = client.get(address(invoice)).context["rows"]
    client.post(address(invoice), body(invoice))

    response = client.get(address(invoice))

    page = response.content.decode()
    assert [list(row.numbers) for row in before] == [[0, 1, 2], []]
    assert [list(row.numbers) for row in response.context["rows"]] == [[], []]
    assert 'data-amounts="2000"' in page
    assert 'data-amounts="4500"' in page
    assert f'name="{field(invoice, "Coffee")}"' in page
    assert "1 refunded" in page


def test_everything_refunds_each_row(invoice: Invoice) -> None:
    everything = {
        "everything": "yes",
        "reason_code": "changed_mind",
        "nonce": "a form",
        "seen_amount": "85.00",
    }

    superuser().post(address(invoice), everything)

    refund = Refund.objects.get()
    rows = refund.rows.values_list("order_row__name_en", "quantity", "amount")
    assert refund.amount == Decimal("85.00")
    assert sorted(rows) == [("Cinnamon bun", 1, Decimal("45.00")), ("Coffee", 2, Decimal("40.00"))]


@pytest.mark.parametrize("typed", ["7,50", "7.50"])
def test_amount_is_typed_with_a_comma_or_a_point(invoice: Invoice, typed: str) -> None:
    superuser().post(address(invoice), {"amount": typed, "reason": "a plate fell", "nonce": "n"})

    assert Refund.objects.get().amount == Decimal("7.50")


def test_everything_after_an_amount_is_the_rest_without_rows(invoice: Invoice) -> None:
    client = superuser()
    client.post(address(invoice), {"amount": "10", "reason": "a plate fell", "nonce": "first"})
    rest = {"everything": "yes", "reason_code": "too_late", "nonce": "second"}

    shown = client.post(address(invoice), rest).content.decode()
    client.post(address(invoice), {**rest, "seen_amount": "75.00"})

    refund = Refund.objects.latest("pk")
    assert "Refund 75.00\N{NO-BREAK SPACE}SEK" in shown
    assert (refund.amount, refund.rows.count()) == (Decimal("75.00"), 0)


def test_without_script_the_sum_is_shown_before_anything_happens(invoice: Invoice) -> None:
    client = superuser()
    unseen = body(invoice, seen_amount="", seen_approval="")

    shown = client.post(address(invoice), unseen).content.decode()
    made_by_then = Refund.objects.count()
    client.post(address(invoice), body(invoice))

    assert made_by_then == 0
    assert "Refund 20.00\N{NO-BREAK SPACE}SEK" in shown
    assert "The customer gets the money back at once." in shown
    assert 'name="seen_amount"\n                   value="20.00"' in shown
    assert Refund.objects.get().amount == Decimal("20.00")


def test_approval_that_was_not_foreseen_is_shown_before_anything_happens(
    invoice: Invoice, settings: Settings
) -> None:
    """A colleague has used up the payment's limit since the page was opened."""
    settings.REFUND_APPROVAL_LIMIT = Decimal("5.00")
    client = superuser()

    shown = client.post(address(invoice), body(invoice)).content.decode()
    made_by_then = Refund.objects.count()
    answer = client.post(address(invoice), body(invoice, seen_approval="yes"))

    assert made_by_then == 0
    assert "A colleague must approve this" in shown
    assert "Ask for approval of 20.00\N{NO-BREAK SPACE}SEK" in shown
    assert Refund.objects.get().status == RefundStatus.REQUESTED
    assert "needs approval by a second person" in shown_messages(answer)[0]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"seen_amount": "", "row": ""}, "Choose what to refund"),
        ({"amount": "5"}, "Choose either rows or an amount."),
        ({"row": "3"}, "Ensure this value is less than or equal to 2."),
        ({"reason_code": "", "reason": ""}, "Choose a reason."),
        ({"reason_code": "because"}, "because is not one of the available choices"),
    ],
)
def test_form_that_is_not_clear_refunds_nothing(
    invoice: Invoice, fields: dict[str, str], error: str
) -> None:
    sent = body(invoice, **fields)
    if "row" in sent:
        sent[field(invoice, "Coffee")] = sent.pop("row")

    page = superuser().post(address(invoice), sent)

    assert error in page.content.decode()
    assert Refund.objects.count() == 0


@pytest.mark.parametrize("way", ["the last units", "everything"])
def test_second_click_shows_the_order_and_refunds_nothing_more(invoice: Invoice, way: str) -> None:
    chosen = {field(invoice, "Coffee"): "2", "seen_amount": "40.00"}
    if way == "everything":
        chosen = {field(invoice, "Coffee"): "", "everything": "yes", "seen_amount": "85.00"}
    client = superuser()

    answers = [client.post(address(invoice), body(invoice, **chosen)) for _click in range(2)]

    assert [answer.headers.get("Location") for answer in answers] == 2 * [page_url(invoice.order)]
    assert Refund.objects.count() == 1


def test_row_that_a_colleague_has_refunded_meanwhile_is_refused(invoice: Invoice) -> None:
    all_coffees = {field(invoice, "Coffee"): "2", "seen_amount": "40.00"}
    superuser().post(address(invoice), body(invoice, **all_coffees))

    page = superuser().post(address(invoice), body(invoice, nonce="another form"))

    assert "Only 0 of these can still be refunded." in page.content.decode()
    assert Refund.objects.count() == 1


def test_person_without_orders_returns_to_the_payment(invoice: Invoice) -> None:
    client = staff("payments.view_invoice", "payments.request_refund")

    answer = client.post(address(invoice), body(invoice))

    assert answer["Location"] == page_url(invoice)


def test_refunded_payment_offers_nothing_more(invoice: Invoice) -> None:
    client = superuser()
    client.post(address(invoice), body(invoice, amount="85.00", **{field(invoice, "Coffee"): ""}))

    page = client.get(address(invoice)).content.decode()
    order_page = client.get(page_url(invoice.order)).content.decode()

    assert "Everything that was paid is refunded" in page
    assert address(invoice) not in order_page
