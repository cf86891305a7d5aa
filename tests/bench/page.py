"""docs/performance.md: the marks between which a command writes, and tables in Markdown."""

from collections.abc import Sequence
from typing import Any

from seqrshop.local import ROOT

PAGE = ROOT / "docs" / "performance.md"
END = "<!-- to here -->\n"


def begin_mark(command: str) -> str:
    """Return the line after which `make <command>` writes."""
    return f"<!-- make {command} writes from here -->\n"


def write_between_marks(command: str, text: str) -> None:
    """Replace what `make <command>` has written before."""
    begin = begin_mark(command)
    before, found, rest = PAGE.read_text().partition(begin)
    assert found, f"{PAGE} has no line {begin}"
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{begin}\n{text}\n\n{END}{after}")


def table(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(
        f"| {' | '.join(map(str, line))} |" for line in (head, ["---"] * len(head), *lines)
    )
