"""The list of days: which ones it shows, and where its links lead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.clock import database_now
from orders.models import Shop
from payments.closings.local_days import day_of
from tests.factories import SellerFactory, ShopFactory, TerminalFactory
from tests.payments.closings.steps import (
    DAY,
    at,
    in_use_since_long,
    marked_period,
    period_marked,
    sale,
)
from tests.staff import staff

pytestmark = pytest.mark.django_db
VIEW = "payments.view_dayclosing"
INVALID = ["The filter in the address is not valid, so all rows are shown."]


@pytest.fixture
def sold(cafe: Shop) -> Shop:
    """A shop that has made its first sale on the day."""
    in_use_since_long(cafe.terminal)
    sale(cafe, at(9))
    return cafe


def shown(client: Client, **query: str) -> Any:
    """Return what the page shows for a query."""
    return client.get(reverse("staff:closing"), query).context


def messages_of(context: Any) -> list[str]:
    """Return the messages that the page itself shows."""
    return [str(message) for message in context["messages"]]


def days_of(context: Any) -> list[date]:
    """Return the days that the page shows."""
    return [day for day, _ in context["days"]]


def test_list_without_a_filter_begins_with_today_and_shows_no_message(sold: Shop) -> None:
    before = day_of(database_now())

    context = shown(staff(VIEW))

    assert before <= days_of(context)[0] <= day_of(database_now())
    assert len(days_of(context)) == min(14, (days_of(context)[0] - DAY).days + 1)
    assert (messages_of(context), context["later"], context["chosen"]) == ([], None, None)


@pytest.mark.parametrize(
    ("until", "days", "earlier", "later"),
    [
        ("2026-11-24", 14, DAY, date(2026, 12, 8)),
        ("2026-11-23", 14, None, date(2026, 12, 7)),
        ("2026-11-12", 3, None, date(2026, 11, 26)),
        ("1990-01-01", 0, None, date(2000, 1, 15)),
    ],
)
def test_list_shows_14_days_and_links_to_those_before_and_after(
    sold: Shop, until: str, days: int, earlier: date | None, later: date
) -> None:
    context = shown(staff(VIEW), until=until)

    assert len(days_of(context)) == days
    assert (context["earlier"], context["later"]) == (earlier, later)
    assert messages_of(context) == []


def test_list_until_a_day_to_come_ends_today(sold: Shop) -> None:
    client = staff(VIEW)

    assert days_of(shown(client, until="2999-01-01")) == days_of(shown(client))
    assert shown(client, until="2999-01-01")["later"] is None


@pytest.mark.parametrize("query", [{"until": "tomorrow"}, {"shop": "no-shop"}])
def test_list_drops_the_whole_filter_if_a_part_of_it_is_invalid(
    sold: Shop, query: dict[str, str]
) -> None:
    context = shown(staff(VIEW), **{"until": "2026-11-12", "shop": sold.slug, **query})

    assert messages_of(context) == INVALID
    assert (context["chosen"], context["later"], days_of(context)[-1] >= DAY) == (None, None, True)


def test_list_of_the_shops_of_two_sellers_names_the_sellers(sold: Shop) -> None:
    client = staff(VIEW)
    of_one = shown(client)["has_sellers"]
    ShopFactory.create(terminal=sold.terminal, seller=sold.seller)
    of_two_shops = shown(client)["has_sellers"]
    other = SellerFactory.create(reseller_id="other")
    ShopFactory.create(terminal=TerminalFactory.create(seller=other, principal_id="till-2"))

    assert (of_one, of_two_shops, shown(client)["has_sellers"]) == (False, False, True)


def test_list_sorts_shops_by_name_and_leaves_out_those_before_their_first_sale(
    sold: Shop,
) -> None:
    named = [ShopFactory.create(name=name, terminal=sold.terminal) for name in ("Ö", "A", "B")]
    sale(named[1], at(9, day=DAY + timedelta(days=1)))

    context = shown(staff(VIEW), until="2026-11-11")

    assert [shop.name for shop in context["shops"]] == ["A", "B", sold.name, "Ö"]
    assert [[each.state.shop for each in states] for _, states in context["days"]] == [
        [named[1], sold],
        [sold],
    ]


def test_verdict_and_its_colour_follow_from_the_days_report(sold: Shop) -> None:
    client = staff(VIEW)

    def verdict() -> tuple[str, bool]:
        ((_, (day,)),) = shown(client, until=DAY.isoformat())["days"]
        return day.verdict, day.is_problem

    waiting = verdict()
    marked_period(sold.terminal, at(4))
    period_marked(sold.terminal, at(4, day=DAY + timedelta(days=1)))
    differing = verdict()

    assert waiting == ('<span class="pill pill-busy">waiting</span>', False)
    assert differing == ('<span class="pill pill-bad">differs</span>', True)


def test_list_answers_no_other_method_and_is_not_kept(sold: Shop) -> None:
    client, address = staff(VIEW), reverse("staff:closing")

    assert client.post(address).status_code == 405
    assert "no-store" in client.get(address).headers["Cache-Control"]
