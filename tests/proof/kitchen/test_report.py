"""The report of the rush finds a lost, a repeated and a late card, and a step recorded twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.proof.kitchen.report import STEPS, broken_promises, delays, describe, write_report
from tests.proof.kitchen.rush import QUICK, Outcome

NUMBERS = ["1001", "1002"]
GOOD = Outcome(
    QUICK,
    NUMBERS,
    {"1001": 10.0, "1002": 20.0},
    [[("1001", 10.1), ("1002", 20.2)]] * 3,
    [(number, step) for number in NUMBERS for step in STEPS],
    [0, 0, 0],
)


def test_rush_without_fault_breaks_no_promise() -> None:
    assert broken_promises(GOOD) == []
    assert [round(each, 1) for each in delays(GOOD)] == [0.1] * 3 + [0.2] * 3
    assert "| commit to card, p99 | 200 ms |" in describe(GOOD)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"appeared": [*GOOD.appeared[:2], [("1001", 10.1)]]}, "Screen 3 has not shown 1002."),
        (
            {"appeared": [[*GOOD.appeared[0], ("1001", 11.0)], *GOOD.appeared[1:]]},
            "Screen 1 has shown 1001 once too often.",
        ),
        (
            {"appeared": [[("1001", 10.1), ("1002", 21.5)]] * 3},
            "The card comes after 1.50 s (p99).",
        ),
        ({"steps": GOOD.steps[1:]}, "order_preparing is not recorded once for each order."),
        (
            {"steps": [*GOOD.steps, GOOD.steps[-1]]},
            "order_served is not recorded once for each order.",
        ),
        ({"left": [0, 1, 0]}, "Cards are left on the screens: [0, 1, 0]."),
        ({"paid_at": {"1001": 10.0}}, "1 orders were never paid."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_a_broken_promise(fault: dict[str, object], sentence: str) -> None:
    assert sentence in broken_promises(replace(GOOD, **fault))  # type: ignore[arg-type]


def test_report_is_written_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "proof.md"
    page.write_text("before\n<!-- kitchen -->\nold\n<!-- /kitchen -->\nafter\n")

    write_report(GOOD, page)

    text = page.read_text()
    assert "old" not in text
    assert "| screens | 3 |" in text
    assert text.startswith("before\n")
    assert text.endswith("<!-- /kitchen -->\nafter\n")
