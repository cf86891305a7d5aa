"""Limits requests per minute by customer, token, order and address.

Counted in Redis, in one round trip for all counters of a request. Without Redis nothing is limited:
a customer who can pay matters more.

A mobile carrier may have a whole city behind one address. So the limits by address count failures
alone, and refuse failures alone: whatever an attacker sends, a customer at the same address passes.
"""

from dataclasses import dataclass

from django.http import HttpRequest

from seqrshop.client_address import client_address as client_address_of
from seqrshop.redis_counters import count_all, slot_key

KEY_PREFIX = "seqrshop:limits"
WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Limit:
    """The requests of one kind that are allowed in a minute; None for no limit."""

    name: str
    per_token: int | None = None
    per_customer: int | None = None
    per_order: int | None = None
    per_address: int | None = None


# A scan makes one request, then one every 2 seconds while SEQR is down; a reload makes another.
SESSION = Limit("session", per_token=60, per_customer=60)
# A person orders, retries a payment or cancels; the script repeats a request that got no response.
CHANGE = Limit("change", per_token=40, per_customer=40)
# A page polls once a second; a customer may have a few open, on two devices.
READ = Limit("read", per_token=300, per_customer=600)
# The return page polls once a second.
RETURN_PAGE = Limit("return-page", per_order=300)
# The receipt of one order as a PDF, the most expensive read.
PDF = Limit("pdf", per_order=20)
# A customer mistypes an address, or sends the receipt to a colleague too.
RECEIPT_MAIL = Limit("receipt-mail", per_order=6)
# A page with an expired session stops after one request; more requests are guesses.
UNKNOWN_TOKEN = Limit("unknown-token", per_address=300)
# Each has cost a call to SEQR. Beyond it, the address has one call at a time (call_places.py).
REFUSED_BY_SEQR = Limit("refused-by-seqr", per_address=300)
# A person buys one product by its code, and SEQR may repeat the request.
PURCHASE = Limit("purchase", per_token=20)
# All purchases of a shop: somebody who has its secret address fills no table.
PURCHASES_OF_SHOP = Limit("purchases-of-shop", per_token=600)
# Each is a guess at a shop's secret address, or comes from an address that may not purchase.
UNKNOWN_PURCHASER = Limit("unknown-purchaser", per_address=300)


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
    order: int | None = None,
    address: str | None = None,
) -> None:
    """Count a request by the token's digest, the ids of customer and order, the client's address.

    Raises TooManyRequests.
    """
    counters = [
        (slot_key(f"{KEY_PREFIX}:{limit.name}:{kind}", key), per_minute)
        for per_minute, kind, key in (
            (limit.per_token, "token", token),
            (limit.per_customer, "customer", customer),
            (limit.per_order, "order", order),
            (limit.per_address, "address", address),
        )
        if per_minute is not None and key is not None
    ]
    if not counters:
        return
    keys, maxima = zip(*counters, strict=True)
    retry_after = count_all(keys, maxima, WINDOW_SECONDS, otherwise="requests are not counted")
    if retry_after:
        raise TooManyRequests(retry_after)


def client_address(request: HttpRequest) -> str:
    """Return the address that the limits count a request by."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    return client_address_of(peer, request.headers.get("X-Forwarded-For", ""))
