"""Each address of the storefront answers the methods it is for, and refuses all others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern

from orders.models import Shop
from seqrshop.storefront.urls import urlpatterns
from tests.factories import ShopFactory

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READ = {"GET", "HEAD"}
CHANGE = {"POST"}
ALLOWED = {
    "accent": READ,
    "cancel_order": CHANGE,
    "cancel_page": READ,
    "create_purchase": CHANGE,
    "failure_page": READ,
    "manifest": READ,
    "my_orders": READ,
    "my_orders_page": READ,
    "notify": CHANGE,
    "order": READ,
    "order_events": READ,
    "order_page": READ,
    "order_qr": READ,
    "order_receipt": READ,
    "order_receipt_pdf": READ,
    "orders": CHANGE,
    "pay_order": CHANGE,
    "picture": READ,
    "privacy": READ,
    "receipt": READ,
    "receipt_by_number": READ,
    "receipt_mail": CHANGE,
    "receipt_mail_state": READ,
    "receipt_pdf": READ,
    "receipt_pdf_by_number": READ,
    "return_events": READ,
    "return_page": READ,
    "return_state": READ,
    "session": CHANGE,
    "start_page": READ,
    "success_page": READ,
}
SAMPLES = {
    "int": "1",
    "key": "k1",
    "slug": "lyktan",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def addresses() -> Iterator[tuple[str, str]]:
    """Yield the name and a sample of each address."""
    for each in urlpatterns:
        assert isinstance(each, URLPattern)
        path = f"/{each.pattern}"
        for name, sample in SAMPLES.items():
            for parameter in each.pattern.converters:
                path = path.replace(f"<{name}:{parameter}>", sample)
        assert "<" not in path
        yield str(each.name), path


@pytest.fixture
def shop() -> Shop:
    """The shop of the sample addresses."""
    made: Shop = ShopFactory.create(slug="lyktan")
    return made


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "path"), [*addresses()])
def test_address_refuses_the_methods_it_is_not_for(name: str, path: str, shop: Shop) -> None:
    client = Client(raise_request_exception=False)

    statuses = {method: client.generic(method, path).status_code for method in METHODS}

    refused = {method for method, status in statuses.items() if status == 405}
    assert set(METHODS) - refused == ALLOWED[name], statuses


def test_table_has_no_other_address() -> None:
    assert ALLOWED.keys() == {name for name, _ in addresses()}
