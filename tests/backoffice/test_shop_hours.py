"""Days with other hours and planned pauses, on a shop's page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.models import OpeningException, PlannedPause, Shop
from tests.backoffice.shop_form import form
from tests.factories import ShopFactory
from tests.hours_factories import OpeningExceptionFactory, PlannedPauseFactory
from tests.staff import page_url, run_action, staff, superuser

pytestmark = pytest.mark.django_db

NEXT_YEAR = timezone.localdate().year + 1
EVE = f"{NEXT_YEAR}-06-20"


def rows(prefix: str, *posted: dict[str, str]) -> dict[str, Any]:
    """Return the shop's form with these new rows."""
    fields = {
        f"{prefix}-{number}-{name}": value
        for number, row in enumerate(posted)
        for name, value in row.items()
    }
    return form(**{f"{prefix}-TOTAL_FORMS": str(len(posted)), **fields})


def post(shop: Shop, prefix: str, *posted: dict[str, str]) -> list[dict[str, list[str]]]:
    """Save a shop's page with new rows; return the errors of each, by field."""
    response = superuser().post(page_url(shop), rows(prefix, *posted))
    if response.status_code == 302:
        return []
    formsets = response.context["inline_admin_formsets"]
    [found] = [each.formset for each in formsets if each.formset.prefix == prefix]
    return [dict(each.errors) for each in found.forms]


def test_holiday_and_long_evening_are_saved() -> None:
    shop = ShopFactory.create()

    errors = post(
        shop,
        "opening_exceptions",
        {"first_day": EVE, "note_en": "Midsummer's Eve"},
        {"first_day": f"{NEXT_YEAR}-08-01", "opens": "18:00", "closes": "03:00"},
    )

    closed, late = OpeningException.objects.all()
    assert errors == []
    assert (closed.first_day, closed.last_day) == (date(NEXT_YEAR, 6, 20), date(NEXT_YEAR, 6, 20))
    assert (closed.is_closed, closed.note_en) == (True, "Midsummer's Eve")
    assert (late.opens, late.closes) == (time(18), time(3))


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        ({"first_day": "2020-12-24"}, "first_day", "This is in the past."),
        (
            {"first_day": EVE, "last_day": f"{NEXT_YEAR}-06-19"},
            "last_day",
            "The last day must not be before the first.",
        ),
        ({"first_day": EVE, "opens": "10:00"}, "closes", "Enter both times, or none"),
        ({"first_day": EVE, "closes": "10:00"}, "opens", "Enter both times, or none"),
        ({"first_day": f"{NEXT_YEAR + 5}-06-20"}, "first_day", "more than two years ahead"),
        ({"first_day": "midsummer"}, "first_day", "Enter a valid date."),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(
    row: dict[str, str], field: str, sentence: str
) -> None:
    errors = post(ShopFactory.create(), "opening_exceptions", row)

    assert sentence in errors[0][field][0]
    assert not OpeningException.objects.exists()


def test_days_that_overlap_are_refused_beside_the_later_one() -> None:
    shop = ShopFactory.create()

    errors = post(
        shop,
        "opening_exceptions",
        {"first_day": EVE},
        {"first_day": f"{NEXT_YEAR}-06-18", "last_day": f"{NEXT_YEAR}-06-20"},
    )

    assert errors == [
        {"first_day": [f"This overlaps with another row: {NEXT_YEAR}-06-18–{NEXT_YEAR}-06-20."]},
        {},
    ]
    assert not OpeningException.objects.exists()


def test_each_field_is_labelled_for_those_who_cannot_see_its_column() -> None:
    day = OpeningExceptionFactory.create(first_day=timezone.localdate())

    page = superuser().get(page_url(day.shop)).content.decode()

    assert 'aria-label="First day"' in page
    assert f'aria-label="Delete: {day}"' in page


def test_day_that_has_begun_stays_and_is_saved_with_the_page() -> None:
    shop = ShopFactory.create()
    today = timezone.localdate()
    begun = OpeningExceptionFactory.create(
        shop=shop, first_day=today - timedelta(days=3), last_day=today
    )
    row = {"id": str(begun.pk), "first_day": str(begun.first_day), "last_day": str(today)}
    posted = rows("opening_exceptions", {**row, "note_en": "We are away."})

    response = superuser().post(page_url(shop), posted | {"opening_exceptions-INITIAL_FORMS": "1"})

    begun.refresh_from_db()
    assert (response.status_code, begun.note_en) == (302, "We are away.")


def test_end_of_days_that_have_begun_is_not_moved_into_the_past() -> None:
    shop = ShopFactory.create()
    today = timezone.localdate()
    begun = OpeningExceptionFactory.create(
        shop=shop, first_day=today - timedelta(days=3), last_day=today
    )
    row = {"id": str(begun.pk), "first_day": str(begun.first_day)}
    posted = rows("opening_exceptions", {**row, "last_day": str(today - timedelta(days=1))})

    response = superuser().post(page_url(shop), posted | {"opening_exceptions-INITIAL_FORMS": "1"})

    assert "This is in the past." in response.content.decode()


def test_pause_is_shown_until_a_week_after_its_end() -> None:
    shop, now = ShopFactory.create(), timezone.now()
    lately, long_ago = (
        PlannedPauseFactory.create(
            shop=shop,
            starts_at=now - timedelta(days=days, hours=1),
            ends_at=now - timedelta(days=days),
        )
        for days in (6, 8)
    )

    page = superuser().get(page_url(shop))

    [pauses] = (
        each.formset
        for each in page.context["inline_admin_formsets"]
        if each.formset.prefix == "planned_pauses"
    )
    assert [form.instance for form in pauses.initial_forms] == [lately]
    assert PlannedPause.objects.filter(pk=long_ago.pk).exists()


def test_pause_is_planned_by_local_time() -> None:
    shop = ShopFactory.create()
    pause = {"starts_at": f"{NEXT_YEAR}-07-01T12:00", "ends_at": f"{NEXT_YEAR}-07-01T14:30"}

    errors = post(shop, "planned_pauses", pause | {"note_sv": "Nya stolar"})

    planned = PlannedPause.objects.get()
    assert errors == []
    assert planned.starts_at == datetime(NEXT_YEAR, 7, 1, 10, tzinfo=UTC)
    assert (planned.ends_at - planned.starts_at, planned.note_sv) == (
        timedelta(hours=2, minutes=30),
        "Nya stolar",
    )


@pytest.mark.parametrize(
    ("starts", "ends", "field", "sentence"),
    [
        ("07-01T12:00", "07-01T12:00", "ends_at", "“Until” must be after “from”."),
        ("07-01T12:00", "06-01T12:00", "ends_at", "“Until” must be after “from”."),
        ("07-01T12:00", "soon", "ends_at", "Enter a valid date/time."),
    ],
)
def test_pause_that_cannot_be_is_refused_beside_its_field(
    starts: str, ends: str, field: str, sentence: str
) -> None:
    pause = {"starts_at": f"{NEXT_YEAR}-{starts}", "ends_at": f"{NEXT_YEAR}-{ends}"}

    errors = post(ShopFactory.create(), "planned_pauses", pause)

    assert errors == [{field: [sentence]}]


def test_pause_in_an_hour_that_the_clocks_skip_is_refused() -> None:
    last_sunday = max(
        day
        for day in (date(NEXT_YEAR, 3, number) for number in range(25, 32))
        if day.weekday() == 6
    )
    pause = {"starts_at": f"{last_sunday}T02:30", "ends_at": f"{last_sunday}T04:00"}

    errors = post(ShopFactory.create(), "planned_pauses", pause)

    assert errors == [{"starts_at": ["The clocks go forward: there is no such time that night."]}]


def test_pauses_that_overlap_are_refused_and_those_that_meet_are_not() -> None:
    shop = ShopFactory.create()
    first = {"starts_at": f"{NEXT_YEAR}-07-01T12:00", "ends_at": f"{NEXT_YEAR}-07-01T14:00"}
    meets = {"starts_at": first["ends_at"], "ends_at": f"{NEXT_YEAR}-07-01T15:00"}
    overlaps = meets | {"starts_at": f"{NEXT_YEAR}-07-01T13:59"}

    assert list(post(shop, "planned_pauses", first, overlaps)[1]) == ["starts_at"]
    assert post(shop, "planned_pauses", first, meets) == []


def paused_now(shop: Shop) -> PlannedPause:
    """Plan a pause that has begun an hour ago and ends in an hour."""
    now = timezone.now()
    planned: PlannedPause = PlannedPauseFactory.create(
        shop=shop, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1)
    )
    return planned


def test_staff_see_a_planned_pause_and_open_the_shop() -> None:
    shop = ShopFactory.create(name="Kafé Lyktan")
    pause = paused_now(shop)
    client: Client = staff("orders.view_shop", "orders.pause_shop", "orders.serve_order")

    page = client.get(page_url(shop)).content.decode()
    board = client.get(f"/staff/kitchen/{shop.slug}/board").json()
    today = client.get("/staff/today").content.decode()
    messages = run_action(client, "open", shop, from_row_page="yes")

    pause.refresh_from_db()
    assert 'name="action" value="open"' in page
    assert board["is_paused"]
    assert board["paused_until"] == timezone.localtime(
        pause.starts_at + timedelta(hours=2)
    ).isoformat(timespec="seconds")
    assert "Paused by the staff: Kafé Lyktan." in today
    assert messages == ["Opened: Kafé Lyktan."]
    assert pause.ends_at <= timezone.now()
    assert not client.get(f"/staff/kitchen/{shop.slug}/board").json()["is_paused"]
