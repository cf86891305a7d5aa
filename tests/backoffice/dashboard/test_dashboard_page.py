"""What the dashboard shows of sums that are given: each card, table and ranking, whole."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Product, Shop
from payments.models import (
    ActivityCursor,
    CallsDay,
    OrdersDay,
    OrdersHour,
    TakingsDay,
    TakingsHour,
    TakingsProduct,
    TakingsVat,
    TimesDay,
)
from payments.takings.histogram import bucket_of
from seqrshop.backoffice.dashboard.page import _duration
from tests.factories import CategoryFactory, ProductFactory, ShopFactory
from tests.staff import staff

D = Decimal
PERMISSION = "payments.view_invoice"
FIRST, LAST = date(2026, 10, 6), date(2026, 10, 7)
DAY_BEFORE = date(2026, 10, 5)
DAYS = {"by": "day", "first": "2026-10-06", "last": "2026-10-07"}
pytestmark = pytest.mark.django_db


def plain(value: Any) -> Any:
    """Return texts in tuples and lists with plain spaces."""
    if isinstance(value, str):
        return value.replace("\xa0", " ")
    return tuple(plain(each) for each in value)


def shown(**query: str) -> Any:
    """Return the context of the page for a period of two days, or another query."""
    response = staff(PERMISSION).get("/staff/dashboard", {**DAYS, **query})
    assert response.status_code == 200
    return response.context


def cards_of(context: Any) -> dict[str, tuple[str, Any]]:
    """Return value and notes of each card, by its title."""
    return {card.title: (plain(card.value), plain(card.notes)) for card in context["cards"]}


def takings_of(shop: Shop, day: date, *, sales: str, currency: str = "SEK", **fields: Any) -> None:
    """Store a day's sums of a shop: sales at 25 % VAT, and other kinds if they are given."""
    kinds = {"payment": sales, **fields.pop("kinds", {})}
    numbers = {"first_number": 1, "last_number": 9}
    of_day = TakingsDay.objects.create(
        shop=shop, day=day, currency=currency, **numbers, **{"payments": 1, **fields}
    )
    for kind, gross in kinds.items():
        net = D(gross) * D("0.8")
        TakingsVat.objects.create(takings=of_day, kind=kind, rate=25, net=net, vat=D(gross) - net)


def orders_of(shop: Shop, day: date, *counts: int) -> None:
    """Store how many orders of a day were placed, paid, abandoned, failed and refunded."""
    names = ("placed", "paid", "abandoned", "failed", "refunded")
    OrdersDay.objects.create(shop=shop, day=day, **dict(zip(names, counts, strict=True)))


@pytest.fixture
def shop() -> Shop:
    """A shop with sales on the second day, and fewer the day before the first."""
    shop: Shop = ShopFactory.create(name="Kafé Lyktan")
    takings_of(
        shop,
        LAST,
        sales="2000",
        kinds={"refund": "-100", "reversal": "-50"},
        payments=4,
        refunds=3,
        reversals=2,
        tips=30,
        tips_refunded=-10,
    )
    takings_of(
        shop,
        DAY_BEFORE,
        sales="1000",
        kinds={"refund": "-10", "reversal": "-20"},
        payments=5,
        tips=7,
    )
    orders_of(shop, LAST, 12, 6, 2, 1, 3)
    orders_of(shop, DAY_BEFORE, 9, 5, 1, 2, 1)
    return shop


def test_cards_show_the_period_and_the_one_before(shop: Shop) -> None:
    before = "The period before: "

    assert cards_of(shown()) == {
        "Takings": (
            "1,850.00 SEK",
            ("1,480.00 SEK without VAT", f"{before}970.00 SEK (+91 %)"),
        ),
        "Orders": ("12", (f"{before}9",)),
        "Paid orders": ("6", (f"{before}5",)),
        "Average basket": ("500.00 SEK", (f"{before}200.00 SEK",)),
        "Abandoned": ("2", (f"{before}1",)),
        "Failed": ("1", (f"{before}2",)),
        "Refunds": ("100.00 SEK", ("3 orders, 3 refunds", f"{before}10.00 SEK")),
        "Reversed by SEQR": ("50.00 SEK", ("Payments: 2", f"{before}20.00 SEK")),
        "Tips": ("20.00 SEK", (f"{before}7.00 SEK",)),
    }


def test_cards_of_a_period_after_none_have_no_basket_before_and_no_change() -> None:
    takings_of(ShopFactory.create(), LAST, sales="20", payments=3)

    cards = cards_of(shown())

    assert cards["Takings"][1][1] == "The period before: 0.00 SEK"
    assert cards["Average basket"] == ("6.67 SEK", ("The period before: –",))


def test_cards_of_a_period_without_payments_have_no_basket() -> None:
    takings_of(ShopFactory.create(), DAY_BEFORE, sales="20", payments=3)

    cards = cards_of(shown())

    assert cards["Takings"][0] == "0.00 SEK"
    assert cards["Average basket"] == ("–", ("The period before: 6.67 SEK",))


def test_lower_takings_are_shown_with_a_minus_sign() -> None:
    shop = ShopFactory.create()
    takings_of(shop, DAY_BEFORE, sales="30")
    takings_of(shop, LAST, sales="20")

    assert cards_of(shown())["Takings"][1][1] == "The period before: 30.00 SEK (−33 %)"


def test_tables_have_a_row_for_each_day_beside_the_period_before(shop: Shop) -> None:
    context = shown()

    takings, orders = context["takings"], context["orders"]
    assert takings["table"].columns == ("Day", "With VAT", "Without VAT", "Period before")
    assert plain(takings["table"].rows) == (
        ("Tue 6 Oct 2026", "0.00", "0.00", "0.00"),
        ("Wed 7 Oct 2026", "1,850.00", "1,480.00", "970.00"),
    )
    assert plain(takings["chart"].summary) == "The highest: Wed 7 Oct 2026, 1,850."
    assert plain(orders["table"].rows) == (
        ("Tue 6 Oct 2026", "0", "0", "0", "0", "0", "0", "0"),
        ("Wed 7 Oct 2026", "12", "6", "2", "1", "3", "3", "9"),
    )
    assert [bar.colour for bar in orders["chart"].bars] == [
        "chart-before",
        "chart-paid",
        "chart-abandoned",
        "chart-failed",
        "chart-open",
        "chart-before",
    ]


def test_bars_of_hours_are_those_of_the_day_and_of_the_day_before(shop: Shop) -> None:
    other = ShopFactory.create()
    for of_shop, day, sales in ((shop, LAST, 10), (shop, FIRST, 4), (other, LAST, 1)):
        TakingsHour.objects.create(
            shop=of_shop,
            day=day,
            hour=9,
            currency="SEK",
            sales_net=sales - 1,
            sales_gross=sales,
            refunds_net="-0.25",
            refunds_gross="-0.50",
        )
        OrdersHour.objects.create(
            shop=of_shop,
            day=day,
            started_at=datetime(2026, 10, day.day, 7, tzinfo=UTC),
            placed=sales,
        )

    context = shown(by="hour", first="2026-10-07", shop=shop.slug)

    assert context["takings"]["table"].rows[9] == ("09:00", "9.50", "8.75", "3.50")
    assert context["orders"]["table"].rows[9][:2] == ("09:00", "10")
    assert context["orders"]["table"].rows[9][-1] == "4"
    assert len(context["takings"]["table"].rows) == 24


def test_bars_of_months_are_of_the_chosen_shops_and_currency(shop: Shop) -> None:
    takings_of(ShopFactory.create(), LAST, sales="1")
    takings_of(shop, LAST, sales="7", currency="EUR")
    takings_of(shop, date(2026, 9, 30), sales="50")
    takings_of(shop, date(2026, 8, 31), sales="3")

    rows = shown(by="month", shop=shop.slug, currency="SEK")["takings"]["table"].rows

    assert rows == (("October 2026", "2,820.00", "2,256.00", "50.00"),)


def product_sold(shop: Shop, units: int, gross: str, **fields: Any) -> Product:
    """Store that a product was sold on the second day."""
    product: Product = ProductFactory.create(shop=shop, **fields)
    TakingsProduct.objects.create(
        shop=shop,
        day=LAST,
        currency="SEK",
        product=product,
        units=units,
        net=D(gross) / 2,
        gross=D(gross),
    )
    return product


def test_rankings_name_what_sold_most_first(shop: Shop) -> None:
    other = ShopFactory.create(name="Kafé Månen")
    takings_of(other, LAST, sales="5000")
    drinks = CategoryFactory.create(shop=shop, name_en="Drinks", name_sv="Dryck")
    product_sold(shop, 2, "50", name_en="Bun", name_sv="Bulle")
    product_sold(shop, 3, "200", name_en="Tea", name_sv="Te", category=drinks)

    shops, categories, products = shown()["rankings"]

    def rows(ranking: Any) -> list[Any]:
        return [(row.name, row.cells, row.width) for row in ranking.rows]

    assert (shops.title, shops.heading, shops.columns) == (
        "Shops",
        "Shop",
        ("With VAT", "Without VAT", "Period before"),
    )
    assert rows(shops) == [
        ("Kafé Månen", ("5,000.00", "4,000.00", "0.00"), "100.00"),
        ("Kafé Lyktan", ("1,850.00", "1,480.00", "970.00"), "37.00"),
    ]
    assert (categories.title, categories.heading) == ("Categories", "Category")
    assert rows(categories) == [
        ("Drinks", ("3", "200.00", "100.00"), "100.00"),
        ("Without a category", ("2", "50.00", "25.00"), "25.00"),
    ]
    assert (products.title, products.heading) == ("Products", "Product")
    assert products.columns == ("Units", "With VAT", "Without VAT")
    assert rows(products) == [
        ("Tea", ("3", "200.00", "100.00"), "100.00"),
        ("Bun", ("2", "50.00", "25.00"), "25.00"),
    ]


def test_rankings_name_15_shops_and_15_products(shop: Shop) -> None:
    for number in range(16):
        takings_of(ShopFactory.create(), LAST, sales=str(number + 1))
        product_sold(shop, 1, str(number + 1), name_en=f"Product {number}")

    assert [len(each.rows) for each in shown()["rankings"]] == [15, 1, 15]


def test_times_and_calls_are_shown_beside_those_before(shop: Shop) -> None:
    def times(day: date, measure: str, *milliseconds: int) -> None:
        for each in milliseconds:
            bucket = bucket_of(each)
            TimesDay.objects.create(
                shop_id=shop.pk, day=day, measure=measure, bucket=bucket, count=10
            )

    times(LAST, "ready", 60_000)
    times(DAY_BEFORE, "ready", 30_000)
    times(LAST, "recorded", 400, 3000)
    times(DAY_BEFORE, "recorded", 500)
    times(LAST, "sendInvoice", 120)
    for name, counts in {"cancelInvoice": (2, 0, 0), "sendInvoice": (9, 3, 1)}.items():
        fields = dict(zip(("calls", "refused", "unanswered"), counts, strict=True))
        CallsDay.objects.create(shop_id=shop.pk, day=LAST, operation=name, **fields)
    until = timezone.now()
    ActivityCursor.objects.create(name="orders", until=until)

    context = shown()

    assert plain(context["kitchen"].rows) == (
        ("Paid to ready", "10", "62.0 s", "66.5 s", "29.9 s"),
        ("Paid to served", "0", "–", "–", "–"),
    )
    assert plain(context["seqr"]["table"].rows) == (
        ("sendInvoice", "9", "3", "1", "126 ms", "137 ms"),
        ("cancelInvoice", "2", "0", "0", "–", "–"),
    )
    recorded = context["seqr"]["recorded"]
    assert plain([recorded.title, recorded.value, *recorded.notes]) == (
        "From payment to record",
        "410 ms",
        "99 of 100 within 3.0 s",
        "Payments: 20",
        "The period before: 541 ms / 590 ms",
    )
    assert context["counted_until"]


def test_usual_periods_are_marked_and_keep_the_shop_and_the_currency(shop: Shop) -> None:
    def choices(**query: str) -> list[tuple[str, str, bool]]:
        response = staff(PERMISSION).get("/staff/dashboard", query)
        return [tuple(each) for each in response.context["choices"]]

    address = "/staff/dashboard?by="
    assert choices() == [
        ("Today by hour", f"{address}hour", False),
        ("30 days", f"{address}day", True),
        ("12 weeks", f"{address}week", False),
        ("12 months", f"{address}month", False),
    ]
    kept = choices(by="week", shop=shop.slug, currency="SEK")
    assert kept[2] == ("12 weeks", f"{address}week&shop={shop.slug}&currency=SEK", True)
    for other in ({"first": "2026-10-06"}, {"last": "2026-10-07"}):
        assert [is_shown for *_, is_shown in choices(**other)] == [False] * 4


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "–"),
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (2_460, "2.5 s"),
        (99_940, "99.9 s"),
        (100_000, "2 min"),
        (5_999_000, "100 min"),
        (6_000_000, "1.7 h"),
    ],
)
def test_duration_is_in_a_unit_that_people_read(milliseconds: float | None, text: str) -> None:
    assert plain(_duration(milliseconds)) == text
