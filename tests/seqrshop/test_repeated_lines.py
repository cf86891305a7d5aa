"""The limit of repeated log lines."""

from __future__ import annotations

import logging

import pytest

from seqrshop.repeated_lines import (
    MAX_LINES_PER_MINUTE,
    STORED_CHANGES,
    WINDOW_SECONDS,
    RepeatedLineFilter,
)


class Log:
    """A filter with a clock, and the lines that it lets through."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self._filter = RepeatedLineFilter(lambda: self.now)

    def write(self, line_number: int, text: str, logger: str = "web") -> None:
        record = logging.LogRecord(logger, logging.WARNING, "a.py", line_number, text, None, None)
        if self._filter.filter(record):
            self.lines.append(record.getMessage())


@pytest.fixture
def log() -> Log:
    return Log()


def test_lines_of_one_place_beyond_its_limit_are_left_out_whatever_they_say(log: Log) -> None:
    for number in range(3 * MAX_LINES_PER_MINUTE):
        log.write(1, f"not found: /{number}")
    log.write(2, "another place")

    assert len(log.lines) == MAX_LINES_PER_MINUTE + 1
    assert log.lines[-2].endswith("(more such lines are left out for up to a minute)")
    assert log.lines[-1] == "another place"


def test_line_of_a_stored_change_is_never_left_out(log: Log) -> None:
    for _ in range(MAX_LINES_PER_MINUTE + 1):
        log.write(1, "order 1042: placed", STORED_CHANGES)

    assert len(log.lines) == MAX_LINES_PER_MINUTE + 1


def test_line_of_the_next_minute_says_how_many_were_left_out(log: Log) -> None:
    for _ in range(MAX_LINES_PER_MINUTE + 7):
        log.write(1, "not found: %s")

    log.now += WINDOW_SECONDS
    log.write(1, "not found")
    log.write(1, "not found")

    assert log.lines[-2] == "not found (7 more such lines were left out in the last minute)"
    assert log.lines[-1] == "not found"
