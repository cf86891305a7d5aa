"""Customers with two phones each, who order, view, cancel, pay and try foreign orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.models import Order
from tests.storefront.conftest import JsonClient

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

CODE = "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
EXPECTED = {200, 201, 401, 404, 409, 429, 503}


class PrivacyViolation(AssertionError):
    """A response showed a customer another customer's order."""


class Customer:
    """A customer. Every response is searched for other customers' orders."""

    def __init__(self, sim: Simulation, msisdn: str) -> None:
        self._sim = sim
        self.msisdn = msisdn
        self.tokens = ["", ""]
        self.orders: list[str] = []  # public ids, as shown
        self.sent_orders: list[dict[str, Any]] = []  # request bodies

    def order(self, phone: int, quantity: int) -> None:
        """Order buns."""
        nonce = f"nonce-{self.msisdn}-{len(self.sent_orders)}"
        rows = [{"product": self._sim.bun.pk, "quantity": quantity}]
        self.sent_orders.append({"nonce": nonce, "rows": rows})
        self.resend_order(phone, 0)

    def resend_order(self, phone: int, index: int) -> Any:
        """Send an order again, as a page does that had no response."""
        if not self.sent_orders:
            return None
        return self._post(
            phone, "/lyktan/orders", self.sent_orders[-1 - index % len(self.sent_orders)]
        )

    def view(self, phone: int, index: int) -> None:
        """View an order, which may show its invoice."""
        if path := self._path(index):
            self._read_answer(self._browser(phone).get(path))

    def cancel(self, phone: int, index: int) -> None:
        """Cancel an order."""
        if path := self._path(index):
            self._post(phone, f"{path}/cancel", {})

    def retry_payment(self, phone: int, index: int) -> None:
        """Try paying an unpaid order again."""
        if path := self._path(index):
            self._post(phone, f"{path}/pay", {})

    def return_from_app(self, phone: int, reference: str | None) -> None:
        """Return from the app to the success page, with or without a reference."""
        body = {"token": self._token(phone), "invoice_reference": reference}
        self._read_answer(JsonClient().send("/lyktan/session", body))

    def access_other_order(self, phone: int, order_id: str) -> None:
        """Try to view, cancel, pay and print another customer's order."""
        client = self._browser(phone)
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

    def _path(self, index: int) -> str | None:
        return f"/orders/{self.orders[-1 - index % len(self.orders)]}" if self.orders else None

    def _post(self, phone: int, path: str, body: object) -> Any:
        return self._read_answer(self._browser(phone).send(path, body))

    def _browser(self, phone: int) -> JsonClient:
        return JsonClient(self._token(phone))

    def _token(self, phone: int) -> str:
        if not self.tokens[phone]:
            self._scan(phone)
        return self.tokens[phone]

    def _scan(self, phone: int) -> None:
        self.tokens[phone] = self._sim.sandbox.scan(CODE, self.msisdn)["token"]
        self._read_answer(JsonClient().send("/lyktan/session", {"token": self.tokens[phone]}))

    def _read_answer(self, response: Any) -> Any:
        """Return the JSON and record the orders in it. After a 401 the phones scan again."""
        if response.status_code not in EXPECTED:
            raise AssertionError(f"HTTP {response.status_code}: {response.content[:300]!r}")
        if response.status_code == 401:
            self.tokens = ["", ""]
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
        owner = Order.objects.select_related("customer").get(public_id=order["id"]).customer
        if owner.msisdn != self.msisdn:
            raise PrivacyViolation(f"{self.msisdn} was shown {order['number']}")
        if order["id"] not in self.orders:
            self.orders.append(order["id"])
        if reference := order.get("invoice_reference"):
            self._sim.shown[reference] = order["id"]
