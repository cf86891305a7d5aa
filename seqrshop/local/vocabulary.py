"""Reports words that this code base does not use, each with the trade's word for it.

docs/glossary.md explains them. ALLOWED lists the files that have to contain them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from seqrshop.local import ROOT

# A pattern, and the words to use. Patterns match whole words, also within snake_case, in any case.
WORDS = {
    r"give[ns]? back|gave back|giving back|given_back|give_back": "refund, requeue or release",
    r"take[ns]? back|took back|taking back": "reverse, or undo",
    r"leaves? word|left word|leaving word": "publish a heartbeat, or update the row",
    r"goes round|go round|went round|gone round": "run a round, poll",
    r"(?:is|are|was|were|be) told|told of|told_of|tells? (?:of|nobody|that|how|whether)": (
        "report, record, log or notify"
    ),
    r"hear(?:s|d)? (?:of|about)|unheard|heard_at": "receive an answer; silence",
    r"whoever|whosoever": "name the actor",
    r"cannot be had|can be had|to be had": "is unavailable, is available",
    r"mend(?:s|ed|ing)?": "fix, correct",
    r"by the way|for good and all|all the same": "leave it out",
    r"is put off|put off|put_off|puts off": "defer",
    r"at the desk|desk": "store, poll store, back office",
    r"made anew|make anew|makes anew|make it anew": "regenerate, recreate",
    r"perhaps given back|perhaps_given_back": "possibly reversed",
    r"under way|under_way": "in flight, in progress",
    r"hand(?:s|ed)? over": "submit; app handover for the SEQR app",
    r"bills?": "invoice",
    r"news": "update",
    r"dead": "ended, unpaid final status, stopped",
    r"sweep(?:s|er|ing)?|swept": "recovery",
    r"patience": "backoff",
    r"attested|of ours|of theirs": "the shop's, SEQR's",
}
ALLOWED = {
    "CHANGELOG.md",  # names old names
    "docs/glossary.md",
    "seqrshop/local/vocabulary.py",
    "seqrshop/ops/doctor/database.py",  # names of PostgreSQL's own
    "tests/database_roles.py",  # the same
    "tests/seqrshop/test_vocabulary.py",
}
NAMES = {".env.example", "Makefile", "Procfile"}
SUFFIXES = {".py", ".html", ".js", ".css", ".md", ".po", ".toml", ".yml"}
FOLDERS = (
    ".ci",
    ".github",
    "docs",
    "locale",
    "orders",
    "payments",
    "seqrshop",
    "templates",
    "tests",
)
PATTERNS = [
    (re.compile(rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])", re.IGNORECASE), use)
    for pattern, use in WORDS.items()
]


def main() -> int:
    """Print every finding as `file:line: found → use`, and return 1 if there is one."""
    findings = list(find())
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    return 1 if findings else 0


def find() -> Iterator[str]:
    """Yield every unwanted word in the repository's text files."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        top += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted(top):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in SUFFIXES and path.name not in NAMES:
            continue
        if name in ALLOWED or "node_modules" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for pattern, use in PATTERNS:
                if match := pattern.search(line):
                    yield f"{name}:{number}: {match[0]!r} → {use}"


if __name__ == "__main__":
    sys.exit(main())
