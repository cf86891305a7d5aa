"""Marks the unit tests, spares their objects the garbage collector, and reports seconds by folder.

A unit test needs no browser, no process of the shop, no sandbox and no committed transaction:
`make check` runs these alone.
"""

import gc
from collections import defaultdict
from collections.abc import Generator
from itertools import chain
from operator import itemgetter
from pathlib import PurePath

import pytest

SLOW_FIXTURES = {"live_server", "sandbox_process", "transactional_db"}
SLOW_MARKERS = ("browser", "slow")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep modules and tests out of the garbage collector's sight: they stay until the end.

    It would look through millions of objects again and again, and find nothing.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each unit test."""
    for item in items:
        if _is_unit_test(item):
            item.add_marker(pytest.mark.unit)


def _is_unit_test(item: pytest.Item) -> bool:
    database = item.get_closest_marker("django_db")
    commits = database is not None and bool(database.kwargs.get("transaction"))
    fixtures: set[str] = set(getattr(item, "fixturenames", ()))
    is_slow = any(item.get_closest_marker(name) for name in SLOW_MARKERS)
    return not (is_slow or commits or fixtures & SLOW_FIXTURES)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the seconds of each folder's tests, summed over the processes that ran them."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds[str(PurePath(report.nodeid.partition("::")[0]).parent)] += report.duration
    if len(seconds) > 1:
        terminalreporter.section("seconds by folder")
        for folder, total in sorted(seconds.items(), key=itemgetter(1), reverse=True):
            terminalreporter.write_line(f"{total:8.1f} {folder}")
