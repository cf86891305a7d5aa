"""Writes the fault matrix into docs/proof.md: python -m tests.proof.matrix.table."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import django

from seqrshop.local.testing import settings_for_tests

if __name__ == "__main__":  # under pytest the plugin sets it
    os.environ.update(
        {"DATABASE_URL": "postgresql://127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1/0"}
        | settings_for_tests()
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")
    django.setup()

from tests.proof.matrix import (
    test_cancel_invoice,
    test_commit_reservation,
    test_execute_report,
    test_get_client_session_info,
    test_get_payment_status,
    test_mark_transaction_period,
    test_refund_payment,
    test_send_invoice,
    test_submit_payment_receipt,
    test_terminals,
    test_update_invoice,
)
from tests.proof.matrix.faults import FAULTS
from tests.proof.matrix.outcomes import Expected

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "proof.md"
BEGIN: Final = "<!-- The fault matrix, written by: python -m tests.proof.matrix.table -->"
END: Final = "<!-- The end of the fault matrix -->"

GROUPS: Final[dict[str, tuple[Expected[Any], ...]]] = {
    "A customer orders": (
        test_get_client_session_info.EXPECTED,
        test_send_invoice.EXPECTED,
        test_update_invoice.WITHOUT_PAYMENT,
        test_update_invoice.WITH_PAYMENT,
    ),
    "A customer pays": (
        test_get_payment_status.BY_REFRESH,
        test_get_payment_status.ACKNOWLEDGING,
        test_get_payment_status.BY_POLLING,
        test_get_payment_status.LONG_OUTAGE,
        test_submit_payment_receipt.EXPECTED,
    ),
    "An invoice is cancelled, captured or refunded": (
        test_cancel_invoice.WITHOUT_PAYMENT,
        test_cancel_invoice.WITH_PAYMENT,
        test_commit_reservation.QUERY_BEFORE,
        test_commit_reservation.EXPECTED,
        test_refund_payment.EXPECTED,
    ),
    "Reconciliation": (
        test_mark_transaction_period.EXPECTED,
        test_execute_report.EXPECTED,
    ),
    "Terminals": (
        test_terminals.REGISTER,
        test_terminals.UNREGISTER,
        test_terminals.ASSIGN,
    ),
}


def section() -> str:
    """Return the section between the two marks of the document."""
    parts = [f"### {name}\n\n{_table(group)}\n{_outcomes(group)}" for name, group in GROUPS.items()]
    return "\n".join(parts)


def _table(group: Iterable[Expected[Any]]) -> str:
    lines = [_row("fault", "at SEQR", *(expected.operation for expected in group))]
    lines.append(_row(*["---"] * (lines[0].count(" | ") + 1)))
    for fault in FAULTS:
        message = [_word(expected.of(fault)) for expected in group]
        lines.append(_row(fault.name, fault.at_seqr, *message))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _outcomes(group: Iterable[Expected[Any]]) -> str:
    lines = []
    for expected in group:
        lines.append(f"**{expected.operation}**\n")
        lines += [f"- *{_word(each)}*: {_sentences(each)}" for each in expected.faults_of]
        lines.append("")
    return "\n".join(lines)


def _word(outcome: Any) -> str:
    return str(outcome.__name__).replace("_", " ")


def _sentences(outcome: Any) -> str:
    return " ".join(str(outcome.__doc__).split())


def document(written: str) -> str:
    """Return the document with an up-to-date section."""
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.name} is written.\n")
