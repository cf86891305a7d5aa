"""Customers: each scans, orders, and then pays, cancels, fails, dawdles or walks away."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.proof.crash.clients import Page, Phone
from tests.proof.crash.cluster import House

PATIENCE_SECONDS = 45.0  # then a customer walks away, wherever they are
LOOKS_EVERY_SECONDS = 1.0
SECOND_TAB = 0.15
ORDERS_ANEW = 0.6
HAS_MONEY_BACK = 0.3
SETTLED = ("paid", "served", "partly_refunded", "refunded", "canceled", "failed", "expired")
DEAD = ("canceled", "failed", "expired")


@dataclass
class Told:
    """What customers were told. At the end the books must agree with it."""

    orders: set[str] = field(default_factory=set)  # ids of orders that they heard of
    shown: dict[str, str] = field(default_factory=dict)  # order id by reference to be paid
    paid: set[str] = field(default_factory=set)  # ids of orders that they were told are paid
    plans: Counter[str] = field(default_factory=Counter)
    walked_away: int = 0
    wants_refund: asyncio.Queue[str] = field(default_factory=asyncio.Queue)  # references


class Customer:
    """One customer with one order; what they mean to do is decided by the seed and their number."""

    def __init__(
        self, number: int, seed: int, house: House, http: aiohttp.ClientSession, told: Told
    ) -> None:
        self._random = random.Random(f"{seed} customer {number}")
        self._phone = Phone(http, house.sandbox.base_url, f"4670{number:07d}")
        self._house = house
        self._http = http
        self._told = told
        self._page = Page(http, house.shop_url, "")
        self._order = ""

    async def visit(self) -> None:
        """Come, and go when patience ends."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._order_something()
                await self._do_as_planned()
        except TimeoutError:
            self._told.walked_away += 1

    async def _order_something(self) -> None:
        token = await self._phone.scan("HTTP://SEQR.SE/000/LYKTAN?TABLE=4")
        self._page = Page(self._http, self._house.shop_url, token)
        status, session = await self._page.ask("POST", "/lyktan/session", {"token": token})
        assert status == 200, f"a token was answered with {status}: {session}"
        tabs = 2 if self._random.random() < SECOND_TAB else 1
        wishes = [self._wish(session["products"]) for _ in range(tabs)]
        if tabs == 2 and self._random.random() < 0.5:
            wishes[1] = wishes[0]  # a double tap rather than two different orders
        answers = await asyncio.gather(*(self._post(wish) for wish in wishes))
        heard = {answer["id"] for answer in answers}
        assert len(heard) == 1, f"two tabs were told of different orders: {heard}"
        (self._order,) = heard

    def _wish(self, products: list[dict[str, Any]]) -> dict[str, Any]:
        to_be_had = [each for each in products if not each["sold_out"]]
        chosen = self._random.sample(to_be_had, self._random.randint(1, 3))
        rows = [{"product": each["id"], "quantity": self._random.randint(1, 2)} for each in chosen]
        return {"nonce": f"nonce-{self._random.getrandbits(64):x}", "rows": rows}

    async def _post(self, wish: dict[str, Any]) -> dict[str, Any]:
        status, answer = await self._page.ask("POST", "/lyktan/orders", wish)
        order: dict[str, Any] = answer["order"] if status == 409 else answer
        assert "id" in order, f"an order was answered with {status}: {answer}"
        self._told.orders.add(order["id"])
        return order

    async def _do_as_planned(self) -> None:
        plans: dict[Callable[[str], Awaitable[None]], int] = {
            self._pay_and_wait: 40,
            self._pay_and_leave: 25,
            self._cancel_in_app: 8,
            self._fail_in_app: 4,
            self._cancel_on_page: 8,
            self._pay_and_cancel_at_once: 7,
            self._leave: 8,
        }
        (plan,) = self._random.choices(list(plans), list(plans.values()))
        self._told.plans[plan.__name__.lstrip("_")] += 1
        reference = await self._reference()
        if reference is None:
            return
        await asyncio.sleep(self._random.uniform(0, 3))
        await plan(reference)

    async def _reference(self) -> str | None:
        """Wait until there is a bill to be paid; None where the order has ended before."""
        order = await self._look_until(lambda order: order["app_url"] or order["state"] in SETTLED)
        if order["app_url"] is None:
            return None
        reference = str(order["app_url"]).rsplit("/R", 1)[1]
        self._told.shown[reference] = self._order
        return reference

    async def _pay_and_wait(self, reference: str) -> None:
        await self._phone.act(reference, "pay")
        order = await self._look_until(lambda order: order["state"] in SETTLED)
        if order["state"] in DEAD:
            return
        self._told.paid.add(self._order)
        if self._random.random() < HAS_MONEY_BACK:
            self._told.wants_refund.put_nowait(order["invoice_reference"])

    async def _pay_and_leave(self, reference: str) -> None:
        await self._phone.act(reference, "pay")

    async def _cancel_in_app(self, reference: str) -> None:
        await self._phone.act(reference, "cancel")
        await self._perhaps_order_anew()

    async def _fail_in_app(self, reference: str) -> None:
        await self._phone.act(reference, "fail")
        await self._perhaps_order_anew()

    async def _cancel_on_page(self, _reference: str) -> None:
        await self._page.ask("POST", f"/orders/{self._order}/cancel")
        await self._perhaps_order_anew()

    async def _pay_and_cancel_at_once(self, reference: str) -> None:
        await asyncio.gather(
            self._phone.act(reference, "pay"),
            self._page.ask("POST", f"/orders/{self._order}/cancel"),
        )

    async def _leave(self, _reference: str) -> None:
        return

    async def _perhaps_order_anew(self) -> None:
        order = await self._look_until(lambda order: order["state"] in SETTLED)
        if order["state"] not in DEAD or self._random.random() > ORDERS_ANEW:
            return
        await self._page.ask("POST", f"/orders/{self._order}/pay")
        self._told.plans["pay again"] += 1
        reference = await self._reference()
        if reference is not None:
            await self._pay_and_wait(reference)

    async def _look_until(self, is_so: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        while True:
            status, order = await self._page.ask("GET", f"/orders/{self._order}")
            assert status == 200, f"the order {self._order} was answered with {status}: {order}"
            if is_so(order):
                return order
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
