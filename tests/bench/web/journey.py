"""One customer's journey: scan, session, order, app link, payment, paid.

The page polls, as it does where no stream works: so both designs are asked in the same way, and
the requests of a journey can be counted.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bench.web.http_client import Answer, HttpClient

POLL_SECONDS = 0.25
GIVE_UP_SECONDS = 30.0
CODE = "HTTP://SEQR.SE/000/{service_id}?TABLE=4"
ASK_AGAIN = (429, 503)
SHORTEST_RETRY_SECONDS = 2.0  # the page waits so long, or for the Retry-After that is longer
TOKEN_HEADER = "X-SEQR-Token"


class UnexpectedAnswer(Exception):
    """A step of the journey got another answer than the one that a customer needs."""

    def __init__(self, step: str, what: str) -> None:
        super().__init__(f"{step}: {what}")


@dataclass(frozen=True)
class ShopAddress:
    """Where customers reach a shop and its SEQR."""

    port: int
    sandbox_port: int
    slug: str
    service_id: str


@dataclass
class Times:
    """The seconds of each step of all journeys, and the times at which orders were shown paid."""

    steps: dict[str, list[float]] = field(default_factory=dict)
    journeys: list[float] = field(default_factory=list)
    paid_at: list[float] = field(default_factory=list)  # by the monotonic clock
    asked_again: Counter[str] = field(default_factory=Counter)

    def record(self, step: str, seconds: float) -> None:
        """Record one answer of a step."""
        self.steps.setdefault(step, []).append(seconds)


class Customer:
    """A customer with a phone number, a network address and a phone of their own."""

    def __init__(self, number: int, shop: ShopAddress, times: Times) -> None:
        self._msisdn = f"4670{number:07}"
        self._shop = shop
        self._times = times
        self.page = HttpClient(shop.port, address=address_of(number))
        self._app = HttpClient(shop.sandbox_port)
        self.token = ""
        self.order_url = ""

    async def visit(self) -> None:
        """Make the whole journey. Raises UnexpectedAnswer."""
        began = time.monotonic()
        try:
            reference = await self.order()
            await self.pay(reference)
            await self._poll(lambda order: order["state"] == "paid")
        finally:
            self.close()
        self._times.paid_at.append(time.monotonic())
        self._times.journeys.append(self._times.paid_at[-1] - began)

    async def order(self) -> str:
        """Scan, open the session, order; return the invoice reference once the app can open."""
        await self.place_order()
        payable = await self._poll(lambda order: order["app_url"])
        return str(payable["invoice_reference"])

    async def place_order(self) -> None:
        """Scan, open the session, and order two of the first product."""
        code = CODE.format(service_id=self._shop.service_id)
        body = {"url": code, "msisdn": self._msisdn}
        scanned = await self._ask(self._app, "scan", "/control/scan", body)
        self.token = scanned["token"]
        session = await self.open_session()
        product = next(each for each in session["products"] if not each["sold_out"])
        order = {
            "nonce": f"nonce-{self._msisdn}",
            "rows": [{"product": product["id"], "quantity": 2}],
        }
        created = await self._ask(self.page, "order", f"/{self._shop.slug}/orders", order)
        self.order_url = created["url"]

    async def pay(self, reference: str) -> None:
        """Pay in the app."""
        path = f"/control/invoices/{reference}/pay"
        await self._ask(self._app, "pay", path, {"token": self.token})

    async def open_session(self) -> dict[str, Any]:
        """Exchange the token for a session; return what the page shows."""
        return await self._ask(
            self.page, "session", f"/{self._shop.slug}/session", {"token": self.token}
        )

    async def status(self) -> dict[str, Any]:
        """Return the order, as a page that polls reads it."""
        return _json("status", await self._send(self.page, "status", "GET", self.order_url))

    def close(self) -> None:
        """Leave the page and the app."""
        self.page.close()
        self._app.close()

    async def _poll(self, is_reached: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            order = await self.status()
            if is_reached(order):
                return order
        raise UnexpectedAnswer("status", f"not reached within {GIVE_UP_SECONDS:.0f} s")

    async def _ask(
        self, client: HttpClient, step: str, path: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        return _json(step, await self._send(client, step, "POST", path, body))

    async def _send(
        self, client: HttpClient, step: str, method: str, path: str, body: object = None
    ) -> Answer:
        """Return the answer; ask again, as the page does, where the shop says to come back."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            began = time.monotonic()
            answer = await self._send_once(client, step, method, path, body)
            self._times.record(step, time.monotonic() - began)
            if answer.status not in ASK_AGAIN or time.monotonic() > deadline:
                return answer
            self._times.asked_again[f"{step}: HTTP {answer.status}, asked again"] += 1
            wait = float(answer.headers.get("retry-after", ["0"])[0])
            await asyncio.sleep(max(wait, SHORTEST_RETRY_SECONDS))

    async def _send_once(
        self, client: HttpClient, step: str, method: str, path: str, body: object
    ) -> Answer:
        headers = {}
        if client is self.page:
            headers = {"Origin": f"http://127.0.0.1:{self._shop.port}"}
            if step != "session":
                headers[TOKEN_HEADER] = self.token
            if method == "POST" and "csrftoken" in client.cookies:
                headers["X-CSRFToken"] = client.cookies["csrftoken"]
        try:
            return await client.request(method, path, body, headers)
        except (OSError, EOFError) as error:  # a TimeoutError is an OSError
            raise UnexpectedAnswer(step, type(error).__name__) from error


def address_of(number: int) -> str:
    """Return the loopback address of a customer: 127.1.0.0 and up, one for each number."""
    number += 1 << 16
    return f"127.{number >> 16 & 0xFF}.{number >> 8 & 0xFF}.{number & 0xFF}"


def _json(step: str, answer: Answer) -> dict[str, Any]:
    if answer.status >= 300:
        raise UnexpectedAnswer(step, f"HTTP {answer.status}")
    body: dict[str, Any] = answer.json()
    return body
