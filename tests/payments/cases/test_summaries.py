"""The sentence of a case has the amounts, the terminal or the day that it is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from orders.models import Seller, Terminal
from payments.cases.summaries import summary_of
from payments.models import CaseKind, Invoice, MoneyCase, Refund, TransactionPeriod

K = CaseKind
SPACE = "\N{NO-BREAK SPACE}"
PAID = Invoice(
    amount=Decimal(77), currency="SEK", paid_amount=Decimal("7000.5"), paid_currency="EUR"
)
UNPAID = Invoice(amount=Decimal(77), currency="SEK")
REFUND = Refund(amount=Decimal("4.25"), currency="SEK")
TERMINAL = Terminal(principal_id="till-1", label="Till 1", seller=Seller(legal_name="Lyktan AB"))
PERIOD = TransactionPeriod(day=date(2026, 3, 9))


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (
            MoneyCase(kind=K.AMOUNT_DIFFERS, invoice=PAID),
            f"SEQR's receipt says 7000.50{SPACE}EUR, and the payment was for 77.00{SPACE}SEK.",
        ),
        (
            MoneyCase(kind=K.AMOUNT_DIFFERS, invoice=UNPAID),
            f"SEQR's receipt says ?, and the payment was for 77.00{SPACE}SEK.",
        ),
        (
            MoneyCase(kind=K.AMOUNT_DIFFERS),
            "SEQR's receipt says ?, and the payment was for ?.",
        ),
        (
            MoneyCase(kind=K.REFUND_UNKNOWN, refund=REFUND),
            f"It is not known whether SEQR made the refund of 4.25{SPACE}SEK.",
        ),
        (
            MoneyCase(kind=K.REFUND_STUCK),
            "SEQR has not accepted the refund of ? yet.",
        ),
        (
            MoneyCase(kind=K.CONFIGURATION, terminal=TERMINAL),
            f"SEQR rejects the terminal {TERMINAL} or our settings.",
        ),
        (
            MoneyCase(kind=K.CONFIGURATION),
            "SEQR rejects the terminal ? or our settings.",
        ),
        (
            MoneyCase(kind=K.REPORT_DIFFERS, period=PERIOD),
            "SEQR's report of 2026-03-09 differs from our books.",
        ),
        (
            MoneyCase(kind=K.RECONCILIATION_STUCK),
            "SEQR's report of ? is not available.",
        ),
    ],
)
def test_summary_has_what_the_case_is_about(case: MoneyCase, sentence: str) -> None:
    assert summary_of(case) == sentence


def test_summary_is_in_the_readers_language() -> None:
    with override("sv"):
        sentence = summary_of(MoneyCase(kind=K.AMOUNT_DIFFERS, invoice=PAID))

    assert f"7000,50{SPACE}EUR" in sentence
    assert f"77,00{SPACE}SEK" in sentence


@pytest.mark.parametrize("kind", list(CaseKind))
def test_each_kind_of_case_has_a_summary_in_both_languages(kind: CaseKind) -> None:
    english = summary_of(MoneyCase(kind=kind))
    with override("sv"):
        swedish = summary_of(MoneyCase(kind=kind))

    assert english != swedish
    assert english.endswith(".")
    assert swedish.endswith(".")
