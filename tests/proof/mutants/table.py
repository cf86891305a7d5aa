"""Which check caught which fault, as the table in docs/proof.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.proof.mutants.mutations import Mutant

BEGIN = "<!-- mutants: written by make mutants -->\n"
END = "<!-- end of mutants -->\n"


@dataclass(frozen=True)
class Verdict:
    """Whether a planted fault was caught, by the lifecycle and by its own test."""

    mutant: Mutant
    by_lifecycle: bool
    by_test: bool

    @property
    def is_caught(self) -> bool:
        """Whether anything has caught it."""
        return self.by_lifecycle or self.by_test

    @property
    def told(self) -> str:
        """What caught it, in words."""
        found = ["the lifecycle"] * self.by_lifecycle + ["its own test"] * self.by_test
        return f"caught by {' and '.join(found)}" if found else "NOT CAUGHT"


def table_of(verdicts: Iterable[Verdict]) -> str:
    """Return the table in Markdown."""
    lines = ["| planted fault | in | lifecycle | own test |", "| --- | --- | --- | --- |"]
    for verdict in verdicts:
        mutant = verdict.mutant
        own = f"`{mutant.test.rpartition('/')[2].partition('::')[0]}`" if mutant.test else "–"
        lines.append(
            f"| {mutant.name} | `{mutant.file}` | {_word(verdict.by_lifecycle)} "
            f"| {own}{'' if verdict.by_test or not mutant.test else ': missed'} |"
        )
    return "\n".join(lines) + "\n"


def write_table(page: Path, verdicts: Iterable[Verdict]) -> None:
    """Write the table between its marks on the page. Raises ValueError where they are not there."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for the table.")
    page.write_text(f"{before}{BEGIN}\n{table_of(verdicts)}\n{END}{after}")


def _word(is_caught: bool) -> str:
    return "caught" if is_caught else "missed"
