"""A day's receipts are compared with SEQR's reports, and the verdict says what differs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from orders.audit import ChangeSource
from orders.models import Shop, SourceName
from payments.cases.cases import close_case, open_case
from payments.closings.figures import DayFigures, ReportComparison
from payments.closings.local_days import bounds_of, day_of
from payments.closings.verdict import Outcome, verdict_of
from payments.models import CaseKind, Invoice
from tests.factories import ShopFactory, TerminalFactory
from tests.payments.closings.steps import (
    DAY,
    at,
    figures_of,
    in_use_since_long,
    marked_period,
    period_marked,
    refund_of,
    reversal_of,
    row_of,
    sale,
)

pytestmark = pytest.mark.django_db
NEXT_DAY = DAY + timedelta(days=1)
BY_POLLER = ChangeSource(SourceName.POLLER)


@pytest.fixture
def shop(cafe: Shop) -> Shop:
    """A shop whose terminal's period was closed before the day."""
    in_use_since_long(cafe.terminal)
    period_marked(cafe.terminal, at(4))
    return cafe


def differences(figures: DayFigures) -> tuple[int, int, int, int]:
    """Return how many are matched, different, missing there and missing here."""
    report = figures.report
    return report.matched, report.different, report.missing_there, report.missing_here


def test_day_agrees_once_the_report_after_it_has_all_its_receipts(shop: Shop, clerk: User) -> None:
    first, second = sale(shop, at(9)), sale(shop, at(23, 59), tip="5.00")
    refund = refund_of(first, "10.00", at(18), clerk)

    before = figures_of(shop)
    period_marked(shop.terminal, at(4, day=NEXT_DAY), *map(row_of, (first, second, refund)))
    after = figures_of(shop)

    assert verdict_of(before).outcome is Outcome.WAITS
    assert before.report == ReportComparison(
        is_complete=False, awaited=2, unlisted=1, reported=(("SEK", Decimal(0)),)
    )
    assert verdict_of(after).text == "Everything agrees."
    assert differences(after) == (3, 0, 0, 0)
    assert after.report.reported == (("SEK", after.takings[0].total),) == (("SEK", Decimal(85)),)


def test_day_that_is_not_over_waits(shop: Shop) -> None:
    sale(shop, at(9))

    figures = figures_of(shop, now=at(18))

    assert verdict_of(figures).text == "The day is not over."


def test_report_that_lacks_a_payment_or_has_another_differs(shop: Shop, clerk: User) -> None:
    early, same, other = sale(shop, at(8)), sale(shop, at(9)), sale(shop, at(10))
    refund = refund_of(same, "5.00", at(11), clerk)
    rows = [row_of(same), ("44.00", row_of(other)[1]), row_of(refund), ("12.00", "unknown")]

    period_marked(shop.terminal, at(4, day=NEXT_DAY), *rows)

    figures = figures_of(shop)
    assert differences(figures) == (2, 1, 1, 1)
    assert early.invoice.period_rows.get().match_result == "missing"
    assert verdict_of(figures).text == (
        "1 transaction is missing in SEQR's report. 1 row of SEQR's report is missing here. "
        "1 transaction differs from SEQR's report. 1 payment case is open."
    )


def test_refund_that_no_report_lists_is_missing_only_where_reports_list_refunds(
    shop: Shop, clerk: User
) -> None:
    payment, day_after = sale(shop, at(9)), NEXT_DAY + timedelta(days=1)
    refund_of(payment, "5.00", at(10), clerk)
    period_marked(shop.terminal, at(4, day=NEXT_DAY), row_of(payment))
    without = figures_of(shop)
    later = sale(shop, at(9, day=NEXT_DAY))
    listed = refund_of(later, "5.00", at(10, day=NEXT_DAY), clerk)

    period_marked(shop.terminal, at(4, day=day_after), row_of(later), row_of(listed))

    assert (without.report.unlisted, verdict_of(without).outcome) == (1, Outcome.AGREES)
    assert differences(figures_of(shop)) == (1, 0, 1, 0)


def test_payment_that_seqr_reversed_is_not_missing_in_its_report(shop: Shop) -> None:
    kept, reversed_ = sale(shop, at(9)), sale(shop, at(10))
    reversal_of(reversed_, at(10, 1))

    period_marked(shop.terminal, at(4, day=NEXT_DAY), row_of(kept))

    figures = figures_of(shop)
    assert (differences(figures), figures.reversals) == ((1, 0, 0, 0), 1)
    assert verdict_of(figures).text == "Everything agrees."


def test_reversed_payment_that_seqrs_report_has_differs(shop: Shop) -> None:
    payment = sale(shop, at(9))
    period_marked(shop.terminal, at(4, day=NEXT_DAY), row_of(payment))

    reversal_of(payment, at(10, day=NEXT_DAY))

    assert differences(figures_of(shop)) == (0, 1, 0, 0)


def test_open_case_about_the_day_is_in_its_verdict_until_it_is_closed(shop: Shop) -> None:
    payment = sale(shop, at(9))
    period_marked(shop.terminal, at(4, day=NEXT_DAY), row_of(payment))
    case = open_case(
        CaseKind.AMOUNT_DIFFERS, BY_POLLER, "less was paid", invoice=Invoice.objects.get()
    )
    assert case is not None

    while_open = figures_of(shop)
    close_case(case.pk, BY_POLLER, "settled")

    assert while_open.open_cases == (case.pk,)
    assert verdict_of(while_open).text == "1 payment case is open."
    assert verdict_of(figures_of(shop)).outcome is Outcome.AGREES


def test_case_about_a_period_is_one_of_the_days_that_it_contains(shop: Shop) -> None:
    sale(shop, at(9))
    sale(shop, at(3, day=NEXT_DAY))
    sale(shop, at(9, day=NEXT_DAY + timedelta(days=1)))
    period = period_marked(shop.terminal, at(4, day=NEXT_DAY), ("1.00", "unknown"))
    marked_period(shop.terminal, at(4, day=NEXT_DAY + timedelta(days=1)))

    days = [DAY, NEXT_DAY, NEXT_DAY + timedelta(days=1)]
    found = [figures_of(shop, day).open_cases for day in days]

    (case,) = period.cases.all()
    assert found == [(case.pk,), (case.pk,), ()]


def test_number_range_says_whose_the_other_numbers_are(shop: Shop) -> None:
    other = ShopFactory.create(terminal=shop.terminal)
    for moment in (at(9), at(10)):
        sale(shop, moment)
        sale(other, moment)
    sale(shop, at(12, day=NEXT_DAY))

    (numbers,) = figures_of(shop).numbers
    (of_other,) = figures_of(other).numbers

    assert (numbers.first, numbers.last, numbers.receipts, numbers.others) == (1, 3, 2, 1)
    assert (of_other.first, of_other.last, of_other.receipts, of_other.others) == (2, 4, 2, 1)
    assert numbers.missing == of_other.missing == 0


def test_day_on_which_the_terminal_changed_needs_the_reports_of_both(shop: Shop) -> None:
    old, new = shop.terminal, TerminalFactory.create(principal_id="till-2")
    before = sale(shop, at(9))
    type(new).objects.filter(pk=new.pk).update(added_at=at(12))
    Shop.objects.filter(pk=shop.pk).update(terminal=new)
    shop.refresh_from_db()
    after = sale(shop, at(13))

    period_marked(old, at(4, day=NEXT_DAY), row_of(before))
    with_one = figures_of(shop)
    period_marked(new, at(4, day=NEXT_DAY), row_of(after))

    assert verdict_of(with_one).text == "SEQR's report has not arrived."
    with_both = figures_of(shop)
    assert verdict_of(with_both).text == "Everything agrees."
    assert differences(with_both) == (2, 0, 0, 0)
    assert with_both.report.reported == (("SEK", Decimal(90)),)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)],
)
def test_day_has_the_hours_of_stockholms_clock(day: date, hours: int) -> None:
    begin, end = bounds_of(day)
    utc_hours = (end.timestamp() - begin.timestamp()) / 3600

    assert utc_hours == hours
    assert day_of(begin) == day_of(end - timedelta(seconds=1)) == day
    assert day_of(end) == day + timedelta(days=1)


def test_figures_are_stored_and_read_exactly(shop: Shop, clerk: User) -> None:
    payment = sale(shop, at(9), tip="5.00")
    reversal_of(sale(shop, at(9, 30)), at(9, 31))
    refund_of(payment, "7.77", at(10), clerk)
    figures = figures_of(shop)

    assert DayFigures.from_json(figures.to_json()) == figures
    assert DayFigures.from_json(figures.to_json()).digest == figures.digest
