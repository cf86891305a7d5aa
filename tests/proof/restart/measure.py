"""The figures of a rolling restart, and the promises that they keep or break."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from tests.proof.crash.clients import Answered
from tests.proof.crash.comparison import Payment
from tests.proof.crash.shop_ledger import ShopLedger
from tests.proof.restart.pages import MovedStream, PageLedger
from tests.proof.restart.roll import Restart

SILENCE_SECONDS = 10.0  # half of the 20 after which SEQR reverses a payment
REQUEST_SECONDS = 5.0  # from a page's first attempt to its answer


@dataclass(frozen=True)
class During:
    """What happened while one process was restarted. `silence` is in seconds."""

    restart: Restart
    silence: float
    answers: list[Answered]
    moved: list[MovedStream]


@dataclass(frozen=True)
class Measured:
    """A rolling restart. `invoices` are the sandbox's, `unknown_refunds` need staff."""

    restarts: tuple[Restart, ...]
    pages: PageLedger
    invoices: list[Mapping[str, Any]]
    payments: list[Payment]
    shop: ShopLedger
    unknown_refunds: int
    differences: tuple[str, ...]

    @property
    def longest_silence(self) -> float:
        """The longest time without a query about an invoice, as the sandbox recorded it."""
        return _longest(each["longest_silence_seconds"] or 0.0 for each in self.invoices)

    @property
    def reversed_count(self) -> int:
        """The payments that SEQR reversed."""
        return sum(not payment.is_kept for payment in self.payments)

    @property
    def faults(self) -> list[str]:
        """What breaks a promise, one sentence each."""
        found = list(self.differences)
        if self.longest_silence >= SILENCE_SECONDS:
            found.append(f"An invoice was not queried for {self.longest_silence:.1f} s.")
        if self.reversed_count:
            found.append(f"{self.reversed_count} payments were reversed.")
        waits = self.waits()
        if _longest(waits) > REQUEST_SECONDS:
            found.append(f"A page's request was answered after {_longest(waits):.1f} s.")
        if self.pages.ends["cut"]:
            found.append(f"{self.pages.ends['cut']} streams were cut off.")
        if self.unknown_refunds:
            found.append(f"The outcome of {self.unknown_refunds} refunds is unknown.")
        return found

    def waits(self) -> list[float]:
        """Return the seconds of each page's request, from its first attempt to its answer."""
        return [answer.seconds for answer in self.pages.answers]

    def confirmed_after(self) -> list[float]:
        """Return the seconds from each payment until SEQR confirmed it to the shop."""
        return [
            (each.confirmed_at - each.made_at).total_seconds()
            for each in self.payments
            if each.confirmed_at
        ]

    def during(self, restart: Restart) -> During:
        """Return what happened during one restart, up to the next."""
        later = [each.began_at for each in self.restarts if each.began_at > restart.began_at]
        until = min(later, default=float("inf"))

        def is_within(moment: float) -> bool:
            return restart.began_at <= moment < until

        return During(
            restart,
            _longest(_silences(self.invoices, is_within)),
            [each for each in self.pages.answers if is_within(each.at)],
            [each for each in self.pages.moved_streams if is_within(each.at)],
        )


def statistics(seconds: Iterable[float]) -> str:
    """Return median and maximum as a text."""
    found = list(seconds) or [0.0]
    return f"median {median(found):.1f} s, longest {max(found):.1f} s"


def _silences(
    invoices: list[Mapping[str, Any]], is_within: Callable[[float], bool]
) -> Iterable[float]:
    """Return the longest silence of each invoice for which it ended in this time."""
    for invoice in invoices:
        until = invoice["longest_silence_until"]
        if until is not None and is_within(datetime.fromisoformat(until).timestamp()):
            yield invoice["longest_silence_seconds"]


def _longest(seconds: Iterable[float]) -> float:
    return max(seconds, default=0.0)
