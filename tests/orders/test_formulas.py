"""Formulas in a file that is read again: protected, and restored exactly."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from orders.formulas import protect_formula, restore_formula

FORMULA = re.compile(r"""(\A|[;,|\t\r\n])[ "]*[=+\-@＝＋－＠]""")


@given(st.text("ab '\"=+-@＝;,|\t\n\r", max_size=12))
@example("'=1")
@example("a;''=1")
@example(' "=1')
def test_formula_is_protected_in_each_cell_and_restored(text: str) -> None:
    protected = protect_formula(text)

    assert not FORMULA.search(protected)
    assert restore_formula(protected) == text


def test_text_without_a_formula_stays_as_it_is() -> None:
    for text in ("it's", "'t Hof", "5 - 3 = 2", "a;b", ""):
        assert protect_formula(text) == restore_formula(text) == text
