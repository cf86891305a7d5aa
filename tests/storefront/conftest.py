"""Clients of the customer API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders.models import CustomerSession
from tests.conftest import TOKEN


class JsonClient(Client):
    """A client that posts JSON, and sends its token, if any, as X-SEQR-Token."""

    def __init__(self, token: str | None = None, **options: Any) -> None:
        headers = {"X-SEQR-Token": token} if token else {}
        super().__init__(enforce_csrf_checks=True, headers=headers, **options)

    def send(self, path: str, body: object = None, **options: Any) -> Any:
        """POST the body as JSON; return the response."""
        return self.post(path, {} if body is None else body, "application/json", **options)


@pytest.fixture
def client() -> JsonClient:
    return JsonClient()


@pytest.fixture
def customer(customer_session: CustomerSession) -> JsonClient:
    """The customer of `customer_session`, authenticated by the token header."""
    return JsonClient(TOKEN)
