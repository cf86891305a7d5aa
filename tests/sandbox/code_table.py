"""The table of result codes in docs/sandbox-codes.md: python -m tests.sandbox.code_table."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from payments.sandbox.operations.dispatch import possible_codes
from payments.sandbox.soap.schema import OPERATIONS
from tests.sandbox.shows import Claim, claims_of_function

HERE: Final = Path(__file__).parent
DOCUMENT: Final = HERE.parent.parent / "docs" / "sandbox-codes.md"

HEAD: Final = """\
# The result codes that the sandbox gives

Per operation: every `resultCode` that the sandbox answers with of itself, and a test in
`tests/sandbox/` that shows it. A fault ordered by `POST /control/faults` can make any operation
answer with any code.

Written by `python -m tests.sandbox.code_table` from what the operations declare and what the tests
claim; a test fails when this page is out of date or a code is shown by no test.
"""


def shown() -> dict[Claim, list[str]]:
    """The tests that show an operation's code, each as `file: sentence`."""
    found: dict[Claim, list[str]] = {}
    for path in sorted(HERE.glob("*/test_*.py")):
        module = import_module(f"tests.sandbox.{path.parent.name}.{path.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_"):
                for claim in claims_of_function(test):
                    sentence = name.removeprefix("test_").replace("_", " ")
                    found.setdefault(claim, []).append(f"`{path.name}`: {sentence}")
    return found


def document() -> str:
    """The page's text."""
    tests = shown()
    lines = [HEAD.rstrip()]
    codes = possible_codes()
    for operation in OPERATIONS:
        lines += [f"\n## {operation}\n", "| code | meaning | shown by |", "| --- | --- | --- |"]
        for code in sorted(codes[operation]):
            test = tests.get((operation, code), ["nothing"])[0]
            lines.append(f"| {int(code)} | {code.name} | {test} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.name} is written.\n")
