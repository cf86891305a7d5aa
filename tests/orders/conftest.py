"""A café, a customer in it, and clients that speak JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from orders.models import CustomerSession, Product, Service
from tests.factories import CustomerSessionFactory, ProductFactory, ServiceFactory

TOKEN = "0000002012-63506374"


class JsonClient(Client):
    """A client that posts JSON; with a token, as X-SEQR-Token in each request."""

    def __init__(self, token: str | None = None, **options: Any) -> None:
        headers = {"X-SEQR-Token": token} if token else {}
        super().__init__(enforce_csrf_checks=True, headers=headers, **options)

    def send(self, path: str, body: object = None, **options: Any) -> Any:
        """POST the body as JSON; return the response."""
        return self.post(path, {} if body is None else body, "application/json", **options)


@pytest.fixture
def cafe(db: None) -> Service:
    """The only service."""
    return ServiceFactory.create(name="Kafé Lyktan", slug="lyktan", service_id="LYKTAN")


@pytest.fixture
def bun(cafe: Service) -> Product:
    """A cinnamon bun at 45.00."""
    return ProductFactory.create(service=cafe)


@pytest.fixture
def coffee(cafe: Service) -> Product:
    """A coffee at 32.50."""
    return ProductFactory.create(
        service=cafe, name_sv="Bryggkaffe", name_en="Filter coffee", price=Decimal("32.50")
    )


@pytest.fixture
def visit(cafe: Service) -> CustomerSession:
    """The session of a customer who has scanned a code in the café."""
    return CustomerSessionFactory.create(service=cafe, token=TOKEN)


@pytest.fixture
def client() -> JsonClient:
    """A client without cookies or token."""
    return JsonClient()


@pytest.fixture
def customer(visit: CustomerSession) -> JsonClient:
    """That customer, without cookies, by the token in the header."""
    return JsonClient(TOKEN)


@pytest.fixture
def two_buns(bun: Product) -> dict[str, Any]:
    """The body of an order over 90.00."""
    return {"nonce": "nonce-of-this-order", "rows": [{"product": bun.pk, "quantity": 2}]}
