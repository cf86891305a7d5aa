"""Limits failed sign-ins by account and by address, in Redis, before a password is hashed.

A browser in which a person has signed in before has a limit of its own: nobody else can use it up,
also not from the same address. At an address where the account has been used lately, what others
fail elsewhere does not count. So an attacker shuts nobody out who uses the usual browser, or the
usual address. Without Redis nothing is limited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqrshop.redis_counters import call_counters, count_all, slot_key

if TYPE_CHECKING:
    from redis import Redis

KEY_PREFIX = "seqrshop:sign-ins"
WINDOW_SECONDS = 600
USUAL_ADDRESS_SECONDS = 30 * 24 * 3600  # since the last sign-in there
FAILURES_PER_BROWSER = 10
FAILURES_PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 30  # of many accounts: a shop's staff share an address
FAILURES_PER_ACCOUNT = 50  # at all addresses but the usual ones
NO_MAXIMUM = 2**31
NOT_COUNTED = "failed sign-ins are not counted"


@dataclass(frozen=True)
class Attempt:
    """An attempt to sign in. `browser` is the id of a known browser of the account, or ""."""

    account: str
    address: str
    browser: str = ""

    @property
    def at_address(self) -> str:
        """The account at this address."""
        return f"{self.account} at {self.address}"


def refused_for(attempt: Attempt) -> int:
    """Return the seconds for which the attempt is refused; 0 if its password may be checked."""
    counters = _counters(attempt)

    def read(client: Redis) -> int:
        pipeline = client.pipeline(transaction=False)
        pipeline.mget([*counters, _usual_key(attempt)])
        for key in counters:
            pipeline.ttl(key)
        (*failures, usual), *ttls = pipeline.execute()
        waits = [
            max(1, ttl)
            for (key, maximum), failed, ttl in zip(counters.items(), failures, ttls, strict=True)
            if int(failed or 0) >= maximum and not (usual and key == _account_key(attempt))
        ]
        return max(waits, default=0)

    return call_counters(read, otherwise=NOT_COUNTED) or 0


def count_failure(attempt: Attempt) -> None:
    """Count a failed attempt."""
    keys = list(_counters(attempt))
    maxima = [NO_MAXIMUM] * len(keys)
    count_all(keys, maxima, WINDOW_SECONDS, otherwise=NOT_COUNTED)


def record_success(attempt: Attempt) -> None:
    """Forget the person's own failures, and remember the address as a usual one of the account."""

    def write(client: Redis) -> None:
        pipeline = client.pipeline(transaction=False)
        pipeline.delete(next(iter(_counters(attempt))))
        pipeline.set(_usual_key(attempt), 1, ex=USUAL_ADDRESS_SECONDS)
        pipeline.execute()

    call_counters(write, otherwise="the address of a sign-in is not remembered")


def _counters(attempt: Attempt) -> dict[str, int]:
    """Return the keys of the counters of an attempt with their maxima, its own one first."""
    if attempt.browser:
        key = slot_key(f"{KEY_PREFIX}:browser", f"{attempt.account} {attempt.browser}")
        return {key: FAILURES_PER_BROWSER}
    return {
        slot_key(f"{KEY_PREFIX}:pair", attempt.at_address): FAILURES_PER_ACCOUNT_AND_ADDRESS,
        slot_key(f"{KEY_PREFIX}:address", attempt.address): FAILURES_PER_ADDRESS,
        _account_key(attempt): FAILURES_PER_ACCOUNT,
    }


def _account_key(attempt: Attempt) -> str:
    return slot_key(f"{KEY_PREFIX}:account", attempt.account)


def _usual_key(attempt: Attempt) -> str:
    return slot_key(f"{KEY_PREFIX}:usual", attempt.at_address)
