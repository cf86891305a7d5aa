"""A shop that takes no orders: the reason it gives, and what still works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from orders.models import CustomerSession, Order, Shop
from payments.availability.availability import Reason, unavailability_of
from payments.availability.messages import unavailable_message
from payments.models import Invoice
from tests.factories import OpeningHoursFactory, ShopFactory
from tests.hours_factories import OpeningExceptionFactory, PlannedPauseFactory
from tests.payments.steps import pause_for_refused_password
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PAUSED = {
    "en": "We are not taking orders right now. Back at 14:00.",
    "sv": "Vi tar inte emot beställningar just nu. Tillbaka 14:00.",
}


@pytest.fixture
def paused(cafe: Shop) -> Shop:
    """The café, paused by its staff."""
    cafe.paused = True
    cafe.pause_note_sv, cafe.pause_note_en = "Tillbaka 14:00.", "Back at 14:00."
    cafe.save()
    return cafe


@pytest.fixture
def out_of_hours(cafe: Shop) -> Shop:
    """The café, which next opens in two days."""
    day = timezone.localdate() + timedelta(days=2)
    OpeningHoursFactory.create(shop=cafe, weekday=day.weekday())
    return cafe


@pytest.fixture(params=["paused", "out_of_hours"])
def close_shop(request: pytest.FixtureRequest) -> Callable[[], Shop]:
    """Close the café, for each reason."""
    return lambda: request.getfixturevalue(request.param)


# --- Messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "english", "swedish"),
    [
        ("2026-11-23 05:00", "today at 08:00", "i dag kl. 08:00"),
        ("2026-11-22 23:59", "tomorrow at 08:00", "i morgon kl. 08:00"),
        ("2026-11-21 12:00", "on Monday 23 November at 08:00", "måndag 23 november kl. 08:00"),
        ("2026-11-23 17:00", "on Monday 30 November at 08:00", "måndag 30 november kl. 08:00"),
    ],
)
def test_customer_out_of_hours_reads_next_opening(
    cafe: Shop, moment: str, english: str, swedish: str
) -> None:
    OpeningHoursFactory.create(shop=cafe)  # Mondays from 08:00 to 17:00
    now = datetime.fromisoformat(moment).replace(tzinfo=STOCKHOLM)

    unavailable = unavailability_of(cafe, now)

    assert unavailable is not None
    with translation.override("en"):
        assert unavailable_message(unavailable, now) == f"We are closed. We open again {english}."
    with translation.override("sv"):
        assert unavailable_message(unavailable, now) == f"Vi har stängt. Vi öppnar igen {swedish}."


def test_shop_takes_orders_within_its_hours(cafe: Shop) -> None:
    OpeningHoursFactory.create(shop=cafe)

    assert unavailability_of(cafe, datetime(2026, 11, 23, 12, tzinfo=STOCKHOLM)) is None


def test_hours_of_one_shop_do_not_close_another(out_of_hours: Shop) -> None:
    assert unavailability_of(out_of_hours) is not None
    assert unavailability_of(ShopFactory.create()) is None


@pytest.mark.parametrize(
    ("paused", "hours", "pause", "expected"),
    [
        (True, True, True, Reason.PAUSED),
        (False, True, True, Reason.OUT_OF_HOURS),
        (False, False, True, Reason.PAYMENTS_PAUSED),
        (False, False, False, None),
    ],
)
def test_most_helpful_of_several_reasons_is_shown(
    cafe: Shop, paused: bool, hours: bool, pause: bool, expected: Reason | None
) -> None:
    cafe.paused = paused
    if hours:
        OpeningHoursFactory.create(shop=cafe)
    if pause:
        pause_for_refused_password()

    unavailable = unavailability_of(cafe, datetime(2026, 11, 24, 12, tzinfo=STOCKHOLM))

    assert (unavailable and unavailable.reason) == expected


@pytest.mark.parametrize(
    ("swedish", "english", "expected"),
    [
        ("", "", "We are not taking orders right now."),
        ("Strax!", "", "We are not taking orders right now. Strax!"),
    ],
)
def test_pause_note_falls_back_to_other_language(
    client: JsonClient, paused: Shop, swedish: str, english: str, expected: str
) -> None:
    Shop.objects.update(pause_note_sv=swedish, pause_note_en=english)

    page = client.get("/lyktan/order").content.decode()

    assert f'<p class="notice">{expected}</p>' in page


def told(shop: Shop, moment: str, language: str = "en") -> str | None:
    """Return what a customer reads at a local time, or None if the shop takes orders."""
    now = datetime.fromisoformat(moment).replace(tzinfo=STOCKHOLM)
    unavailable = unavailability_of(shop, now)
    with translation.override(language):
        return None if unavailable is None else unavailable_message(unavailable, now)


def test_customer_reads_why_the_shop_is_closed_on_a_day_with_other_hours(cafe: Shop) -> None:
    OpeningHoursFactory.create(shop=cafe, weekday=4)
    OpeningHoursFactory.create(shop=cafe, weekday=5, opens="09:00")
    OpeningExceptionFactory.create(shop=cafe)
    OpeningExceptionFactory.create(
        shop=cafe, first_day="2026-06-26", opens="18:00", closes="02:00", note_en="Jazz."
    )
    eve = "2026-06-19 12:00"

    assert told(cafe, eve) == (
        "We are closed today: Midsummer's Eve. We open again tomorrow at 09:00."
    )
    assert told(cafe, eve, "sv") == (
        "Vi har stängt i dag: midsommarafton. Vi öppnar igen i morgon kl. 09:00."
    )
    assert told(cafe, "2026-06-20 12:00") is None
    assert told(cafe, "2026-06-26 12:00") == (
        "We are closed. Other hours today: Jazz. We open again today at 18:00."
    )
    assert told(cafe, "2026-06-27 01:00") is None  # an hour past midnight


def test_closed_day_without_a_note_says_that_it_is_today(cafe: Shop) -> None:
    OpeningExceptionFactory.create(shop=cafe, note_sv="", note_en="")

    assert told(cafe, "2026-06-19 12:00") == (
        "We are closed today. We open again tomorrow at 00:00."
    )


def test_planned_pause_begins_and_ends_by_itself_with_its_own_note(cafe: Shop) -> None:
    Shop.objects.update(pause_note_en="Not this one.")
    OpeningHoursFactory.create(shop=cafe)  # Mondays from 08:00 to 17:00
    PlannedPauseFactory.create(
        shop=cafe,
        starts_at=datetime(2026, 11, 23, 12, tzinfo=STOCKHOLM),
        ends_at=datetime(2026, 11, 23, 14, tzinfo=STOCKHOLM),
        note_en="Delivery of chairs.",
    )

    assert told(cafe, "2026-11-23 11:59:59") is None
    assert told(cafe, "2026-11-23 12:00") == (
        "We are not taking orders right now. Delivery of chairs. We open again today at 14:00."
    )
    assert told(cafe, "2026-11-23 14:00") is None


def test_exceptions_and_pauses_of_one_shop_do_not_close_another(cafe: Shop) -> None:
    OpeningExceptionFactory.create(first_day=timezone.localdate())
    PlannedPauseFactory.create(
        starts_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1)
    )

    assert unavailability_of(cafe) is None


# --- Pages and API -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", PAUSED)
def test_order_page_and_session_report_pause(
    customer: JsonClient, paused: Shop, language: str
) -> None:
    headers = {"Accept-Language": language}

    page = customer.get("/lyktan/order", headers=headers).content.decode()
    session = customer.send("/lyktan/session", headers=headers)

    assert PAUSED[language] in page
    assert session.status_code == 200
    assert session.json()["unavailable_message"] == PAUSED[language]


def test_order_is_rejected_with_same_message_and_not_created(
    customer: JsonClient, two_buns: dict[str, Any], close_shop: Callable[[], Shop]
) -> None:
    close_shop()
    message = customer.send("/lyktan/session").json()["unavailable_message"]

    response = customer.send("/lyktan/orders", two_buns)

    assert response.status_code == 503
    assert response.json() == {"error": "shop_unavailable", "message": message}
    assert response["Retry-After"] == "60"
    assert not Order.objects.exists()
    assert not Invoice.objects.exists()


def test_repeated_nonce_returns_its_order_in_closed_shop(
    customer: JsonClient, two_buns: dict[str, Any]
) -> None:
    created = customer.send("/lyktan/orders", two_buns).json()
    Shop.objects.update(paused=True)

    repeated = customer.send("/lyktan/orders", two_buns)

    assert (repeated.status_code, repeated.json()) == (200, created)


def test_open_order_can_be_read_paid_and_cancelled_in_closed_shop(
    customer: JsonClient, customer_session: CustomerSession, close_shop: Callable[[], Shop]
) -> None:
    invoice = invoice_of(customer_session, "issued")
    close_shop()

    shown = customer.send("/lyktan/session").json()["order"]
    cancelled = customer.send(path_of(invoice, "/cancel"))

    assert shown["state"] == "awaiting_payment"
    assert shown["app_url"]
    assert cancelled.status_code == 200


def test_unpaid_order_cannot_be_retried_in_closed_shop(
    customer: JsonClient, customer_session: CustomerSession, close_shop: Callable[[], Shop]
) -> None:
    invoice = invoice_of(customer_session, "expired")
    close_shop()

    response = customer.send(path_of(invoice, "/pay"))

    invoice.order.refresh_from_db()
    assert (response.status_code, response.json()["error"]) == (503, "shop_unavailable")
    assert (invoice.order.state, invoice.order.invoices.count()) == ("expired", 1)
