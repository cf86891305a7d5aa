"""Which periods may be exported, and what the audit says about a selection."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from orders.models import Shop
from payments.exports.export import today
from payments.exports.problem import ExportProblem
from payments.exports.selection import midnight
from payments.models import CaseKind, ExportedContent, FileFormat, MoneyCase
from tests.factories import SellerFactory, ShopFactory, TerminalFactory
from tests.payments.exports.files import selection

C = ExportedContent
TODAY = date(2026, 11, 10)
YESTERDAY = TODAY - timedelta(days=1)
NO_DAYS = "The last day is before the first."
OTHER_YEARS = "Choose days from 2000 to 2099."
TOO_LONG = "Choose a period of a year at most."
TODAY_IS_OPEN = (
    "Vouchers are of days that are over, so that none is booked twice. Choose a last day before "
    "today."
)


@pytest.mark.parametrize(
    ("content", "first", "last", "sentence"),
    [
        (C.ORDERS, TODAY, YESTERDAY, NO_DAYS),
        (C.ORDERS, date(1999, 12, 31), TODAY, OTHER_YEARS),
        (C.ORDERS, TODAY, date(2100, 1, 1), OTHER_YEARS),
        (C.VAT, TODAY - timedelta(days=366), TODAY, TOO_LONG),
        (C.SIE, YESTERDAY - timedelta(days=366), YESTERDAY, TOO_LONG),
        (C.SIE, TODAY, TODAY, TODAY_IS_OPEN),
    ],
)
def test_period_that_cannot_be_exported_is_refused_with_the_reason(
    content: ExportedContent, first: date, last: date, sentence: str
) -> None:
    with pytest.raises(ExportProblem) as problem:
        selection(content, [], (first, last)).require_sane(TODAY)

    assert problem.value.sentence == str(problem.value) == sentence


@pytest.mark.parametrize(
    ("content", "first", "last"),
    [
        (C.ORDERS, date(2000, 1, 1), date(2099, 12, 31)),
        (C.ORDERS, TODAY, TODAY),
        (C.VAT, TODAY - timedelta(days=365), TODAY),
        (C.SIE, YESTERDAY - timedelta(days=365), YESTERDAY),
    ],
)
def test_period_within_the_limits_is_accepted(
    content: ExportedContent, first: date, last: date
) -> None:
    selection(content, [], (first, last)).require_sane(TODAY)


@pytest.mark.django_db
def test_choice_names_the_days_and_the_chosen_shops_by_their_addresses() -> None:
    terminal = TerminalFactory.create(
        principal_id="other", seller=SellerFactory.create(reseller_id="other")
    )
    shops = [ShopFactory.create(terminal=terminal, slug=slug) for slug in ("south", "north")]
    ShopFactory.create(terminal=terminal, slug="not-chosen")

    assert selection(C.ORDERS, shops).choice == (
        "days: 2026-01-01 to 2026-12-31; shops: north, south"
    )


@pytest.mark.django_db
def test_case_about_a_terminal_is_of_a_selection_with_all_shops_of_its_seller() -> None:
    shop = ShopFactory.create()
    second = ShopFactory.create(terminal=shop.terminal)
    another = SellerFactory.create(reseller_id="another")
    ShopFactory.create(terminal=TerminalFactory.create(seller=another, principal_id="another"))
    case = MoneyCase.objects.create(
        kind=CaseKind.CONFIGURATION, terminal=shop.terminal, summary="refused"
    )

    def cases_of(*shops: Shop) -> list[MoneyCase]:
        chosen = selection(C.CASES, shops, (date(2020, 1, 1), date(2035, 1, 1)))
        return list(chosen.rows())

    assert cases_of(shop, second) == [case]
    assert cases_of(shop) == cases_of(second) == []


def test_file_is_named_by_its_content_its_days_and_its_format() -> None:
    days = (date(2026, 11, 1), date(2026, 11, 30))

    names = [
        selection(content, [], days, file_format).file_name
        for content in (C.VAT, C.SIE)
        for file_format in (FileFormat.CSV, FileFormat.EXCEL)
    ]

    assert names == [
        "vat-2026-11-01-2026-11-30.csv",
        "vat-2026-11-01-2026-11-30.xlsx",
        "sie-2026-11-01-2026-11-30.si",
        "sie-2026-11-01-2026-11-30.si",
    ]


def test_today_is_the_day_in_stockholm(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 30, 23, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)

    assert today() == date(2026, 12, 1)
    assert midnight(today()) == moment
