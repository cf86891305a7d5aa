"""The example hook: a percentage for a card that staff have added."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from orders.models import Order, Shop
from payments.loyalty import example
from payments.loyalty.hook import discounts_for
from payments.models import LoyaltyCard
from tests.factories import OptionRowFactory, OrderFactory, OrderRowFactory, TipRowFactory
from tests.staff import list_url, page_url, superuser

D = Decimal
ADD = "/admin/payments/loyaltycard/add/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def example_hook(settings: Settings) -> None:
    settings.LOYALTY_HOOK = example.PATH


def order_with(*rows: tuple[str, str]) -> Order:
    """Return an order of these prices and VAT rates."""
    order = OrderFactory.create(total=sum(D(price) for price, _ in rows))
    for price, vat_rate in rows:
        OrderRowFactory.create(order=order, unit_price=D(price), vat_rate=D(vat_rate))
    return order


def known_card(number: str = "77001", percent: int = 10) -> LoyaltyCard:
    return LoyaltyCard.objects.create(number_digest=LoyaltyCard.digest_of(number), percent=percent)


def test_known_card_discounts_each_vat_rate_rounded_half_up_to_the_ore() -> None:
    known_card(percent=15)
    order = order_with(("45.00", "12.00"), ("0.10", "25.00"), ("22.50", "12.00"), ("0.03", "6.00"))

    found = discounts_for(order, "77001")

    assert found is not None
    assert [(each.vat_rate, each.amount) for each in found] == [
        (D("12.00"), D("-10.13")),  # of 67.50, exactly 10.125
        (D("25.00"), D("-0.02")),  # of 0.10, exactly 0.015
    ]  # 0.03 has no discount
    assert (found[0].name_sv, found[0].name_en) == ("Stamkundsrabatt 15 %", "Loyalty discount 15%")


def test_card_discounts_options_and_never_a_tip() -> None:
    known_card()
    order = order_with(("40.00", "12.00"))
    OptionRowFactory.create(parent=order.rows.get())
    TipRowFactory.create(order=order, unit_price=D("20.00"))

    found = discounts_for(order, "77001")

    assert found is not None
    assert [(each.vat_rate, each.amount) for each in found] == [(D("12.00"), D("-4.50"))]


def test_discount_of_goods_without_vat_leaves_the_tip() -> None:
    known_card(percent=50)
    order = order_with(("40.00", "0.00"))
    TipRowFactory.create(order=order, unit_price=D("20.00"))
    Order.objects.update(total=D("60.00"))
    order.refresh_from_db()

    found = discounts_for(order, "77001")

    assert found is not None
    assert [(each.vat_rate, each.amount) for each in found] == [(D("0.00"), D("-20.00"))]


def test_card_that_was_not_added_is_unknown() -> None:
    known_card()

    assert discounts_for(order_with(("45.00", "12.00")), "77002") is None


def test_staff_add_card_without_seeing_its_number_again() -> None:
    client = superuser()

    client.post(ADD, {"number": "7700 1122", "percent": "10"})

    card = LoyaltyCard.objects.get()
    page = client.get(page_url(card)).content.decode()
    assert discounts_for(order_with(("45.00", "12.00")), "77001122") is not None
    assert "7700" not in page
    assert card.number_digest not in page


@pytest.mark.parametrize(
    ("number", "percent", "error"),
    [
        ("77 001", "10", "This card is already registered: Loyalty card "),
        ("77002", "91", "less than or equal to 90"),
        ("", "10", "This field is required."),
    ],
)
def test_invalid_or_existing_card_is_not_added(number: str, percent: str, error: str) -> None:
    known_card("77001")

    page = superuser().post(ADD, {"number": number, "percent": percent})

    assert error in page.content.decode()
    assert LoyaltyCard.objects.count() == 1


def test_cards_are_shown_only_with_example_hook(settings: Settings) -> None:
    client = superuser()
    with_example = client.get(list_url(Shop)).content.decode()

    settings.LOYALTY_HOOK = ""

    assert list_url(LoyaltyCard) in with_example
    assert list_url(LoyaltyCard) not in client.get(list_url(Shop)).content.decode()
