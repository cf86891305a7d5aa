"""What the first page shows of the sales of a person's shops."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.audit import by_staff
from orders.models import Shop
from payments.models import InvoiceStatus, Refund, RefundStatus
from payments.refunds.refund import request_refund
from seqrshop.backoffice.today.sales import start_of_day, week_before
from tests.backoffice.test_today import NOW, STOCKHOLM, payment, today
from tests.factories import ShopFactory
from tests.staff import staff, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_half_past_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be half past two on a Sunday."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_have_today_and_the_same_weekday_of_last_week(cafe: Shop) -> None:
    week_ago = NOW - timedelta(days=7)
    payment(cafe, NOW.replace(hour=0, minute=0), "10.00")
    payment(cafe, NOW - timedelta(minutes=5), "20.00")
    payment(cafe, NOW.replace(hour=0) - timedelta(hours=1), "1000.00")  # yesterday
    payment(cafe, week_ago.replace(hour=0, minute=0), "3.00")
    payment(cafe, week_ago + timedelta(hours=5), "4.00")
    payment(cafe, week_ago.replace(hour=0, minute=0) - timedelta(seconds=1), "1000.00")
    payment(cafe, week_ago.replace(hour=0, minute=0) + timedelta(days=1), "1000.00")

    [sums] = today(staff("payments.view_invoice", shops=[cafe]))["takings"]

    assert {name: text.replace("\N{NO-BREAK SPACE}", " ") for name, text in sums.items()} == {
        "today": "30.00 SEK",
        "refunded": "",
        "earlier_so_far": "3.00 SEK",
        "earlier": "7.00 SEK",
    }


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_leave_out_other_shops_and_duplicate_payments(cafe: Shop) -> None:
    payment(cafe, NOW - timedelta(hours=2), "20.00")
    payment(ShopFactory.create(), NOW - timedelta(hours=2), "1000.00")
    payment(cafe, NOW - timedelta(hours=2), "1000.00", status=InvoiceStatus.DUPLICATE)

    context = today(staff("payments.view_invoice", shops=[cafe]))

    assert context["takings"][0]["today"] == "20.00\N{NO-BREAK SPACE}SEK"
    assert (context["sales"].today, context["sales"].last_hour) == (1, 0)


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_have_the_amount_of_seqrs_receipt(cafe: Shop) -> None:
    payment(cafe, NOW - timedelta(hours=2), "77.00", paid_amount=70, paid_currency="SEK")

    context = today(staff("payments.view_invoice", shops=[cafe]))

    assert context["takings"][0]["today"] == "70.00\N{NO-BREAK SPACE}SEK"


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_of_two_currencies_are_two_sums(cafe: Shop) -> None:
    payment(cafe, NOW - timedelta(hours=2), "20.00")
    payment(cafe, NOW - timedelta(hours=2), "9.00", currency="EUR")

    takings = today(staff("payments.view_invoice", shops=[cafe]))["takings"]

    assert [sums["today"] for sums in takings] == [
        "9.00\N{NO-BREAK SPACE}EUR",
        "20.00\N{NO-BREAK SPACE}SEK",
    ]


@pytest.mark.usefixtures("at_half_past_two")
def test_refunds_of_today_are_shown_beside_the_takings(cafe: Shop) -> None:
    client = staff("payments.view_invoice", shops=[cafe])
    for number, each in enumerate((cafe, ShopFactory.create())):
        invoice = payment(each, NOW - timedelta(days=3))
        refund, _ = request_refund(
            invoice.pk, Decimal(5), "cold", by_staff(user_of(client)), f"form {number}"
        )
        Refund.objects.filter(pk=refund.pk).update(
            status=RefundStatus.REFUNDED,
            ers_reference=f"R{number}",
            sent_at=NOW - timedelta(minutes=1),
        )

        unsent, _ = request_refund(
            invoice.pk, Decimal(7), "cold", by_staff(user_of(client)), f"unsent {number}"
        )
        of_yesterday, _ = request_refund(
            invoice.pk, Decimal(9), "cold", by_staff(user_of(client)), f"yesterday {number}"
        )
        Refund.objects.filter(pk=unsent.pk).update(sent_at=NOW - timedelta(minutes=1))
        Refund.objects.filter(pk=of_yesterday.pk).update(
            status=RefundStatus.REFUNDED,
            ers_reference=f"Y{number}",
            sent_at=NOW.replace(hour=0, minute=0) - timedelta(seconds=1),
        )

    [sums] = today(client)["takings"]

    assert (sums["today"], sums["refunded"]) == (
        "0.00\N{NO-BREAK SPACE}SEK",
        "5.00\N{NO-BREAK SPACE}SEK",
    )


def test_hour_before_the_first_hour_of_a_day_is_counted(
    cafe: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    past_midnight = NOW.replace(hour=0, minute=20)
    monkeypatch.setattr(timezone, "now", lambda: past_midnight)
    payment(cafe, past_midnight - timedelta(minutes=30))
    payment(cafe, past_midnight - timedelta(minutes=5))

    sales = today(staff("payments.view_invoice", shops=[cafe]))["sales"]

    assert (sales.last_hour, sales.today) == (2, 1)


def test_day_begins_at_midnight_in_the_shops_time_zone_when_the_clocks_change() -> None:
    after_change = datetime(2026, 10, 25, 12, 0, tzinfo=STOCKHOLM)

    assert start_of_day(after_change).isoformat() == "2026-10-25T00:00:00+02:00"
    assert week_before(after_change).isoformat() == "2026-10-18T12:00:00+02:00"
