"""How often one customer, one token and one address may ask.

Counted in Redis, in windows of a minute. Without Redis nothing is counted and nobody is refused: a
customer who can pay matters more than a counter.
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

from seqrshop.redis_client import RATE_LIMIT_TIMEOUT_SECONDS, breaker, redis_client

KEY_PREFIX = "seqrshop:limits"


@dataclass(frozen=True)
class Limit:
    """The most of one kind of request in a minute; None: not counted by that."""

    name: str
    per_token: int | None = None
    per_customer: int | None = None
    per_address: int | None = None


# A café is one address to us: all its guests together. So the numbers for an address only stop a
# flood, at five requests of a kind a second and more.

# One scan asks once, and every 2 seconds while SEQR is down; a reload asks again.
SESSION = Limit("session", per_token=60, per_customer=60, per_address=600)
# Ordering, paying again and cancelling: a person's taps, and the script's repeats of one of them.
CHANGE = Limit("change", per_token=40, per_customer=40, per_address=600)
# A page asks once a second; a customer has a few of them open, on two devices perhaps.
READ = Limit("read", per_token=300, per_customer=600)
# The page that a browser comes back to asks once a second; the key in its address stands for it.
RETURN_PAGE = Limit("return-page", per_token=300)
# One order's receipt as a PDF, whoever asks: the dearest thing to make that can be read.
PDF = Limit("pdf", per_token=20)
# Sessions that have ended are told so once and then stop; more is guessing.
UNKNOWN_TOKEN = Limit("unknown-token", per_address=300)


class TooManyRequests(Exception):
    """A limit is reached; another try makes sense in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests; {retry_after} s to wait.")
        self.retry_after = retry_after


def count(
    limit: Limit,
    *,
    token: str | None = None,
    customer: int | None = None,
    address: str | None = None,
) -> None:
    """Count a request by the digest of its token, its customer and its address, as given.

    Raises TooManyRequests.
    """
    for most, kind, who in (
        (limit.per_token, "token", token),
        (limit.per_customer, "customer", customer),
        (limit.per_address, "address", address),
    ):
        if most is not None and who is not None:
            _hit(RateLimitItemPerMinute(most), limit.name, kind, str(who))


def client_address(request: HttpRequest) -> str:
    """Return who to count a request by: its IPv4 address, or the /64 network of its IPv6 one.

    Behind TRUSTED_PROXIES proxies of our own, the address is the one that the outermost of them
    has seen, counted from the right: what stands left of it, anybody may have written.
    """
    seen: str = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            seen = hops[-settings.TRUSTED_PROXIES].strip()
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return "unknown"  # a socket of this machine, or a proxy that writes something else
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
    pool = redis_client(RATE_LIMIT_TIMEOUT_SECONDS).connection_pool
    return FixedWindowRateLimiter(
        RedisStorage(redis_url, connection_pool=pool, key_prefix=KEY_PREFIX)
    )
