"""Simulated customers: each scans, orders, then pays, cancels, fails or leaves."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.proof.crash.chain import FIRST_SHOP, OTHER_SHOP
from tests.proof.crash.clients import Answered, SeqrApp, ShopClient
from tests.proof.crash.cluster import Cluster

VISIT_SECONDS = 45.0  # then a customer leaves, whatever the state
POLL_SECONDS = 1.0
SECOND_TAB_SHARE = 0.15
RETRY_SHARE = 0.6
REFUND_SHARE = 0.3
FINAL_STATES = (
    *("paid", "preparing", "ready", "served"),
    *("partly_refunded", "refunded", "canceled", "failed", "expired"),
)
UNPAID_FINAL_STATES = ("canceled", "failed", "expired")


@dataclass
class CustomerLedger:
    """What the shop's responses showed to customers; the shop's ledger must agree with it."""

    orders: set[str] = field(default_factory=set)  # public ids
    shown: dict[str, str] = field(default_factory=dict)  # public order id by invoice reference
    paid: set[str] = field(default_factory=set)  # public ids of orders shown as paid
    plans: Counter[str] = field(default_factory=Counter)
    timed_out: int = 0
    to_refund: asyncio.Queue[str] = field(default_factory=asyncio.Queue)  # references
    answers: list[Answered] = field(default_factory=list)


class Customer:
    """One customer with one order, whose plan depends on the seed and the number."""

    def __init__(
        self,
        number: int,
        seed: int,
        cluster: Cluster,
        http: aiohttp.ClientSession,
        ledger: CustomerLedger,
        *,
        acts_after: asyncio.Event | None = None,
    ) -> None:
        """`acts_after`: the event for which a customer of the first shop waits before acting."""
        self._random = random.Random(f"{seed} customer {number}")
        self._app = SeqrApp(http, cluster.sandbox.base_url, f"4670{number:07d}")
        self._cluster = cluster
        self._http = http
        self._ledger = ledger
        self._shop = self._page("")
        self._order = ""
        self._acts_after = acts_after
        self._service_id = OTHER_SHOP if number % 3 == 0 and not acts_after else FIRST_SHOP

    async def visit(self) -> None:
        """Order and follow the plan until VISIT_SECONDS have passed."""
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                await self._place_order()
                await self._follow_plan()
        except TimeoutError:
            self._ledger.timed_out += 1

    def _page(self, token: str) -> ShopClient:
        shop_url = self._cluster.shop_url
        return ShopClient(self._http, shop_url, token, self._ledger.answers.append)

    @property
    def _path(self) -> str:
        return f"/{self._service_id.lower()}"

    async def _place_order(self) -> None:
        token = await self._app.scan(f"HTTP://SEQR.SE/000/{self._service_id}?TABLE=4")
        self._shop = self._page(token)
        body = {"token": token}
        status, session = await self._shop.request("POST", f"{self._path}/session", body)
        assert status == 200, f"the session request got {status}: {session}"
        tabs = 2 if self._random.random() < SECOND_TAB_SHARE else 1
        orders = [self._random_order(session["products"]) for _ in range(tabs)]
        if tabs == 2 and self._random.random() < 0.5:
            orders[1] = orders[0]  # a double tap rather than two different orders
        answers = await asyncio.gather(*(self._post(order_body) for order_body in orders))
        ids = {answer["id"] for answer in answers}
        assert len(ids) == 1, f"two tabs were shown different orders: {ids}"
        (self._order,) = ids

    def _random_order(self, products: list[dict[str, Any]]) -> dict[str, Any]:
        available = [each for each in products if not each["sold_out"]]
        chosen = self._random.sample(available, self._random.randint(1, 3))
        rows = [
            {
                "product": each["id"],
                "quantity": self._random.randint(1, 2),
                "options": self._random_options(each["option_groups"]),
            }
            for each in chosen
        ]
        return {"nonce": f"nonce-{self._random.getrandbits(64):x}", "rows": rows}

    def _random_options(self, groups: list[dict[str, Any]]) -> list[int]:
        options: list[int] = []
        for group in groups:
            available = [each["id"] for each in group["options"] if not each["sold_out"]]
            most = min(group["max"], len(available))
            options += self._random.sample(available, self._random.randint(group["min"], most))
        return options

    async def _post(self, order_body: dict[str, Any]) -> dict[str, Any]:
        status, answer = await self._shop.request("POST", f"{self._path}/orders", order_body)
        order: dict[str, Any] = answer["order"] if status == 409 else answer
        assert "id" in order, f"the order request got {status}: {answer}"
        self._ledger.orders.add(order["id"])
        return order

    async def _follow_plan(self) -> None:
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
        self._ledger.plans[plan.__name__.lstrip("_")] += 1
        reference = await self._reference()
        if reference is None:
            return
        if self._acts_after is not None:
            await self._acts_after.wait()
        await asyncio.sleep(self._random.uniform(0, 3))
        await plan(reference)

    async def _reference(self) -> str | None:
        """Wait for an invoice that can be paid; return None where the order has ended."""
        order = await self._poll_until(
            lambda order: order["app_url"] or order["state"] in FINAL_STATES
        )
        if order["app_url"] is None:
            return None
        reference = str(order["app_url"]).rsplit("/R", 1)[1]
        self._ledger.shown[reference] = self._order
        return reference

    async def _pay_and_wait(self, reference: str) -> None:
        await self._app.act(reference, "pay")
        order = await self._poll_until(lambda order: order["state"] in FINAL_STATES)
        if order["state"] in UNPAID_FINAL_STATES:
            return
        self._ledger.paid.add(self._order)
        if self._random.random() < REFUND_SHARE:
            self._ledger.to_refund.put_nowait(order["invoice_reference"])

    async def _pay_and_leave(self, reference: str) -> None:
        await self._app.act(reference, "pay")

    async def _cancel_in_app(self, reference: str) -> None:
        await self._app.act(reference, "cancel")
        await self._maybe_retry_payment()

    async def _fail_in_app(self, reference: str) -> None:
        await self._app.act(reference, "fail")
        await self._maybe_retry_payment()

    async def _cancel_on_page(self, _reference: str) -> None:
        await self._shop.request("POST", f"/orders/{self._order}/cancel")
        await self._maybe_retry_payment()

    async def _pay_and_cancel_at_once(self, reference: str) -> None:
        await asyncio.gather(
            self._app.act(reference, "pay"),
            self._shop.request("POST", f"/orders/{self._order}/cancel"),
        )

    async def _leave(self, _reference: str) -> None:
        return

    async def _maybe_retry_payment(self) -> None:
        order = await self._poll_until(lambda order: order["state"] in FINAL_STATES)
        if order["state"] not in UNPAID_FINAL_STATES or self._random.random() > RETRY_SHARE:
            return
        await self._shop.request("POST", f"/orders/{self._order}/pay")
        self._ledger.plans["retry_payment"] += 1
        reference = await self._reference()
        if reference is not None:
            await self._pay_and_wait(reference)

    async def _poll_until(self, is_reached: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        while True:
            status, order = await self._shop.request("GET", f"/orders/{self._order}")
            assert status == 200, f"order {self._order} got {status}: {order}"
            if is_reached(order):
                return order
            await asyncio.sleep(POLL_SECONDS)
