"""Writes the table of mutations and the tests that caught them into docs/proof.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.proof.mutants.mutation import Mutation

BEGIN = "<!-- mutants: written by make mutants -->\n"
END = "<!-- end of mutants -->\n"


@dataclass(frozen=True)
class Verdict:
    """Whether the model-based test and a mutation's own test caught it."""

    mutation: Mutation
    by_model: bool
    by_test: bool

    @property
    def is_caught(self) -> bool:
        """Whether each test caught it that is to."""
        return self.by_test and self.by_model == self.mutation.by_model

    @property
    def text(self) -> str:
        """What caught it, as text."""
        found = ["the model-based test"] * self.by_model + ["its own test"] * self.by_test
        caught = f"caught by {' and '.join(found)}" if found else "caught by none"
        return caught if self.is_caught else f"MISSED: {caught}"


def table_of(verdicts: Iterable[Verdict]) -> str:
    """Return the table in Markdown."""
    lines = ["| mutation | file | own test | model-based test |", "| --- | --- | --- | --- |"]
    for verdict in verdicts:
        mutation = verdict.mutation
        own = f"`{mutation.test.rpartition('/')[2].partition('::')[0]}`"
        model = _word(verdict.by_model) if mutation.by_model else "–"
        lines.append(
            f"| {mutation.name} | `{mutation.file}` | {own}: {_word(verdict.by_test)} | {model} |"
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
