"""Writes the grid into docs/proof.md: python -m tests.proof.endless.table."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import django

from seqrshop.local.testing import settings_for_tests

if __name__ == "__main__":  # under pytest the plugin sets it
    os.environ.update(
        {"DATABASE_URL": "postgresql://127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1/0"}
        | settings_for_tests()
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")
    django.setup()

from tests.proof.endless.answers import CODES, UNREADABLE
from tests.proof.endless.expected import KINDS, expected_outcome, kind_of
from tests.proof.endless.invoices import OUR_STATUSES

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "proof.md"
BEGIN: Final = "<!-- The grid of endless answers, by: python -m tests.proof.endless.table -->"
END: Final = "<!-- The end of the grid -->"


def section() -> str:
    """Return the grid; our statuses share a column, and SEQR's answers a row, that are alike."""
    columns = _alike(list(OUR_STATUSES), lambda ours: [expected_outcome(ours, k) for k in KINDS])
    rows = _alike(list(KINDS), lambda kind: [expected_outcome(ours[0], kind) for ours in columns])
    lines = [_line("SEQR answers", *(", ".join(column) for column in columns))]
    lines.append(_line(*["---"] * (len(columns) + 1)))
    for row in rows:
        outcomes = [expected_outcome(column[0], row[0]) for column in columns]
        lines.append(_line(", ".join(map(_answers_of, row)), *outcomes))
    return "\n".join(lines) + "\n"


def _alike(names: list[str], key: Callable[[str], list[str]]) -> list[list[str]]:
    """Return the names in groups with the same key, in their order."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(tuple(key(name)), []).append(name)
    return list(groups.values())


def _answers_of(kind: str) -> str:
    """Return a kind of answer with the codes that belong to it."""
    names = [each.name for each in (*CODES, *UNREADABLE) if kind_of(each) == kind]
    codes = [name.split(" ", 1)[0].rstrip(",") if name[0].isdigit() else name for name in names]
    if not codes:
        return kind
    name = kind.split(" ", 1)[-1] if kind[0].isdigit() else kind
    return f"{name} ({', '.join(codes)})"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def document(written: str) -> str:
    """Return the document with an up-to-date grid."""
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.name} is written.\n")
