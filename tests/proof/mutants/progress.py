"""Keeps what an interrupted `make mutants` has found, so that the next one goes on from there.

It holds for one commit: with another commit, or with changes that are not committed, the run
begins anew.
"""

import json
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any, Self


class Progress:
    """Which tests are green, and which mutations they caught, in a file with a JSON line for each.

    Tests are known by a name, such as "own test".
    """

    def __init__(self, file: Path) -> None:
        """Read what earlier runs have written to the file. A line cut short is left out."""
        self._file = file
        self._lock = Lock()
        self._caught: dict[tuple[str, str], bool] = {}
        self._green: set[str] = set()
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                self._learn(json.loads(line))
            except ValueError:
                continue

    @classmethod
    def of_commit(cls, root: Path, folder: Path) -> Self:
        """Return the progress of the checked-out commit. Changes to its files forget it."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{_git(root, 'rev-parse', 'HEAD')}.jsonl"
        if _git(root, "status", "--porcelain"):
            sys.stdout.write("there are changes that are not committed: every mutation runs\n")
            file.unlink(missing_ok=True)
        return cls(file)

    def is_green(self, tests: str) -> bool:
        """Whether these tests have passed without a mutation."""
        return tests in self._green

    def keep_green(self, tests: str) -> None:
        """Record that these tests pass without a mutation."""
        self._write({"green": tests})

    def is_caught(self, mutation: str, tests: str) -> bool | None:
        """Whether these tests caught the mutation of this name; None if they have not run."""
        return self._caught.get((mutation, tests))

    def keep(self, mutation: str, tests: str, *, is_caught: bool) -> None:
        """Record whether these tests caught a mutation."""
        self._write({"mutation": mutation, "tests": tests, "caught": is_caught})

    def _write(self, fact: dict[str, Any]) -> None:
        with self._lock:
            self._learn(fact)
            with self._file.open("a") as file:
                file.write(f"\n{json.dumps(fact)}")

    def _learn(self, fact: dict[str, Any]) -> None:
        if "green" in fact:
            self._green.add(fact["green"])
        else:
            self._caught[fact["mutation"], fact["tests"]] = fact["caught"]


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
