"""The dashboard: its figures equal the receipts, and are of the person's shops alone."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Shop
from payments.models import Receipt, ReceiptKind, TimesDay
from payments.receipts.content import STOCKHOLM
from payments.takings.activity import update_activity
from payments.takings.days import takings_of_days
from payments.takings.update import update_takings
from seqrshop.backoffice.dashboard import figures
from seqrshop.backoffice.dashboard.periods import Grain, Period
from tests.factories import (
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ReceiptFactory,
    ShopFactory,
)
from tests.payments.takings.histories import History
from tests.payments.takings.test_activity import call_of, event_of, set_state
from tests.staff import staff

D = Decimal
ADDRESS = "/staff/dashboard"
PERMISSION = "payments.view_invoice"
pytestmark = pytest.mark.django_db


def sell(shop: Shop, amount: str = "45.00") -> None:
    """Sell a bun, which is ready after six minutes, and count it."""
    order = OrderFactory.create(shop=shop, total=amount)
    OrderRowFactory.create(order=order, product__price=amount)
    set_state(order, "ready", timezone.now(), 6)
    call_of(order, ms=2500)
    update_takings()
    update_activity()


def page_of(client: Client, **query: str) -> Any:
    return client.get(ADDRESS, query)


def text_of(response: Any) -> str:
    """Return the visible text of the page's content."""
    html = response.content.decode().split('id="content"')[1]
    html = re.sub(r"<title>.*?</title>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_figures_of_each_grain_add_up_to_the_takings(data: st.DataObject, clerk: User) -> None:
    history = History(data, clerk)
    for _ in range(data.draw(st.integers(1, 8))):
        history.go_on()
    shops = {shop.pk: shop.name for shop in history.shops}
    ids = list(shops)
    first, last = date(2026, 10, 1), date(2026, 12, 31)

    for grain in Grain:
        period = Period.of(grain, first, last)
        for is_now, part in ((True, period), (False, period.before)):
            days = takings_of_days(ids, part.first, part.last)
            for currency in {day.currency for day in days}:
                of_currency = [day for day in days if day.currency == currency]
                gross = sum((day.gross for day in of_currency), D(0))
                net = sum((day.net for day in of_currency), D(0))
                compared = figures.totals(period, ids)[currency]
                totals = compared.now if is_now else compared.before
                assert (totals.gross, totals.net) == (gross, net)
                assert totals.gross == totals.sales + totals.refunds + totals.reversals
                assert totals.payments == sum(day.payments for day in of_currency)
                bars = figures.takings_by_bucket(period, ids, currency)
                keys = {bucket.key for bucket in part.buckets()}
                mine = {key: bar for (now, key), bar in bars.items() if now == is_now}
                assert mine.keys() <= keys
                assert sum((bar.gross for bar in mine.values()), D(0)) == gross
                assert sum((bar.net for bar in mine.values()), D(0)) == net
                if is_now:
                    for ranked in (
                        figures.by_shop(period, shops, currency),
                        *figures.by_product_and_category(period, ids, currency, "sv"),
                    ):
                        assert sum((each.amounts.gross for each in ranked), D(0)) == gross


def test_totals_and_shops_are_the_sums_of_payments_and_reversals() -> None:
    shop = ShopFactory.create()
    for _ in range(3):
        sell(shop)
    payment = Receipt.objects.earliest("pk")
    ReceiptFactory.create(
        invoice=payment.invoice,
        kind=ReceiptKind.REVERSAL,
        amount=payment.amount,
        credited=payment,
        issued_at=payment.issued_at,
    )
    update_takings()
    day = payment.issued_at.astimezone(STOCKHOLM).date()
    period = Period.of(Grain.DAY, day, day)

    totals = figures.totals(period, [shop.pk])["SEK"].now
    [ranked] = figures.by_shop(period, {shop.pk: "Lyktan"}, "SEK")

    assert (totals.gross, totals.net) == (D("90.00"), D("80.36"))
    assert (ranked.amounts.gross, ranked.amounts.net) == (D("90.00"), D("80.36"))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 1, 31), date(2026, 3, 1)),
        (date(2026, 2, 2), date(2026, 2, 27)),
        (date(2026, 2, 2), date(2026, 3, 30)),
        (date(2026, 2, 1), date(2026, 2, 28)),
    ],
)
def test_times_of_a_period_are_the_sums_of_its_days(first: date, last: date) -> None:
    first_day, shop_id = date(2025, 12, 20), 7
    days = [first_day + timedelta(days=number) for number in range(400)]
    TimesDay.objects.bulk_create(
        TimesDay(shop_id=shop_id, day=day, measure="ready", bucket=20 + day.day % 3, count=day.day)
        for day in days
    )
    TimesDay.objects.filter(day=date(2026, 2, 14)).update(count=99, bucket=50)
    TimesDay.objects.filter(day__day=15).delete()

    found = figures.histograms(Period(Grain.DAY, first, last), [shop_id])

    expected: Counter[int] = Counter()
    for row in TimesDay.objects.filter(day__gte=first, day__lte=last):
        expected[row.bucket] += row.count
    assert found == {"ready": expected}


def test_page_shows_takings_orders_products_times_and_calls() -> None:
    sell(ShopFactory.create())

    page = page_of(staff(PERMISSION))

    text = text_of(page)
    assert page.context["currencies"] == []
    for expected in (
        "Takings 45.00 SEK 40.18 SEK without VAT",
        "Paid orders 1",
        "Average basket 45.00 SEK",
        "Cinnamon bun 1 45.00 40.18",
        "Paid to ready 1 6 min 7 min",
        "sendInvoice 1 0 0 2.3 s 2.5 s",
        "From payment to record –",
    ):
        assert expected in text


def test_person_of_one_shop_sees_that_shop_alone() -> None:
    own, other = ShopFactory.create(), ShopFactory.create(name="Hemliga kaféet")
    sell(own)
    sell(other, "77.00")
    call_of(None, name="markTransactionPeriod")
    update_activity()

    mine, everything = (text_of(page_of(staff(PERMISSION, shops=shops))) for shops in ([own], None))

    assert "Takings 45.00 SEK" in mine
    assert "Hemliga" not in mine
    assert "markTransactionPeriod" not in mine
    assert "Takings 122.00 SEK" in everything
    assert "markTransactionPeriod" in everything


def test_one_of_several_shops_can_be_chosen() -> None:
    own, other = ShopFactory.create(), ShopFactory.create()
    sell(own)
    sell(other, "77.00")

    assert "Takings 77.00 SEK" in text_of(page_of(staff(PERMISSION), shop=other.slug))


def test_foreign_shop_looks_like_one_that_does_not_exist() -> None:
    own, other = ShopFactory.create(), ShopFactory.create()
    client = staff(PERMISSION, shops=[own])

    foreign, unknown = (page_of(client, shop=slug) for slug in (other.slug, "nothing"))

    assert foreign.status_code == unknown.status_code == 400
    assert text_of(foreign) == text_of(unknown)
    assert "You have no shop with this name." in text_of(foreign)


TODAY = timezone.now().astimezone(STOCKHOLM).date()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"by": "year"}, "Choose hour, day, week or month."),
        ({"by": "\0"}, "Choose hour, day, week or month."),
        ({"first": "yesterday"}, "Enter a date such as 2026-11-29."),
        ({"last": "2026-02-30"}, "Enter a date such as 2026-11-29."),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "The last day is before the first one."),
        ({"first": "1999-12-31"}, "Choose a day from 2010-01-01 to today."),
        ({"last": str(TODAY + timedelta(days=1))}, "Choose a day from 2010-01-01 to today."),
        ({"first": "2010-01-01"}, "Choose at most 93 days."),
        ({"by": "month", "first": "2010-01-01"}, "Choose at most 731 days."),
        ({"shop": "\0"}, "You have no shop with this name."),
        ({"currency": "kronor"}, "Choose a currency such as SEK."),
    ],
)
def test_bad_choice_is_answered_with_a_sentence(query: dict[str, str], sentence: str) -> None:
    ShopFactory.create()

    response = page_of(staff(PERMISSION), **query)

    assert response.status_code == 400
    assert sentence in text_of(response)
    assert "Takings" not in text_of(response)


@pytest.mark.parametrize("by", Grain.values)
def test_empty_shop_has_a_page_of_zeros(by: str) -> None:
    ShopFactory.create()

    text = text_of(page_of(staff(PERMISSION), by=by))

    assert "Takings 0.00 SEK" in text
    assert "Nothing was sold in this period." in text


def test_person_without_a_shop_reads_what_to_do() -> None:
    assert "You have no shop yet." in text_of(page_of(staff(PERMISSION, shops=[])))


def test_number_of_statements_depends_on_neither_shops_nor_days() -> None:
    for _ in range(2):
        sell(ShopFactory.create())
    client = staff(PERMISSION)
    page_of(client)
    with CaptureQueriesContext(connection) as few:
        page_of(client)
    for _ in range(3):
        sell(ShopFactory.create())

    with CaptureQueriesContext(connection) as many:
        page_of(client, by="month")

    assert len(many) == len(few) <= 30
    assert not [each["sql"] for each in many if 'FROM "orders_order"' in each["sql"]]


def test_page_has_no_inline_style_and_is_swedish_in_swedish() -> None:
    sell(ShopFactory.create())
    client = staff(PERMISSION)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"

    response = page_of(client)

    html = response.content.decode().split('id="content"')[1]
    assert "style=" not in html
    text = text_of(response)
    for word in ("Takings", "Orders", "before", "within", "Paid", "Units", "Half", "Show"):
        assert word not in text
    assert "Försäljning 45,00 SEK" in text


def test_night_on_which_the_clock_is_set_back_is_shown_by_its_hours() -> None:
    shop = ShopFactory.create()
    for hour in (0, 1):  # both are 02:00 in Stockholm
        created_at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        event_of(OrderFactory.create(shop=shop, created_at=created_at))
    update_activity()
    period = Period.of(Grain.HOUR, date(2026, 10, 25), date(2026, 10, 25))

    found = figures.orders_by_bucket(period, [shop.pk])

    assert {key: counts["placed"] for key, counts in found.items()} == {(True, 2): 2}


def test_two_currencies_are_never_added_up() -> None:
    sell(ShopFactory.create())
    euro = OrderFactory.create(
        shop=ShopFactory.create(currency="EUR"), currency="EUR", state="paid"
    )
    InvoiceFactory.create(order=euro, paid=True)
    update_takings()
    client = staff(PERMISSION)

    assert "Takings 45.00 EUR" in text_of(page_of(client, currency="EUR"))
    assert "Takings 45.00 SEK" in text_of(page_of(client, currency="SEK"))
    assert "currency=EUR" in page_of(client).content.decode()
