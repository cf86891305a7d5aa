"""Faults in the pages' scripts, planted at their tokens.

Stryker has a switch for each fault in the code, which a browser's page cannot read; it would start
the whole shop for each of thousands. So this samples by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.proof.mutation.fault import Fault

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
    r"|[A-Za-z_$][\w$]*|\d[\w.]*|[=!]==?|=>|<=|>=|&&|\|\||\?\?|\+\+|--|[-+]=|\S",
    re.DOTALL,
)
SWAPS = {
    "===": "!==",
    "!==": "===",
    "&&": "||",
    "||": "&&",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "+": "-",
    "-": "+",
    "!": "",
    "true": "false",
    "false": "true",
    "await": "",
}
STATEMENT = re.compile(r"^ +(?:await )?[\w.]+\([^\n]*\);$", re.MULTILINE)
IMPORT = re.compile(r"import |\} from ")
CONDITION = re.compile(r"\bif \(")


def find_faults(root: Path, file: str) -> list[Fault]:
    """Return all faults of a script."""
    code = (root / file).read_text()

    def fault(kind: str, start: int, end: int, text: str) -> Fault:
        line = code.count("\n", 0, start) + 1
        return Fault(file, line, kind, code, f"{code[:start]}{text}{code[end:]}")

    return [fault(*each) for each in _replacements(code)]


def _replacements(code: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield kind, start, end and new text."""
    comments = []
    for token in TOKEN.finditer(code):
        text = token[0]
        if IMPORT.match(code, code.rfind("\n", 0, token.start()) + 1):
            continue
        if text.startswith(("//", "/*")):
            comments.append(token.span())
        elif text in SWAPS:
            yield "swapped token", *token.span(), SWAPS[text]
        elif text[0].isdigit() and text.isdigit():
            yield "number", *token.span(), str(int(text) + 1)
        elif text[0] in "\"'" and len(text) > 2:
            yield "string", *token.span(), f"{text[0]}XX{text[1:]}"

    def is_code(at: int) -> bool:
        return not any(start <= at < end for start, end in comments)

    for found in STATEMENT.finditer(code):
        if is_code(found.start()):
            yield "removed call", *found.span(), ""
    for found in CONDITION.finditer(code):
        if is_code(found.start()):
            yield "constant condition", *found.span(), "if (true || "
            yield "constant condition", *found.span(), "if (false && "
