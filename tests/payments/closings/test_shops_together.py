"""The days of several shops are read together: the same states, in as many statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import Shop
from payments.closings.overview import DayState, read_states
from payments.closings.read import read_figures
from payments.closings.sign import sign_day
from payments.closings.verdict import Outcome
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

pytestmark = pytest.mark.django_db
DAYS = [DAY + timedelta(days=number) for number in range(4)]


@pytest.fixture
def shops(cafe: Shop, clerk: User) -> list[Shop]:
    """Two shops at one till, and one of another seller: a signed day, and one of each outcome."""
    till = TerminalFactory.create(principal_id="till-2", seller__reseller_id="another")
    found = [cafe, ShopFactory.create(terminal=cafe.terminal), ShopFactory.create(terminal=till)]
    in_use_since_long(cafe.terminal, till)
    for terminal in (cafe.terminal, till):
        period_marked(terminal, at(4))
    sale(found[2], at(8, day=DAYS[1]))  # in no report
    for day in DAYS[:2]:
        payments = [sale(shop, at(9, day=day)) for shop in (*found, cafe)]
        refund = refund_of(payments[0], "5.00", at(10, day=day), clerk)
        first, second = row_of(payments[0]), row_of(payments[1])
        morning = at(4, day=day + timedelta(days=1))
        period_marked(cafe.terminal, morning, first, second, row_of(refund), ("9.00", "unknown"))
        period_marked(till, morning, row_of(payments[2]))
    (figures,) = read_figures({cafe: [DAY]}, database_now())
    sign_day(cafe.pk, DAY, by_staff(clerk), seen=figures.digest)
    return found


def counted_states(
    days_of: Mapping[Shop, Sequence[date]], *, with_current: bool = False
) -> tuple[list[DayState], int]:
    """Return the states, and how many statements read them."""
    with CaptureQueriesContext(connection) as queries:
        states = read_states(days_of, database_now(), with_current=with_current)
    return states, len(queries)


def test_days_of_three_shops_are_those_of_each_in_as_many_statements(shops: list[Shop]) -> None:
    one_by_one = [counted_states({shop: DAYS}, with_current=True) for shop in shops]

    together, statements = counted_states(dict.fromkeys(shops, DAYS), with_current=True)

    assert together == [state for states, _ in one_by_one for state in states]
    assert statements == one_by_one[0][1]
    assert {state.verdict.outcome for state in together} == set(Outcome)


def test_signed_day_that_waits_for_nothing_is_not_compared_again(shops: list[Shop]) -> None:
    signed, settled = counted_states({shops[0]: [DAY]})
    unsigned, compared = counted_states({shops[1]: [DAY]})

    assert (signed[0].current, unsigned[0].current is None) == (None, False)
    assert settled < compared


def test_each_shop_has_days_of_its_own(shops: list[Shop]) -> None:
    first, second, third = shops

    states, _ = counted_states({first: DAYS[1:], second: [], third: [DAY]})

    found = [(state.shop, state.day) for state in states]
    assert found == [*((first, day) for day in DAYS[1:]), (third, DAY)]
