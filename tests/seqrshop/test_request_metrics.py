"""Requests are counted by the name of their route, and so under few labels."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import ShopFactory
from tests.process_metrics.samples import forget_counts, taken_counts

REQUESTS = "seqrshop_http_requests_total"


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    forget_counts()


@pytest.mark.django_db
def test_pages_of_two_shops_share_a_route() -> None:
    for slug in ("lyktan", "kajen"):
        ShopFactory.create(slug=slug)
        assert Client().get(f"/{slug}/order").status_code == 200

    assert taken_counts(REQUESTS) == {("", "order_page", "GET", "200"): 2}


@pytest.mark.django_db
def test_addresses_that_lead_nowhere_share_a_label() -> None:
    for path in ("/wp-login.php", "/a/b/c/d"):
        Client().get(path)

    assert taken_counts(REQUESTS) == {("", "none", "GET", "404"): 2}


@pytest.mark.django_db
def test_time_of_a_request_is_counted_by_its_route() -> None:
    Client().post("/notify/no-such-key-0123456789abcdef")

    counts = taken_counts("seqrshop_http_request_duration_seconds")
    assert sum(count for (part, route), count in counts.items() if part != "sum") == 1
    assert {route for _part, route in counts} == {"notify"}


@pytest.mark.parametrize("path", ["/health/live", "/metrics"])
def test_requests_of_monitors_are_not_counted(path: str) -> None:
    Client().get(path)

    assert taken_counts(REQUESTS) == {}
