"""Writes the table of result codes, docs/sandbox-codes.md: python -m tests.sandbox.code_table."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from payments.sandbox.operations.dispatch import possible_codes
from payments.sandbox.soap.schema import OPERATIONS
from tests.sandbox.code_coverage import CoveredCode, covered_by_function

HERE: Final = Path(__file__).parent
DOCUMENT: Final = HERE.parent.parent / "docs" / "sandbox-codes.md"

HEAD: Final = """\
# Result codes of the sandbox

Every `resultCode` that each operation can return, with a test in `tests/sandbox/` that gets it. A
fault added by `POST /control/faults` can make any operation return any code.

Written by `python -m tests.sandbox.code_table` from the codes that operations declare and tests
cover. A test fails if this page is out of date or a declared code is not covered.

Each call is checked in this order: the principal's form (29), whether it exists (37), its password
(20), whether the terminal is retired (33), the context's texts (10), the kind of principal (21).
Another terminal's invoice gets the code of an unknown one, 54, and its payment 23. Another
reseller's terminal or period gets 10.
"""


def covering_tests() -> dict[CoveredCode, list[str]]:
    """The tests that cover each code, as `file: sentence`."""
    found: dict[CoveredCode, list[str]] = {}
    for path in sorted(HERE.glob("*/test_*.py")):
        module = import_module(f"tests.sandbox.{path.parent.name}.{path.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_"):
                for code in covered_by_function(test):
                    sentence = name.removeprefix("test_").replace("_", " ")
                    found.setdefault(code, []).append(f"`{path.name}`: {sentence}")
    return found


def document() -> str:
    """The text of the page."""
    tests = covering_tests()
    lines = [HEAD.rstrip()]
    codes = possible_codes()
    for operation in OPERATIONS:
        lines += [f"\n## {operation}\n", "| code | meaning | test |", "| --- | --- | --- |"]
        for code in sorted(codes[operation]):
            test = tests.get((operation, code), ["nothing"])[0]
            lines.append(f"| {int(code)} | {code.name} | {test} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.name} written.\n")
