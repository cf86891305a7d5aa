"""The connections of a process: limits, deadlines, and which one gives way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from seqrshop.serving import connections
from seqrshop.serving.connections import (
    HEAD_TIMEOUT_SECONDS,
    SEND_TIMEOUT_SECONDS,
    Connections,
)

ATTACKER, CUSTOMER = "192.0.2.66", "192.0.2.7"


class FakeConnection:
    """A connection, and whether it has been closed."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_awaiting_head = True
        self.taken_at = 0.0
        self.is_dropped = False
        self.unsent_bytes = 0
        self.transport: Any = self

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes

    def drop(self) -> None:
        self.is_dropped = True


def in_loop(work: Callable[[Connections], None]) -> None:
    async def run() -> None:
        work(Connections())

    asyncio.run(run())


def test_connection_beyond_the_limit_of_its_address_displaces_the_one_that_waited_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS_PER_ADDRESS", 2)

    def work(found: Connections) -> None:
        customer, first, second, third = (
            FakeConnection(address) for address in (CUSTOMER, ATTACKER, ATTACKER, ATTACKER)
        )

        assert all(map(found.admit, (customer, first, second, third)))

        assert [each.is_dropped for each in (customer, first, second, third)] == [
            False,
            True,
            False,
            False,
        ]
        assert len(found) == 3

    in_loop(work)


def test_connection_is_refused_where_all_of_its_address_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS_PER_ADDRESS", 1)

    def work(found: Connections) -> None:
        served, refused = FakeConnection(ATTACKER), FakeConnection(ATTACKER)
        found.admit(served)
        found.stop_waiting(served)

        assert not found.admit(refused)
        assert found.admit(FakeConnection(CUSTOMER))

        found.forget(served)
        assert found.admit(refused)

    in_loop(work)


def test_addresses_behind_own_proxies_are_not_limited(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS_PER_ADDRESS", 1)
    settings.TRUSTED_PROXIES = 1

    def work(found: Connections) -> None:
        opened = [FakeConnection("10.0.0.1") for _ in range(3)]

        assert all(map(found.admit, opened))
        assert not any(each.is_dropped for each in opened)

    in_loop(work)


def test_connection_beyond_all_places_displaces_the_one_that_waited_longest() -> None:
    def work(found: Connections) -> None:
        found.max_total = 2
        served, waiting, new = (FakeConnection(name) for name in ("a", "b", "c"))
        for each in (served, waiting):
            found.admit(each)
        found.stop_waiting(served)

        assert found.admit(new)

        assert [each.is_dropped for each in (served, waiting, new)] == [False, True, False]

    in_loop(work)


def test_head_has_ten_seconds_and_a_request_in_progress_more() -> None:
    def work(found: Connections) -> None:
        silent, busy = FakeConnection(ATTACKER), FakeConnection(CUSTOMER)
        for each in (silent, busy):
            found.admit(each)
        busy.is_awaiting_head = False
        now = asyncio.get_running_loop().time()

        found.close_overdue(now + HEAD_TIMEOUT_SECONDS - 1)
        assert not silent.is_dropped
        found.close_overdue(now + HEAD_TIMEOUT_SECONDS + 1)

        assert (silent.is_dropped, busy.is_dropped) == (True, False)
        assert len(found) == 1

    in_loop(work)


def test_client_that_takes_nothing_is_closed_and_a_slow_one_is_not() -> None:
    def work(found: Connections) -> None:
        stuck, slow = FakeConnection(ATTACKER), FakeConnection(CUSTOMER)
        for each in (stuck, slow):
            found.admit(each)
            found.stop_waiting(each)
            each.unsent_bytes = 1000
            each.taken_at = 100.0

        slow.taken_at += SEND_TIMEOUT_SECONDS
        found.close_overdue(100.0 + SEND_TIMEOUT_SECONDS + 1)

        assert (stuck.is_dropped, slow.is_dropped) == (True, False)

    in_loop(work)
