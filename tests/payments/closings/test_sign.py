"""A day is signed off once, keeps its figures, and is re-opened with a reason only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.utils.translation import override

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import AuditEvent, Shop, SubjectType
from payments.closings.figures import DayFigures
from payments.closings.local_days import day_of
from payments.closings.overview import DayState, read_states
from payments.closings.read import first_days, read_figures
from payments.closings.sign import ClosingNotAccepted, reopen_day, sign_day
from payments.models import DayClosing
from tests.payments.closings.steps import DAY, at, figures_of, period_marked, row_of, sale
from tests.races import run_concurrently

pytestmark = pytest.mark.django_db


def seen_by(shop: Shop, day: date = DAY) -> str:
    """Return the digest of the figures that the page shows now."""
    (figures,) = read_figures({shop: [day]}, database_now())
    return figures.digest


def signed(shop: Shop, person: User) -> DayClosing:
    """Sign off the day with the figures as they are."""
    closing, _ = sign_day(shop.pk, DAY, by_staff(person), seen=seen_by(shop))
    return closing


def state_of(shop: Shop) -> DayState:
    """Return how the day stands in the list."""
    (state,) = read_states({shop: [DAY]}, database_now())
    return state


def events_of(closing: DayClosing) -> list[tuple[str, str, User | None]]:
    """Return the closing's events: name, detail and actor."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.CLOSING, subject_id=closing.pk)
    return [(event.name, event.detail, event.actor) for event in events.order_by("id")]


def test_signed_day_keeps_its_figures_and_is_audited(cafe: Shop, clerk: User) -> None:
    payment = sale(cafe, at(9), tip="5.00")
    figures = figures_of(cafe, now=database_now())

    closing = signed(cafe, clerk)

    period_marked(cafe.terminal, at(4, day=DAY + timedelta(days=1)), row_of(payment))
    stored = DayClosing.objects.get()
    assert DayFigures.from_json(stored.figures) == figures
    assert (stored.signed_by, stored.reopened_at) == (clerk, None)
    assert events_of(closing) == [("day_signed", "SEQR's report has not arrived.", clerk)]


def test_second_signature_of_a_day_changes_nothing(cafe: Shop, clerk: User, boss: User) -> None:
    sale(cafe, at(9))
    first = signed(cafe, clerk)

    second, is_new = sign_day(cafe.pk, DAY, by_staff(boss), seen="anything")

    assert (second, second.signed_by, is_new) == (first, clerk, False)
    assert len(events_of(first)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_who_sign_at_once_sign_once(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))
    work = partial(sign_day, cafe.pk, DAY, by_staff(clerk), seen=seen_by(cafe))

    results = run_concurrently(4, work)

    assert sorted(is_new for _, is_new in results) == [False, False, False, True]
    assert len({closing.pk for closing, _ in results}) == DayClosing.objects.count() == 1
    assert len(events_of(results[0][0])) == 1


def test_figures_that_changed_since_they_were_read_are_not_signed(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))
    seen = seen_by(cafe)
    sale(cafe, at(10))

    with pytest.raises(ClosingNotAccepted, match="have changed since you opened the page"):
        sign_day(cafe.pk, DAY, by_staff(clerk), seen=seen)

    assert not DayClosing.objects.exists()


def test_day_before_the_first_sale_or_after_today_is_not_signed(cafe: Shop, clerk: User) -> None:
    tomorrow = day_of(database_now()) + timedelta(days=1)
    days = {DAY: "had not sold anything by then", tomorrow: "has not begun"}

    for day, sentence in days.items():
        with pytest.raises(ClosingNotAccepted, match=sentence):
            sign_day(cafe.pk, day, by_staff(clerk), seen=seen_by(cafe, day))
    sale(cafe, at(9))
    with pytest.raises(ClosingNotAccepted, match="had not sold anything by then"):
        sign_day(cafe.pk, DAY - timedelta(days=1), by_staff(clerk), seen="")

    assert first_days([cafe.pk]) == {cafe.pk: DAY}
    assert not DayClosing.objects.exists()


def test_late_receipt_marks_the_signed_day_as_changed(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))
    signed(cafe, clerk)
    before = state_of(cafe)

    sale(cafe, at(23, 59))

    assert (before.is_changed, state_of(cafe).is_changed) == (False, True)
    assert state_of(cafe).shown.takings[0].payments == 1


def test_reopened_day_is_signed_again_and_both_closings_stay(
    cafe: Shop, clerk: User, boss: User
) -> None:
    sale(cafe, at(9))
    first = signed(cafe, clerk)
    sale(cafe, at(10))

    is_reopened = reopen_day(cafe.pk, DAY, by_staff(boss), reason=" a late receipt ")
    state = state_of(cafe)
    second = signed(cafe, clerk)

    first.refresh_from_db()
    assert (is_reopened, state.closing) == (True, None)
    assert (first.reopened_by, first.reopening_reason) == (boss, "a late receipt")
    assert [name for name, *_ in events_of(first)] == ["day_signed", "day_reopened"]
    counts = [
        DayFigures.from_json(each.figures).takings[0].payments
        for each in DayClosing.objects.order_by("id")
    ]
    assert (counts, second.reopened_at) == ([1, 2], None)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_reopen_at_once_reopen_once(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))
    closing = signed(cafe, clerk)
    work = partial(reopen_day, cafe.pk, DAY, by_staff(clerk), reason="a late receipt")

    assert sorted(run_concurrently(4, work)) == [False, False, False, True]
    assert events_of(closing)[1:] == [("day_reopened", "a late receipt", clerk)]


def test_day_is_reopened_with_a_reason_of_300_characters(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))
    signed(cafe, clerk)

    assert reopen_day(cafe.pk, DAY, by_staff(clerk), reason="x" * 300)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Ange varför dagen öppnas igen."),
        ("   ", "Ange varför dagen öppnas igen."),
        ("x" * 301, "Ange en orsak på högst 300 tecken."),
    ],
)
def test_day_is_not_reopened_without_a_valid_reason(
    cafe: Shop, clerk: User, reason: str, sentence: str
) -> None:
    sale(cafe, at(9))
    closing = signed(cafe, clerk)

    with pytest.raises(ClosingNotAccepted, match=f"^{sentence}$"), override("sv"):
        reopen_day(cafe.pk, DAY, by_staff(clerk), reason=reason)

    closing.refresh_from_db()
    assert closing.reopened_at is None


def test_day_that_is_not_signed_cannot_be_reopened(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))

    assert not reopen_day(cafe.pk, DAY, by_staff(clerk), reason="by mistake")


def test_database_refuses_to_change_or_delete_a_closing(cafe: Shop, clerk: User) -> None:
    sale(cafe, at(9))
    closing = signed(cafe, clerk)
    changes: list[Callable[[], object]] = [
        lambda: DayClosing.objects.update(figures={}),
        lambda: DayClosing.objects.update(day=DAY - timedelta(days=1)),
        closing.delete,
    ]

    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    reopen_day(cafe.pk, DAY, by_staff(clerk), reason="a mistake")
    with pytest.raises(DatabaseError), transaction.atomic():
        DayClosing.objects.update(reopening_reason="another reason")

    assert DayClosing.objects.count() == 1
