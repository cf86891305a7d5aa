"""A customer of the shop, and the monitor that reads its health."""

from __future__ import annotations

import http.client
import json
import secrets
from typing import Any

from orders.models import Product, Shop
from orders.services import create_session

TIMEOUT_SECONDS = 30
HEALTH_TIMEOUT_SECONDS = 5


class Customer:
    """Places one order, which stays the same however often it is sent."""

    def __init__(self, shop: Shop, port: int) -> None:
        self._port = port
        self._path = f"/{shop.slug}/orders"
        self._token = secrets.token_hex(8)
        product = Product.objects.create(
            shop=shop, name_sv="Kanelbulle", name_en="Cinnamon bun", price="45.00"
        )
        self._order = {
            "nonce": f"nonce-{self._token}",
            "rows": [{"product": product.pk, "quantity": 1}],
        }
        create_session(
            shop,
            self._token,
            msisdn="46700000001",
            subscriber_key=f"customer-{self._token}",
            parameters={},
        )

    def health(self) -> str:
        """Return the status in /health, or the error of a request without an answer."""
        try:
            return str(self._request("GET", "/health", HEALTH_TIMEOUT_SECONDS)["status"])
        except (OSError, http.client.HTTPException, ValueError) as error:
            return type(error).__name__

    def can_pay(self) -> bool:
        """Place the order, and return whether its invoice has reached SEQR."""
        try:
            order = self._request("POST", self._path, TIMEOUT_SECONDS, self._order)
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return order.get("state") in ("awaiting_payment", "paid")

    def _request(self, method: str, path: str, timeout: float, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        headers = {"X-SEQR-Token": self._token, "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
