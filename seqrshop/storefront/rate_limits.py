"""Limits requests per minute by customer, token and address.

Counted in Redis. Without Redis nothing is limited: a customer who can pay matters more.
"""

import ipaddress
import time
from dataclasses import dataclass
from functools import cache
from math import ceil

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from seqrshop.redis_client import REQUEST_TIMEOUT_SECONDS, breaker, redis_client

KEY_PREFIX = "seqrshop:limits"


@dataclass(frozen=True)
class Limit:
    """The requests of one kind that are allowed in a minute; None for no limit."""

    name: str
    per_token: int | None = None
    per_customer: int | None = None
    per_address: int | None = None


# A whole café may share one address. So the limits per address only stop floods of five and more
# requests per second.

# A scan makes one request, then one every 2 seconds while SEQR is down; a reload makes another.
SESSION = Limit("session", per_token=60, per_customer=60, per_address=600)
# A person orders, retries a payment or cancels; the script repeats a request that got no response.
CHANGE = Limit("change", per_token=40, per_customer=40, per_address=600)
# A page polls once a second; a customer may have a few open, on two devices.
READ = Limit("read", per_token=300, per_customer=600)
# The return page polls once a second. Counted by its return key in place of a token.
RETURN_PAGE = Limit("return-page", per_token=300)
# The receipt of one order as a PDF, the most expensive read. Counted by the return key.
PDF = Limit("pdf", per_token=20)
# A page with an expired session stops after one request; more requests are guesses.
UNKNOWN_TOKEN = Limit("unknown-token", per_address=300)


class TooManyRequests(Exception):
    """A rate limit is exceeded for another `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests; retry after {retry_after} s.")
        self.retry_after = retry_after


def count(
    limit: Limit,
    *,
    token: str | None = None,
    customer: int | None = None,
    address: str | None = None,
) -> None:
    """Count a request by each of the token's digest, the customer's id and the client's address.

    Raises TooManyRequests.
    """
    for per_minute, kind, key in (
        (limit.per_token, "token", token),
        (limit.per_customer, "customer", customer),
        (limit.per_address, "address", address),
    ):
        if per_minute is not None and key is not None:
            _hit(RateLimitItemPerMinute(per_minute), limit.name, kind, str(key))


def client_address(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the /64 network of its IPv6 address.

    Behind TRUSTED_PROXIES proxies of our own, it is the address that the outermost of them has
    added to X-Forwarded-For, counted from the right: the client may have written the others.
    """
    text: str = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            text = hops[-settings.TRUSTED_PROXIES].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"  # a local socket, or a proxy that adds no address
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _hit(item: RateLimitItemPerMinute, *key: str) -> None:
    retry_after = breaker.call(
        lambda: _retry_after(item, *key), otherwise="requests are not counted"
    )
    if retry_after:
        raise TooManyRequests(retry_after)


def _retry_after(item: RateLimitItemPerMinute, *key: str) -> int:
    """Count a request; return 0 within the limit, else the seconds until the window ends."""
    limiter = _limiter(settings.REDIS_URL)
    if limiter.hit(item, *key):
        return 0
    return max(1, ceil(limiter.get_window_stats(item, *key).reset_time - time.time()))


@cache
def _limiter(redis_url: str) -> FixedWindowRateLimiter:
    pool = redis_client(REQUEST_TIMEOUT_SECONDS).connection_pool
    return FixedWindowRateLimiter(
        RedisStorage(redis_url, connection_pool=pool, key_prefix=KEY_PREFIX)
    )
