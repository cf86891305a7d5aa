"""A pytest plugin that tells coverage which test is running. A test is named without parameters."""

import coverage
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Count the lines that run from now on as the test's, those of its fixtures included."""
    measuring = coverage.Coverage.current()
    assert measuring is not None, "run: coverage run -m pytest"
    measuring.switch_context(item.nodeid.partition("[")[0])


def pytest_runtest_teardown() -> None:
    """Count no more lines as the test's: what runs now proves nothing about it."""
    measuring = coverage.Coverage.current()
    assert measuring is not None
    measuring.switch_context("")
