"""The table of clicks in docs/staff.md: each journey is counted in a browser, within its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqrshop.local import ROOT
from tests.browser.clicks import Journey, promised_clicks

LIMITS = {Journey.FIND: 2, Journey.REFUND_ROW: 4, Journey.SERVE: 1}


def test_table_has_each_counted_journey_and_no_other() -> None:
    assert set(promised_clicks()) == set(Journey)


@pytest.mark.parametrize("journey", LIMITS)
def test_promised_clicks_are_within_the_limit(journey: Journey) -> None:
    assert promised_clicks()[journey] <= LIMITS[journey]


def test_each_journey_is_counted_by_a_test() -> None:
    texts = [path.read_text() for path in Path(ROOT, "tests").rglob("test_*.py")]

    assert [
        journey for journey in Journey if not any(f"Journey.{journey.name}" in t for t in texts)
    ] == []
