"""The pages of closing the day: the list, the day, its signature, its PDF."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import Shop
from payments.closings.local_days import day_of
from payments.closings.sign import reopen_day
from payments.models import DayClosing
from tests.backoffice.staff_by_shop import PERSONS, Person, World, browser_of, foreign_names
from tests.backoffice.test_swedish import english_in
from tests.factories import ShopFactory, TerminalFactory
from tests.payments.closings.steps import (
    DAY,
    at,
    in_use_since_long,
    period_marked,
    refund_of,
    row_of,
    sale,
)
from tests.staff import shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db
NEXT_DAY = DAY + timedelta(days=1)
VIEW, SIGN, REOPEN = (
    "payments.view_dayclosing",
    "payments.sign_dayclosing",
    "payments.reopen_dayclosing",
)
LIST = {"until": "2026-11-20"}


@pytest.fixture
def person() -> Client:
    """The browser of a person who may sign and re-open days, in all shops."""
    return staff(VIEW, SIGN, REOPEN, "payments.view_moneycase")


@pytest.fixture
def agreed(cafe: Shop, clerk: User) -> Shop:
    """A shop with a sale, a tip and a refund on the day, as SEQR's report has them."""
    in_use_since_long(cafe.terminal)
    period_marked(cafe.terminal, at(4))
    payment = sale(cafe, at(9), tip="5.00")
    refund = refund_of(payment, "10.00", at(10), clerk)
    period_marked(cafe.terminal, at(4, day=NEXT_DAY), row_of(payment), row_of(refund))
    return cafe


def address(page: str, shop: Shop, day: date = DAY) -> str:
    """Return the address of a page of a shop's day."""
    return reverse(f"staff:closing_{page}", args=[shop.slug, day])


def text_of(response: Any) -> str:
    """Return the page's text, with plain spaces."""
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def sign(client: Client, shop: Shop) -> Any:
    """Open the page of the day, and press the button."""
    seen = client.get(address("day", shop)).context["seen"]
    return client.post(address("sign", shop), {"seen": seen})


def test_list_shows_each_day_since_the_first_sale_with_its_verdict(
    person: Client, agreed: Shop
) -> None:
    response = person.get(reverse("staff:closing"), LIST)

    days = [day for day, _ in response.context["days"]]
    (shown,) = response.context["days"][-1][1]
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 20), DAY, 11)
    assert shown.takings == ("40.00\u00a0SEK",)
    assert (shown.state.verdict.text, shown.state.closing) == ("Everything agrees.", None)
    assert '<span class="pill pill-ok">agrees</span>' in text_of(response)
    assert (response.context["earlier"], "no sales" in text_of(response)) == (None, False)


def test_day_without_sales_is_said_to_have_none_once_its_report_is_there(
    person: Client, agreed: Shop
) -> None:
    period_marked(agreed.terminal, at(4, day=NEXT_DAY + timedelta(days=1)))

    response = person.get(reverse("staff:closing"), {"until": NEXT_DAY.isoformat()})

    assert '<span class="pill pill-muted">no sales</span>' in text_of(response)


def test_list_before_any_sale_says_that_there_is_nothing_to_close(
    person: Client, cafe: Shop
) -> None:
    period_marked(cafe.terminal, at(4))

    response = person.get(reverse("staff:closing"))

    assert response.context["days"] == []
    assert "There is nothing to close before the first sale." in text_of(response)


def test_list_shows_one_shop_if_it_is_chosen(person: Client, agreed: Shop) -> None:
    other = ShopFactory.create(terminal=TerminalFactory.create(principal_id="till-2"))
    sale(other, at(9))

    both = person.get(reverse("staff:closing"), LIST)
    one = person.get(reverse("staff:closing"), LIST | {"shop": other.slug})

    shops = [[each.state.shop for each in page.context["days"][-1][1]] for page in (both, one)]
    assert shops == [sorted([agreed, other], key=lambda shop: shop.name), [other]]


def test_list_takes_as_many_statements_for_three_shops_as_for_one(
    person: Client, agreed: Shop
) -> None:
    def statements() -> int:
        person.get(reverse("staff:closing"), LIST)  # for what is kept from page to page
        with CaptureQueriesContext(connection) as queries:
            person.get(reverse("staff:closing"), LIST)
        return len(queries)

    of_one = statements()
    for number in (2, 3):
        terminal = TerminalFactory.create(principal_id=f"till-{number}")
        sale(ShopFactory.create(terminal=terminal), at(9))

    assert statements() == of_one


@pytest.mark.parametrize("query", [{"until": "tomorrow"}, {"shop": "no-shop"}])
def test_list_ignores_a_filter_that_it_does_not_know(
    person: Client, agreed: Shop, query: dict[str, str]
) -> None:
    response = person.get(reverse("staff:closing"), query)

    assert response.status_code == 200
    assert "The filter in the address is not valid" in text_of(response)


def test_day_shows_its_figures(person: Client, agreed: Shop) -> None:
    text = text_of(person.get(address("day", agreed)))

    for shown in (
        "Everything agrees.",
        "Sales, 12 %</th> <td>40.18</td> <td>4.82</td> <td>45.00</td>",
        "Total</th> <td>40.00</td>",
        "Numbers 1 to 2 in the seller&#x27;s series: 2 of this shop and day. No number is missing.",
        "Matched</th> <td>2</td>",
        "Nobody has signed off the day.",
    ):
        assert shown in text


def test_signed_day_shows_who_signed_and_when_and_no_button(person: Client, agreed: Shop) -> None:
    response = sign(person, agreed)

    page = person.get(address("day", agreed))
    closing = DayClosing.objects.get()
    assert shown_messages(response) == ["The day is signed off."]
    assert f"Signed off by {closing.signed_by}" in text_of(page)
    assert (page.context["may_sign"], page.context["may_reopen"]) == (False, True)


def test_second_person_learns_that_the_day_was_signed_already(person: Client, agreed: Shop) -> None:
    sign(person, agreed)

    response = staff(VIEW, SIGN).post(address("sign", agreed), {"seen": "an older page"})

    assert shown_messages(response) == ["A colleague had signed off the day already."]
    assert DayClosing.objects.get().signed_by == user_of(person)


def test_figures_that_changed_meanwhile_are_not_signed(person: Client, agreed: Shop) -> None:
    seen = person.get(address("day", agreed)).context["seen"]
    sale(agreed, at(23))

    response = person.post(address("sign", agreed), {"seen": seen})

    assert "have changed since you opened the page" in shown_messages(response)[0]
    assert not DayClosing.objects.exists()


def test_late_receipt_asks_to_reopen_the_signed_day(person: Client, agreed: Shop) -> None:
    sign(person, agreed)
    sale(agreed, at(23))

    day = text_of(person.get(address("day", agreed)))
    listed = text_of(person.get(reverse("staff:closing"), LIST))

    assert "The total is now 85.00 SEK. Re-open the day, and sign it off again." in day
    assert "Now: 1 transaction is missing in SEQR&#x27;s report." in day
    assert "changed since it was signed off" in listed


def test_day_is_reopened_with_a_reason_only(person: Client, agreed: Shop) -> None:
    sign(person, agreed)

    without = person.post(address("reopen", agreed), {"reason": "  "})
    with_reason = person.post(address("reopen", agreed), {"reason": "a receipt was late"})

    assert without.context["form"].errors["reason"] == ["This field is required."]
    assert shown_messages(with_reason) == [
        "The day is open again. Sign it off with the new figures."
    ]
    page = text_of(person.get(address("day", agreed)))
    assert "a receipt was late" in page
    assert "Sign off the day" in page


def test_person_without_the_permissions_has_no_buttons(agreed: Shop) -> None:
    page = staff(VIEW).get(address("day", agreed))

    assert (page.context["may_sign"], page.context["may_reopen"]) == (False, False)
    assert '<form method="post" action="/staff/closing' not in text_of(page)


def test_day_before_the_first_sale_is_neither_done_nor_missing(
    person: Client, agreed: Shop
) -> None:
    day = DAY - timedelta(days=1)

    page = text_of(person.get(address("day", agreed, day)))

    assert "The shop had not sold anything by then, so there is nothing to close." in page
    assert "Sign off" not in page
    assert person.get(address("pdf", agreed, day)).status_code == 404


@pytest.mark.parametrize("day", ["2026-02-30", "9999-12-31", "0000-01-01", "monday"])
def test_address_of_a_day_that_is_none_or_has_not_begun_is_unknown(
    person: Client, agreed: Shop, day: str
) -> None:
    assert person.get(f"/staff/closing/{agreed.slug}/{day}").status_code == 404


def test_pdf_has_the_signed_figures_and_stays_the_same(person: Client, agreed: Shop) -> None:
    draft = pdf_text(person.get(address("pdf", agreed)))
    sign(person, agreed)
    signed = person.get(address("pdf", agreed))
    sale(agreed, at(23))

    again = person.get(address("pdf", agreed))

    assert "Not signed off." in draft
    assert again.content == signed.content
    assert "Signed off by" in pdf_text(signed)
    assert "Everything agrees." in pdf_text(signed)
    assert signed["Content-Disposition"] == 'inline; filename="closing-lyktan-2026-11-10.pdf"'


def pdf_text(response: Any) -> str:
    """Return the text of a PDF."""
    pages = PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize("is_signed", [False, True])
def test_pages_and_pdf_are_swedish_for_swedish_staff(agreed: Shop, is_signed: bool) -> None:
    client = superuser()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"
    if is_signed:
        sign(client, agreed)
        reopen_day(agreed.pk, DAY, by_staff(user_of(client)), reason="kvittot kom efteråt")
        sign(client, agreed)

    pages = [f"{reverse('staff:closing')}?until=2026-11-20", address("day", agreed)]

    assert english_in(client, *pages) == {}
    assert "Allt stämmer." in pdf_text(client.get(address("pdf", agreed)))


@pytest.mark.parametrize("name", ["person_of_shop_a", "person_of_shops_b_and_c", "superuser"])
def test_person_sees_and_signs_days_of_the_own_shops_alone(name: str, world: World) -> None:
    person: Person = PERSONS[name]
    client = browser_of(person, world)
    today = day_of(database_now())

    listed = client.get(reverse("staff:closing"))

    assert foreign_names(person, world, text_of(listed)) == []
    shown = {each.state.shop for _, days in listed.context["days"] for each in days}
    assert shown == {shop for letter, shop in world.shops.items() if person.sees(letter)}
    for letter, shop in world.shops.items():
        statuses = {
            client.get(address("day", shop, today)).status_code,
            client.get(address("pdf", shop, today)).status_code,
        }
        assert statuses == ({200} if person.sees(letter) else {404})
        if not person.sees(letter):
            assert client.post(address("sign", shop, today), {"seen": ""}).status_code == 404
