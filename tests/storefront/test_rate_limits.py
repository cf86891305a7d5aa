"""Rate limits, counted in a real Redis."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis
from django.test import RequestFactory
from pytest_django import Settings

from orders.models import CustomerSession, Shop
from seqrshop import redis_counters
from seqrshop.redis_client import REQUEST_TIMEOUT_SECONDS, breaker
from seqrshop.storefront import rate_limits
from tests.conftest import TOKEN
from tests.factories import CustomerSessionFactory, InvoiceFactory
from tests.redis_reset import redis_for_tests
from tests.storefront.conftest import JsonClient


def counter_keys() -> list[bytes]:
    """Return the keys of all counters in Redis."""
    return list(redis_for_tests().scan_iter(f"{rate_limits.KEY_PREFIX}*"))


EVERY_KIND = rate_limits.Limit("all", 1000, 1000, 1000, 1000)


def allow(monkeypatch: pytest.MonkeyPatch, name: str, **numbers: int | None) -> None:
    """Replace the numbers of one limit."""
    limit = rate_limits.Limit(getattr(rate_limits, name).name, **numbers)
    monkeypatch.setattr(rate_limits, name, limit)


def test_token_exchange_is_rate_limited(
    client: JsonClient, customer_session: CustomerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "SESSION", per_token=2)

    codes = [client.send("/lyktan/session", {"token": TOKEN}).status_code for _ in range(3)]
    other = client.send("/lyktan/session", {"token": "0000002012-00000001"})

    assert codes == [200, 200, 429]
    assert other.status_code != 429


def test_rate_limited_response_has_retry_after(
    client: JsonClient, customer_session: CustomerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "SESSION", per_token=0)

    response = client.send("/lyktan/session", {"token": TOKEN})

    assert response.json()["error"] == "too_many_requests"
    assert 1 <= int(response["Retry-After"]) <= 61


def test_tokens_of_one_customer_share_rate_limit(
    customer_session: CustomerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "CHANGE", per_customer=2)
    CustomerSessionFactory.create(
        customer=customer_session.customer, shop=customer_session.shop, token="second-token"
    )

    codes = [
        JsonClient(token).send("/lyktan/orders", {}).status_code
        for token in (TOKEN, "second-token", TOKEN)
    ]

    assert codes == [400, 400, 429]


def test_customers_at_one_address_do_not_share_rate_limit(
    customer_session: CustomerSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "CHANGE", per_customer=1)
    CustomerSessionFactory.create(shop=customer_session.shop, token="second-token")

    codes = [
        JsonClient(token).send("/lyktan/orders", {}).status_code
        for token in (TOKEN, "second-token", TOKEN)
    ]

    assert codes == [400, 400, 429]


def test_reads_and_changes_have_separate_rate_limits(
    customer: JsonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "CHANGE", per_token=0)
    path = "/orders/00000000-0000-0000-0000-000000000000"

    assert customer.get(path).status_code == 404
    assert customer.send(f"{path}/cancel").status_code == 429


def test_unknown_tokens_are_rate_limited_by_address(
    cafe: Shop, client: JsonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "UNKNOWN_TOKEN", per_address=2)

    codes = [
        client.send("/lyktan/orders", headers={"X-SEQR-Token": f"guess-{n}"}).status_code
        for n in range(3)
    ]

    assert codes == [401, 401, 429]


@pytest.mark.parametrize("token", ["x", "a b", "x" * 200, "å" * 20])
def test_malformed_tokens_are_not_counted(
    cafe: Shop, client: JsonClient, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    allow(monkeypatch, "UNKNOWN_TOKEN", per_address=0)
    allow(monkeypatch, "SESSION", per_token=0)

    exchange = client.send("/lyktan/session", {"token": token})
    by_header = client.send(
        "/lyktan/orders", headers={"X-SEQR-Token": token.encode().decode("latin-1")}
    )

    assert (exchange.status_code, by_header.status_code) == (401, 401)
    assert counter_keys() == []


@pytest.mark.parametrize("path", ["/return/{}", "/return/{}.json", "/return/{}/receipt.pdf"])
@pytest.mark.parametrize("key", ["a-guess", "k" * 32, "k" * 60_000])
def test_requests_for_an_unknown_return_key_leave_nothing_in_redis(
    client: JsonClient, db: None, path: str, key: str
) -> None:
    assert client.get(path.format(key)).status_code == 404

    assert counter_keys() == []


def test_flood_of_tokens_leaves_no_more_counters_than_slots(
    cafe: Shop, client: JsonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_counters, "SLOTS", 10)

    for number in range(100):
        rate_limits.count(EVERY_KIND, token=f"{number}" * 10_000, address=f"address {number}")

    assert len(counter_keys()) == 20
    assert max(len(key) for key in counter_keys()) < 60


def test_all_counters_fit_into_forty_megabytes() -> None:
    rate_limits.count(EVERY_KIND, token="t", customer=1, order=1, address="a")
    limits = [each for each in vars(rate_limits).values() if isinstance(each, rate_limits.Limit)]

    sizes = [redis_for_tests().memory_usage(key) or 0 for key in counter_keys()]

    kinds = sum(
        number is not None
        for each in limits
        for number in (each.per_token, each.per_customer, each.per_order, each.per_address)
    )
    assert kinds * redis_counters.SLOTS * max(sizes) < 40_000_000


def test_counters_may_have_a_redis_of_their_own(settings: Settings) -> None:
    settings.RATE_LIMIT_REDIS_URL = "redis://127.0.0.1:9/0"  # nothing listens

    rate_limits.count(rate_limits.SESSION, token="digest")

    assert counter_keys() == []
    assert not breaker.is_open


def test_rate_limit_is_shown_as_page_to_browser(
    client: JsonClient, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "RETURN_PAGE", per_order=0)
    key = InvoiceFactory.create().order.return_key

    response = client.get(f"/return/{key}", headers={"Accept": "text/html"})

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert b"Try again in" in response.content


def test_polling_on_two_phones_stays_within_rate_limit() -> None:
    assert (rate_limits.READ.per_customer or 0) >= 60 * 2 * 2


def test_without_redis_requests_are_neither_limited_nor_delayed(
    client: JsonClient,
    customer_session: CustomerSession,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    allow(monkeypatch, "SESSION", per_token=1)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    started = time.monotonic()
    codes = [client.send("/lyktan/session", {"token": TOKEN}).status_code for _ in range(5)]

    assert codes == [200] * 5
    assert time.monotonic() - started < 10


def test_hanging_redis_delays_one_request_only(settings: Settings) -> None:
    settings.REDIS_URL = "redis://192.0.2.1:6379/0"  # does not respond

    started = time.monotonic()
    for _ in range(10):
        rate_limits.count(EVERY_KIND, token="digest", customer=1, order=1, address="10.0.0.1")

    assert time.monotonic() - started < 10 * REQUEST_TIMEOUT_SECONDS  # not 20, of all counters


def test_all_counters_of_a_request_are_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    rate_limits.count(rate_limits.READ, token="digest", customer=1)  # loads the script
    replies = []

    def read(connection: redis.Connection, *args: Any, **options: Any) -> Any:
        replies.append(connection)
        return original(connection, *args, **options)

    original = redis.Connection.read_response
    monkeypatch.setattr(redis.Connection, "read_response", read)
    rate_limits.count(EVERY_KIND, token="digest", customer=1, order=1, address="10.0.0.1")

    assert len(replies) == 1


def test_counting_continues_after_redis_has_lost_its_scripts() -> None:
    limit = rate_limits.Limit("short", per_token=1)
    rate_limits.count(limit, token="digest")
    redis_for_tests().script_flush()

    with pytest.raises(rate_limits.TooManyRequests):
        rate_limits.count(limit, token="digest")


def test_every_counter_expires_within_its_minute() -> None:
    """A counter that lived on would refuse its customer for ever."""
    for _ in range(2):
        rate_limits.count(EVERY_KIND, token="digest", customer=1, order=1, address="10.0.0.1")

    client = redis_for_tests()
    keys = list(client.scan_iter(f"{rate_limits.KEY_PREFIX}*"))

    assert len(keys) == 4
    assert all(0 < client.ttl(key) <= rate_limits.WINDOW_SECONDS for key in keys)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, "203.0.113.7", "10.0.0.1", "10.0.0.1"),
        (1, "203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "10.0.0.1", "203.0.113.7"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.2", "10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "unknown"),
        (1, "x" * 5000, "10.0.0.1", "unknown"),
        (0, "", "", "unknown"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_client_address_is_the_one_seen_by_trusted_proxy(
    settings: Settings, proxies: int, forwarded: str, remote: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)

    assert rate_limits.client_address(request) == expected
