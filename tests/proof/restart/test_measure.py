"""The rolling restart reports each broken promise."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.proof.crash.clients import Answered
from tests.proof.crash.comparison import Payment
from tests.proof.crash.shop_ledger import ShopLedger
from tests.proof.restart.measure import Measured
from tests.proof.restart.pages import PageLedger
from tests.proof.restart.roll import Restart

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PAYMENT = Payment("1", "1001", Decimal(45), "SEK", "2", NOW, NOW, None, ())
SHOP = ShopLedger([], [], [], [], [], [], 0, [])
RESTARTS = tuple(
    Restart(name, NOW.timestamp() + begin, 1.0, 5.0, NOW.timestamp() + begin + 8)
    for name, begin in (("web 1", 0), ("web 2", 10))
)


def invoice(silence: float, *, seconds_later: int = 3) -> dict[str, object]:
    until = datetime.fromtimestamp(NOW.timestamp() + seconds_later, UTC).isoformat()
    return {"longest_silence_seconds": silence, "longest_silence_until": until}


def pages(answer_seconds: float = 2.0, **ends: int) -> PageLedger:
    answered = Answered(NOW.timestamp() + 11, answer_seconds, attempts=2)
    return PageLedger(answers=[answered], ends=Counter(ends))


GOOD = Measured(RESTARTS, pages(restart=3), [invoice(1.5)], [PAYMENT], SHOP, 0, ())
REVERSED = replace(PAYMENT, confirmed_at=None, reversed_at=NOW)


def test_rolling_restart_that_keeps_its_promises_has_no_fault() -> None:
    assert GOOD.faults == []


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (replace(GOOD, invoices=[invoice(10.0)]), "An invoice was not queried for 10.0 s."),
        (replace(GOOD, payments=[PAYMENT, REVERSED]), "1 payments were reversed."),
        (replace(GOOD, pages=pages(5.1)), "A page's request was answered after 5.1 s."),
        (replace(GOOD, pages=pages(cut=2)), "2 streams were cut off."),
        (replace(GOOD, unknown_refunds=1), "The outcome of 1 refunds is unknown."),
        (replace(GOOD, differences=("They differ.",)), "They differ."),
    ],
)
def test_broken_promise_is_a_fault(broken: Measured, fault: str) -> None:
    assert broken.faults == [fault]


def test_figures_of_a_restart_end_with_the_next_one() -> None:
    measured = replace(GOOD, invoices=[invoice(1.5), invoice(4.0, seconds_later=12)])

    first, second = (measured.during(restart) for restart in measured.restarts)

    assert (first.silence, len(first.answers)) == (1.5, 0)
    assert (second.silence, len(second.answers)) == (4.0, 1)
