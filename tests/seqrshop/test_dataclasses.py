"""Values are frozen: a dataclass that changes is one of those named here."""

from __future__ import annotations

import re

from django.conf import settings

FOLDERS = ("orders", "payments", "seqrshop")
DATACLASS = re.compile(r"^@dataclass\b(.*(?:\n    .*|\n\))*)\n(?:@.*\n)*class (\w+)", re.MULTILINE)
CHANGING = {
    "Amounts",
    "Attempt",
    "Budget",
    "Calls",
    "Compared",
    "DayReceipts",
    "Distribution",
    "Entry",
    "ExportRecord",
    "Fault",
    "LatencyProfile",
    "PollStats",
    "Progress",
    "RecordedCall",
    "Response",
    "RowCount",
    "RowPlan",
    "SentInvoice",
    "Session",
    "Sums",
    "Takings",
    "Totals",
    "Verification",
    "_Run",
    "_Window",
}


def test_no_dataclass_changes_but_those_that_collect_or_count() -> None:
    changing = {
        name
        for folder in FOLDERS
        for path in (settings.BASE_DIR / folder).rglob("*.py")
        for options, name in DATACLASS.findall(path.read_text())
        if "frozen=True" not in options
    }

    assert changing == CHANGING
