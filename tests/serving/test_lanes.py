"""Lanes: threads by kind, turns by address, and refusal before a queue gets long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from seqrshop.serving import lanes
from seqrshop.serving.lanes import Lane, Lanes, Overloaded

ATTACKER, CUSTOMER = "192.0.2.66", "192.0.2.7"


async def with_busy_lane(
    work: Callable[[Lane, threading.Event], Awaitable[None]],
) -> None:
    """Call `work` with a lane whose only thread is busy until the event is set."""
    lane, finish = Lane("web", 1), threading.Event()
    busy = asyncio.ensure_future(lane.run(ATTACKER, finish.wait))
    await asyncio.sleep(0)
    try:
        await work(lane, finish)
    finally:
        finish.set()
        await busy


def test_request_beyond_its_address_share_of_the_queue_is_refused_and_another_address_is_not() -> (
    None
):
    async def work(lane: Lane, finish: threading.Event) -> None:
        waiting = [
            asyncio.ensure_future(lane.run(ATTACKER, lambda: None))
            for _ in range(lanes.MAX_QUEUED_PER_ADDRESS)
        ]
        await asyncio.sleep(0)

        with pytest.raises(Overloaded):
            await lane.run(ATTACKER, lambda: None)
        other = asyncio.ensure_future(lane.run(CUSTOMER, lambda: "served"))
        await asyncio.sleep(0)
        finish.set()

        assert await other == "served"
        await asyncio.gather(*waiting)

    asyncio.run(with_busy_lane(work))


def test_addresses_are_served_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []

    async def work(lane: Lane, finish: threading.Event) -> None:
        addresses = [ATTACKER, ATTACKER, ATTACKER, CUSTOMER, CUSTOMER]
        waiting = [
            asyncio.ensure_future(lane.run(address, served.append, address))
            for address in addresses
        ]
        await asyncio.sleep(0)
        finish.set()
        await asyncio.gather(*waiting)

    asyncio.run(with_busy_lane(work))

    assert served == [ATTACKER, CUSTOMER, ATTACKER, CUSTOMER, ATTACKER]


def test_request_that_waits_too_long_is_refused_and_leaves_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "MAX_WAIT_SECONDS", 0.01)

    async def work(lane: Lane, finish: threading.Event) -> None:
        for _ in range(lanes.MAX_QUEUED_PER_ADDRESS + 1):
            with pytest.raises(Overloaded):
                await lane.run(CUSTOMER, lambda: None)
        finish.set()

    asyncio.run(with_busy_lane(work))


def test_cancelled_request_passes_its_place_on() -> None:
    async def work(lane: Lane, finish: threading.Event) -> None:
        cancelled = asyncio.ensure_future(lane.run(CUSTOMER, lambda: None))
        await asyncio.sleep(0)
        cancelled.cancel()
        finish.set()
        with pytest.raises(asyncio.CancelledError):
            await cancelled

        assert await lane.run(CUSTOMER, lambda: "served") == "served"

    asyncio.run(with_busy_lane(work))


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("GET", "/lyktan/order", "customers"),
        ("GET", "/orders/1", "customers"),
        ("POST", "/lyktan/orders", "customers"),
        ("POST", "/lyktan/session", "seqr"),
        ("POST", "/session", "seqr"),
        ("POST", "/lyktan/instant-checkout/secret/createPurchase", "seqr"),
        ("POST", "/orders/1/cancel", "seqr"),
        ("GET", "/lyktan/cancel", "customers"),
        ("POST", "/notify/secret", "notifications"),
        ("GET", "/health", "monitoring"),
        ("GET", "/health/live", "monitoring"),
        ("GET", "/health/ready", "monitoring"),
        ("GET", "/metrics", "monitoring"),
        ("POST", "/admin/login/", "staff"),
        ("GET", "/admin", "staff"),
    ],
)
def test_each_kind_of_request_has_its_lane(method: str, path: str, lane: str) -> None:
    all_lanes = Lanes()

    assert all_lanes.of(method, path) is getattr(all_lanes, lane)
