"""Runs two writers of one order, the first paused after one of its statements."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

from django.db import connection

from tests.races import somebody_waits_for_lock, with_own_connection

WAIT_SECONDS = 60
LOOK_SECONDS = 0.002


def interleave(first: Callable[[], None], second: Callable[[], None], pause_after: int) -> bool:
    """Run both; return whether `first` had as many statements as `pause_after`.

    While `first` is paused after that statement, `second` runs to its end, or until it waits for a
    lock. Then `first` continues. Raises what either of them raises.
    """
    paused, resumed = Event(), Event()
    statements = 0

    def pause(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        result = execute(sql, params, many, context)
        statements += 1
        if statements == pause_after:
            paused.set()
            assert resumed.wait(WAIT_SECONDS)
        return result

    def run_first() -> None:
        with connection.execute_wrapper(pause):
            first()

    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(with_own_connection, run_first)
        try:
            _wait(lambda: paused.is_set() or running.done())
            other = threads.submit(with_own_connection, second)
            _wait(lambda: _has_ended_or_waits(other))
        finally:
            resumed.set()
        running.result(WAIT_SECONDS)
        other.result(WAIT_SECONDS)
    return paused.is_set()


def _has_ended_or_waits(work: Future[None]) -> bool:
    return work.done() or somebody_waits_for_lock()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "neither ended, nor paused, nor waiting for a lock"
        time.sleep(LOOK_SECONDS)
