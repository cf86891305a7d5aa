"""Keeps what `make mutants` has found, so that the next run goes on from there.

A verdict holds as long as the shop's code and the test's surroundings are unchanged. While there
are changes that are not committed, nothing is remembered.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath
from threading import Lock
from typing import Any, Self

from tests.proof.mutants.mutation import Mutation

SHOP = ("orders", "payments", "seqrshop", "templates", "locale", "requirements", "pyproject.toml")
SHARED_BY_TESTS = ":(glob)tests/*.py"

StateOf = Callable[[str], str]


class Progress:
    """Which tests are green, and which mutations they caught, in a file with a JSON line for each.

    `state_of` returns what a test's verdict depends on beside the mutation, as a digest.
    """

    def __init__(self, file: Path, state_of: StateOf) -> None:
        """Read what earlier runs have written to the file. A line cut short is left out."""
        self._file = file
        self._state_of = state_of
        self._lock = Lock()
        self._caught: dict[tuple[str, str, str], bool] = {}
        self._green: set[tuple[str, str]] = set()
        for line in file.read_text().splitlines() if file.exists() else ():
            try:
                self._learn(json.loads(line))
            except ValueError:
                continue

    @classmethod
    def of_repository(cls, root: Path, folder: Path) -> Self:
        """Return the progress of a repository. Changes that are not committed forget it."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "verdicts.jsonl"
        if _git(root, "status", "--porcelain"):
            sys.stdout.write("there are changes that are not committed: every mutation runs\n")
            file.unlink(missing_ok=True)
        return cls(file, states_in(root))

    def is_green(self, test: str) -> bool:
        """Whether this test has passed without a mutation."""
        return (test, self._state_of(test)) in self._green

    def keep_green(self, test: str) -> None:
        """Record that this test passes without a mutation."""
        self._write({"green": test, "state": self._state_of(test)})

    def is_caught(self, mutation: Mutation, test: str) -> bool | None:
        """Whether this test caught the mutation; None if it has not run."""
        return self._caught.get((_change(mutation), test, self._state_of(test)))

    def keep(self, mutation: Mutation, test: str, *, is_caught: bool) -> None:
        """Record whether this test caught the mutation."""
        fact = {"change": _change(mutation), "test": test, "state": self._state_of(test)}
        self._write({**fact, "mutation": mutation.name, "caught": is_caught})

    def _write(self, fact: dict[str, Any]) -> None:
        with self._lock:
            self._learn(fact)
            with self._file.open("a") as file:
                file.write(f"\n{json.dumps(fact)}")

    def _learn(self, fact: dict[str, Any]) -> None:
        if "green" in fact:
            self._green.add((fact["green"], fact["state"]))
        else:
            self._caught[fact["change"], fact["test"], fact["state"]] = fact["caught"]


def states_in(root: Path) -> StateOf:
    """Return the function that digests what a test's verdict depends on.

    That is the shop, the modules that all tests share, and the folder of the test's file.
    """

    @cache
    def state_of_folder(folder: str) -> str:
        listed = _git(root, "ls-files", "--stage", "--", *SHOP, SHARED_BY_TESTS, folder)
        return sha256(listed.encode()).hexdigest()

    return lambda test: state_of_folder(str(PurePath(test.partition("::")[0]).parent))


def _change(mutation: Mutation) -> str:
    text = "\0".join((mutation.file, mutation.old, mutation.new))
    return sha256(text.encode()).hexdigest()


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
