"""Customers with two phones each, who order, view, cancel, pay and try foreign orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.models import Order
from tests.proof.model_based.chain import ChainShop
from tests.storefront.conftest import JsonClient

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

FIRST_SHOP = "lyktan"
EXPECTED = {200, 201, 401, 404, 409, 429, 503}


class PrivacyViolation(AssertionError):
    """A response showed a customer another customer's order."""


class Customer:
    """A customer. Every response is searched for other customers' orders."""

    def __init__(self, sim: Simulation, msisdn: str) -> None:
        self._sim = sim
        self.msisdn = msisdn
        self._tokens: dict[tuple[int, str], str] = {}  # by phone and shop
        self.orders: list[str] = []  # public ids, as shown
        self.sent_orders: list[tuple[str, dict[str, Any]]] = []  # shops and request bodies

    @property
    def token(self) -> str | None:
        """The token of a session, if there is any."""
        return next(iter(self._tokens.values()), None)

    def order(self, phone: int, shop: ChainShop, quantity: int) -> None:
        """Order buns at a shop; with more than one of them three coffees, and a tip."""
        body: dict[str, Any] = {"nonce": f"nonce-{self.msisdn}-{len(self.sent_orders)}"}
        body["rows"] = [{"product": shop.bun.pk, "quantity": quantity}]
        if quantity > 1:
            coffee = {"product": shop.coffee.pk, "quantity": 3, "options": [shop.oat_milk.pk]}
            body["rows"].append(coffee)
            body["tip"] = "2.50"
        self.sent_orders.append((shop.slug, body))
        self.resend_order(phone, 0)

    def resend_order(self, phone: int, index: int) -> Any:
        """Send an order again, as a page does that had no response."""
        if not self.sent_orders:
            return None
        slug, body = self.sent_orders[-1 - index % len(self.sent_orders)]
        return self._read_answer(self._browser(phone, slug).send(f"/{slug}/orders", body))

    def view(self, phone: int, index: int) -> None:
        """View an order, which may show its invoice."""
        if order_id := self._order(index):
            client = self._browser(phone, self._sim.slugs[order_id])
            self._read_answer(client.get(f"/orders/{order_id}"))

    def cancel(self, phone: int, index: int) -> None:
        """Cancel an order."""
        self._post(phone, index, "cancel")

    def retry_payment(self, phone: int, index: int) -> None:
        """Try paying an unpaid order again."""
        self._post(phone, index, "pay")

    def return_from_app(self, phone: int, reference: str | None) -> None:
        """Return from the app to the success page, with or without a reference."""
        slug = self._sim.slugs[self._sim.shown[reference]] if reference else FIRST_SHOP
        body = {"token": self._token(phone, slug), "invoice_reference": reference}
        self._read_answer(JsonClient().send(f"/{slug}/session", body))

    def access_other_order(self, phone: int, order_id: str) -> None:
        """Try to view, cancel, pay and print another customer's order."""
        client = self._browser(phone, self._sim.slugs[order_id])
        path = f"/orders/{order_id}"
        answers = [
            client.get(path),
            client.send(f"{path}/cancel"),
            client.send(f"{path}/pay"),
            client.get(f"{path}/receipt"),
        ]
        codes = {answer.status_code for answer in answers}
        if not codes <= {401, 404, 429}:
            raise PrivacyViolation(f"{self.msisdn} got {codes} for {order_id}")

    def _order(self, index: int) -> str | None:
        return self.orders[-1 - index % len(self.orders)] if self.orders else None

    def _post(self, phone: int, index: int, action: str) -> None:
        if order_id := self._order(index):
            client = self._browser(phone, self._sim.slugs[order_id])
            self._read_answer(client.send(f"/orders/{order_id}/{action}", {}))

    def _browser(self, phone: int, slug: str) -> JsonClient:
        return JsonClient(self._token(phone, slug))

    def _token(self, phone: int, slug: str) -> str:
        if (phone, slug) not in self._tokens:
            code = self._sim.chain.shop_at(slug).code
            token = self._sim.sandbox.scan(code, self.msisdn)["token"]
            self._tokens[phone, slug] = token
            self._read_answer(JsonClient().send(f"/{slug}/session", {"token": token}))
            return str(token)
        return self._tokens[phone, slug]

    def _read_answer(self, response: Any) -> Any:
        """Return the JSON and record the orders in it. After a 401 the phones scan again."""
        if response.status_code not in EXPECTED:
            raise AssertionError(f"HTTP {response.status_code}: {response.content[:300]!r}")
        if response.status_code == 401:
            self._tokens.clear()
        body = response.json()
        self._record_orders(body)
        return body

    def _record_orders(self, part: Any) -> None:
        if isinstance(part, list):
            for each in part:
                self._record_orders(each)
        elif isinstance(part, dict):
            if "number" in part and "state" in part:
                self._record_order(part)
            for each in part.values():
                self._record_orders(each)

    def _record_order(self, order: dict[str, Any]) -> None:
        row = Order.objects.select_related("customer", "shop").get(public_id=order["id"])
        if row.customer.msisdn != self.msisdn:
            raise PrivacyViolation(f"{self.msisdn} was shown {order['number']}")
        if order["id"] not in self.orders:
            self._sim.slugs[order["id"]] = row.shop.slug
            self.orders.append(order["id"])
        if reference := order.get("invoice_reference"):
            self._sim.shown[reference] = order["id"]
