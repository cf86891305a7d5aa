"""The example of a hook: a percentage for a card that the staff have added."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from orders.models import Order
from payments.loyalty import example
from payments.loyalty.hook import discounts_for
from payments.models import LoyaltyCard
from tests.factories import OrderFactory, OrderRowFactory
from tests.staff import list_url, page_url, superuser

D = Decimal
ADD = "/admin/payments/loyaltycard/add/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def the_example(settings: Settings) -> None:
    settings.LOYALTY_HOOK = example.PATH


def order_of(*rows: tuple[str, str]) -> Order:
    """An order of these prices and rates of VAT."""
    order = OrderFactory.create(total=sum(D(price) for price, _ in rows))
    for price, vat_rate in rows:
        OrderRowFactory.create(order=order, unit_price=D(price), vat_rate=D(vat_rate))
    return order


def known_card(number: str = "77001", percent: int = 10) -> LoyaltyCard:
    return LoyaltyCard.objects.create(number_digest=LoyaltyCard.digest_of(number), percent=percent)


def test_a_card_takes_its_percentage_off_each_rate_rounded_half_up_to_the_ore() -> None:
    known_card(percent=15)
    order = order_of(("45.00", "12.00"), ("0.10", "25.00"), ("22.50", "12.00"), ("0.03", "6.00"))

    found = discounts_for(order, "77001")

    assert found is not None
    assert [(each.vat_rate, each.amount) for each in found] == [
        (D("12.00"), D("-10.13")),  # of 67.50, exactly 10.125
        (D("25.00"), D("-0.02")),  # of 0.10, exactly 0.015
    ]  # and nothing of 0.03
    assert (found[0].name_sv, found[0].name_en) == ("Stamkundsrabatt 15 %", "Loyalty discount 15%")


def test_a_card_that_nobody_has_added_is_not_known() -> None:
    known_card()

    assert discounts_for(order_of(("45.00", "12.00")), "77002") is None


def test_the_staff_add_a_card_and_never_read_its_number() -> None:
    client = superuser()

    client.post(ADD, {"number": "7700 1122", "percent": "10"})

    card = LoyaltyCard.objects.get()
    page = client.get(page_url(card)).content.decode()
    assert discounts_for(order_of(("45.00", "12.00")), "77001122") is not None
    assert "7700" not in page
    assert card.number_digest not in page


@pytest.mark.parametrize(
    ("number", "percent", "said"),
    [
        ("77 001", "10", "This card is already registered: Loyalty card "),
        ("77002", "91", "less than or equal to 90"),
        ("", "10", "This field is required."),
    ],
)
def test_a_card_is_added_once_and_with_a_sane_percentage(
    number: str, percent: str, said: str
) -> None:
    known_card("77001")

    page = superuser().post(ADD, {"number": number, "percent": percent})

    assert said in page.content.decode()
    assert LoyaltyCard.objects.count() == 1


def test_only_a_shop_that_uses_the_example_sees_its_cards(settings: Settings) -> None:
    client = superuser()
    seen = client.get("/admin/").content.decode()

    settings.LOYALTY_HOOK = ""

    assert list_url(LoyaltyCard) in seen
    assert list_url(LoyaltyCard) not in client.get("/admin/").content.decode()
