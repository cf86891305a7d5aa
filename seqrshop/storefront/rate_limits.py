"""How often one customer, one token and one address may ask.

Counted in Redis, in windows of a minute. Without Redis nothing is counted and nobody is refused: a
customer who can pay matters more than a counter.
"""

import ipaddress
import logging
import threading
import time
from dataclasses import dataclass
from math import ceil

import redis
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

REDIS_SECONDS = 0.2  # the longest that a request waits for a counter
AWAY_SECONDS = 5  # after a failure Redis is left alone for so long


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
            _counter.hit(RateLimitItemPerMinute(most), limit.name, kind, str(who))


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


def forget() -> None:
    """Start counting from zero."""
    _counter.reset()


class _Counter:
    """The counters in Redis, left alone for a while after Redis has failed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limiter: FixedWindowRateLimiter | None = None
        self._made_for = ""
        self._away_until = 0.0

    def hit(self, item: RateLimitItemPerMinute, *who: str) -> None:
        if time.monotonic() < self._away_until:
            return
        try:
            limiter = self._current()
            if limiter.hit(item, *who):
                return
            reset_time = limiter.get_window_stats(item, *who).reset_time
        except redis.RedisError as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            logger.warning("requests are not counted, Redis is away: %s", type(error).__name__)
            return
        raise TooManyRequests(max(1, ceil(reset_time - time.time())))

    def reset(self) -> None:
        with self._lock:
            self._away_until = 0.0
        self._current().storage.reset()

    def _current(self) -> FixedWindowRateLimiter:
        with self._lock:
            if self._limiter is None or self._made_for != settings.REDIS_URL:
                pool = redis.ConnectionPool.from_url(
                    settings.REDIS_URL,
                    socket_connect_timeout=REDIS_SECONDS,
                    socket_timeout=REDIS_SECONDS,
                    retry=Retry(NoBackoff(), 0),
                )
                storage = RedisStorage(
                    settings.REDIS_URL, connection_pool=pool, key_prefix="seqrshop:limits"
                )
                self._limiter = FixedWindowRateLimiter(storage)
                self._made_for = settings.REDIS_URL
            return self._limiter


_counter = _Counter()
