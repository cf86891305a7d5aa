"""Customers: two phones each, which order, look, pay, cancel, come back, and pry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orders.models import Order
from tests.storefront.conftest import JsonClient

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import World

CODE = "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
EXPECTED = {200, 201, 401, 404, 409, 429, 503}


class SeenByAnother(AssertionError):
    """An answer told a customer of an order that is not theirs."""


class Customer:
    """Someone with a number. Every answer they get is looked through for what is not theirs."""

    def __init__(self, world: World, msisdn: str) -> None:
        self._world = world
        self.msisdn = msisdn
        self.tokens = ["", ""]
        self.orders: list[str] = []  # their ids, as the shop told them
        self.posted: list[dict[str, Any]] = []  # the orders that were sent, once or more

    def order(self, phone: int, quantity: int) -> None:
        """Order some buns."""
        nonce = f"nonce-{self.msisdn}-{len(self.posted)}"
        rows = [{"product": self._world.bun.pk, "quantity": quantity}]
        self.posted.append({"nonce": nonce, "rows": rows})
        self.order_again(phone, 0)

    def order_again(self, phone: int, which: int) -> Any:
        """Send an order once more, as a page does that has had no answer."""
        if not self.posted:
            return None
        return self._post(phone, "/lyktan/orders", self.posted[-1 - which % len(self.posted)])

    def look(self, phone: int, which: int) -> None:
        """Look at an order; its bill may be on the screen now."""
        if path := self._path(which):
            self._read(self._on(phone).get(path))

    def cancel(self, phone: int, which: int) -> None:
        """Cancel an order."""
        if path := self._path(which):
            self._post(phone, f"{path}/cancel", {})

    def retry_payment(self, phone: int, which: int) -> None:
        """Take an order up again that came to nothing."""
        if path := self._path(which):
            self._post(phone, f"{path}/pay", {})

    def land(self, phone: int, reference: str | None) -> None:
        """Come from the app to the success page, which names a reference or none."""
        body = {"token": self._token(phone), "invoice_reference": reference}
        self._read(JsonClient().send("/lyktan/session", body))

    def pry(self, phone: int, order_id: str) -> None:
        """Try to see, cancel, pay and print an order of somebody else."""
        client = self._on(phone)
        path = f"/orders/{order_id}"
        answers = [
            client.get(path),
            client.send(f"{path}/cancel"),
            client.send(f"{path}/pay"),
            client.get(f"{path}/receipt"),
        ]
        codes = {answer.status_code for answer in answers}
        if not codes <= {401, 404, 429}:
            raise SeenByAnother(f"{self.msisdn} was answered {codes} about {order_id}")

    def _path(self, which: int) -> str | None:
        return f"/orders/{self.orders[-1 - which % len(self.orders)]}" if self.orders else None

    def _post(self, phone: int, path: str, body: object) -> Any:
        return self._read(self._on(phone).send(path, body))

    def _on(self, phone: int) -> JsonClient:
        return JsonClient(self._token(phone))

    def _token(self, phone: int) -> str:
        if not self.tokens[phone]:
            self._scan(phone)
        return self.tokens[phone]

    def _scan(self, phone: int) -> None:
        self.tokens[phone] = self._world.sandbox.scan(CODE, self.msisdn)["token"]
        self._read(JsonClient().send("/lyktan/session", {"token": self.tokens[phone]}))

    def _read(self, response: Any) -> Any:
        """Return the answer's JSON, having noted what it shows. A phone not known scans anew."""
        if response.status_code not in EXPECTED:
            raise AssertionError(f"HTTP {response.status_code}: {response.content[:300]!r}")
        if response.status_code == 401:
            self.tokens = ["", ""]
        body = response.json()
        self._note(body)
        return body

    def _note(self, part: Any) -> None:
        if isinstance(part, list):
            for each in part:
                self._note(each)
        elif isinstance(part, dict):
            if "number" in part and "state" in part:
                self._note_order(part)
            for each in part.values():
                self._note(each)

    def _note_order(self, order: dict[str, Any]) -> None:
        owner = Order.objects.select_related("customer").get(public_id=order["id"]).customer
        if owner.msisdn != self.msisdn:
            raise SeenByAnother(f"{self.msisdn} was told of {order['number']}")
        if order["id"] not in self.orders:
            self.orders.append(order["id"])
        if reference := order.get("invoice_reference"):
            self._world.shown[reference] = order["id"]
