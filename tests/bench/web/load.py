"""The load generator: customers, in a process of their own.

    python -m tests.bench.web.load PORT SANDBOX_PORT SLUG SERVICE_ID FIRST_NUMBER

Reads commands from standard input and prints the result of each, one JSON object a line:

    {"do": "visit", "customers": 40, "seconds": 12}         whole journeys, back to back
    {"do": "arrive", "customers": 20}                       order, and keep the page open
    {"do": "request", "kind": "status", "count": 300, "parallel": 1}
    {"do": "leave"}                                         pay the open orders
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import count
from typing import Any

from tests.bench.web.http_client import HttpClient
from tests.bench.web.journey import Customer, ShopAddress, Times, UnexpectedAnswer, address_of

CLIENTS = 20  # that requests of a kind are sent by, in turn


class Load:
    """The customers of one shop."""

    def __init__(self, shop: ShopAddress, first_number: int) -> None:
        self._shop = shop
        self._numbers = count(first_number)
        self._open: list[tuple[Customer, str]] = []
        self._failures: Counter[str] = Counter()
        self._times = Times()  # of the customers with open orders

    async def run(self, command: dict[str, Any]) -> dict[str, Any]:
        """Run a command; return its result, with the unexpected answers by their text."""
        self._failures = Counter()
        do: Callable[..., Coroutine[Any, Any, dict[str, Any]]] = getattr(self, f"_{command['do']}")
        began = time.monotonic()
        result = await do(**{name: command[name] for name in command if name != "do"})
        seconds = time.monotonic() - began
        return {"seconds": seconds, "failures": self._failures, **result}

    async def _visit(self, customers: int, seconds: float) -> dict[str, Any]:
        """Let so many customers at once make journeys; another arrives where one has left."""
        times, until = Times(), time.monotonic() + seconds
        began = time.monotonic()

        async def visit_in_turn() -> None:
            while time.monotonic() < until:
                try:
                    await Customer(next(self._numbers), self._shop, times).visit()
                except UnexpectedAnswer as error:
                    self._failures[str(error)] += 1

        await asyncio.gather(*(visit_in_turn() for _ in range(customers)))
        self._failures += times.asked_again
        return {
            "paid_at": [at - began for at in times.paid_at],
            "journeys": times.journeys,
            "steps": times.steps,
        }

    async def _arrive(self, customers: int) -> dict[str, Any]:
        for _ in range(customers):
            customer = Customer(next(self._numbers), self._shop, self._times)
            self._open.append((customer, await customer.order()))
        return {}

    async def _leave(self) -> dict[str, Any]:
        for customer, reference in self._open:
            with suppress(UnexpectedAnswer):  # its invoice may have expired on a slow machine
                await customer.pay(reference)
            customer.close()
        self._open.clear()
        return {}

    async def _request(self, kind: str, count: int, parallel: int) -> dict[str, Any]:
        """Send `count` requests, `parallel` at a time, and at most one at a time by each client.

        `kind` is "status" or "session", sent by the customers with open orders in turn, or a path,
        which clients without an order request.
        """
        taken: list[float] = []
        self._times.asked_again.clear()
        clients = [self._client_of(kind, turn) for turn in range(max(parallel, CLIENTS))]

        async def send_in_turn(first: int) -> None:
            mine = clients[first::parallel]
            for number in range(count // parallel):
                began = time.monotonic()
                try:
                    await mine[number % len(mine)]()
                except (UnexpectedAnswer, OSError, EOFError) as error:
                    self._failures[f"{kind}: {error or type(error).__name__}"] += 1
                else:
                    taken.append(time.monotonic() - began)

        await asyncio.gather(*(send_in_turn(first) for first in range(parallel)))
        self._failures += self._times.asked_again
        return {"taken": taken}

    def _client_of(self, kind: str, turn: int) -> Callable[[], Coroutine[Any, Any, Any]]:
        """Return what sends one request of a kind."""
        if kind in {"status", "session"}:
            customer, _ = self._open[turn]
            return customer.status if kind == "status" else customer.open_session
        client = HttpClient(self._shop.port, address=address_of(next(self._numbers)))

        async def send() -> None:
            answer = await client.request("GET", kind)
            if answer.status != 200:
                raise UnexpectedAnswer(kind, f"HTTP {answer.status}")

        return send


async def main(shop: ShopAddress, first_number: int) -> None:
    """Run the commands of standard input until it ends."""
    load = Load(shop, first_number)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        result = await load.run(json.loads(line))
        sys.stdout.write(f"{json.dumps(result)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, sandbox_port, slug, service_id, first = sys.argv[1:]
    address = ShopAddress(int(port), int(sandbox_port), slug, service_id)
    asyncio.run(main(address, int(first)))
