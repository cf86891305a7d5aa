"""A fault in one file, chosen by chance."""

from __future__ import annotations

import difflib
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Replaces the text of `file`; `line` is where, and `kind` what the tool did."""

    file: str
    line: int
    kind: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The lines that differ, those before with -, those after with +."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), n=0, lineterm=""
        )
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.kind})"
