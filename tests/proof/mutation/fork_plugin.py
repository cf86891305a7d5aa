"""Lets pytest try faults instead of running its tests, each in a child process.

The environment names a file with the faults, and one for the numbers of those that were caught. A
fault is caught where a test fails with it and passes without it.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from tests.database_roles import TABLE_CLEANER
from tests.proof.mutation.code_swap import Functions, Swap, plant
from tests.proof.mutation.forked_runs import CAUGHT_VARIABLE, FAULTS_VARIABLE

MOST_TESTS = 400  # for one fault, the nearest first
CHILD_SECONDS = 120.0
PRODUCT = ("orders", "payments", "seqrshop/backoffice", "seqrshop/ops", "seqrshop/storefront")
NOT_IMPORTED = ("payments/sandbox/", "/migrations/")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try each fault, and write the numbers of those that are caught."""
    runs = ForkedRuns(session)
    with Path(os.environ[CAUGHT_VARIABLE]).open("a") as caught:
        for fault in json.loads(Path(os.environ[FAULTS_VARIABLE]).read_text()):
            swaps = runs.functions.swaps(fault["file"], fault["before"], fault["after"])
            if swaps and runs.catches(swaps, fault["tests"]):
                caught.write(f"{fault['number']}\n")
                caught.flush()
    return True


class ForkedRuns:
    """Runs tests in children that share the servers, the database and all imports."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._items: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            file, _, _ = item.nodeid.partition("::")
            for name in (item.nodeid.partition("[")[0], file):
                self._items[name].append(item)
        self._next = _items_of_other_files(session.items)
        self._run(next(item for item in session.items if "sandbox" in item.fixturenames))  # type: ignore[attr-defined]
        self._unblock = session.config.stash[blocking_manager_key].unblock
        self._disconnect()
        _import_product(session.config.rootpath)
        self.functions = Functions(session.config.rootpath)

    def catches(self, swaps: Sequence[Swap], tests: Sequence[str]) -> bool:
        """Return whether one of the tests fails with the fault, and passes without it."""
        items = [item for test in tests for item in self._items.get(test.partition("[")[0], ())]
        items = list(dict.fromkeys(items))[:MOST_TESTS]
        failed = self._failing(swaps, items)
        return failed is not None and self._failing([], [failed]) is None

    def _failing(self, swaps: Sequence[Swap], items: Sequence[pytest.Item]) -> pytest.Item | None:
        """Run tests in a child until one fails; return it, or None also where the child hangs."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setpgid(0, 0)
                plant(swaps)
                for number, item in enumerate(items):
                    if self._run(item):
                        os.write(write, str(number).encode())
                        break
                else:
                    os.write(write, b"none")
            finally:
                os._exit(0)  # without the clean-up of the parent's servers
        os.close(write)
        ready, _, _ = select.select([read], [], [], CHILD_SECONDS)
        answer = os.read(read, 16) if ready else b""
        os.close(read)
        _end(child)
        if not answer:
            self._empty_database()
        return items[int(answer)] if answer.isdigit() else None

    def _run(self, item: pytest.Item) -> bool:
        """Run one test; return whether it failed. What the whole run shares stays set up."""
        self._session._setupstate.teardown_exact(item)
        following = next(each for each in self._next if each.path != item.path)
        return any(each.failed for each in runtestprotocol(item, nextitem=following, log=False))

    def _empty_database(self) -> None:
        with self._unblock():
            TABLE_CLEANER.empty_tables()
        self._disconnect()

    def _disconnect(self) -> None:
        """Close the connections to PostgreSQL, which two processes cannot share."""
        TABLE_CLEANER.close()
        with self._unblock():
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's connection has it


def _items_of_other_files(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return two tests of different files: one of them is in another file than any test."""
    first = items[0]
    return [first, next(item for item in items if item.path != first.path)]


def _import_product(root: Path) -> None:
    """Import what no test has imported so far: its functions are to be found, too."""
    for folder in PRODUCT:
        for path in sorted((root / folder).rglob("*.py")):
            file = path.relative_to(root).as_posix()
            if not any(part in file for part in NOT_IMPORTED):
                importlib.import_module(
                    file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                )


def _end(child: int) -> None:
    """End a child, and the processes that its tests have started."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
