"""Measures one outage, from before its begin until the shop has recovered."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from tests.bench.fake_seqr_process import SeqrProcess
from tests.proof.outages.customer import Customer
from tests.proof.outages.outage import Outage
from tests.proof.outages.stage import Stage

DEADLINE_SECONDS = 10.0
REVERSAL_SECONDS = 20.0
RECOVERY_SECONDS = 5.0
GIVE_UP_SECONDS = 90.0
SETTLE_SECONDS = 3.0
AFTER_SECONDS = 12.0
SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Measured:
    """The figures of one outage, in seconds.

    `longest_silence`: the longest time without a query about an open invoice, as SEQR saw it.
    `until_payable` and `until_recorded`: from the end of the outage until a new order could be
    paid and its invoice was queried, and until every earlier payment was recorded.
    `wrongly_ok`: how often health was "ok" while an invoice had not been queried for 10 seconds.
    """

    outage: Outage
    longest_silence: float
    payments: int
    reversed: int
    until_payable: float
    until_recorded: float
    health: str
    wrongly_ok: int

    @property
    def faults(self) -> list[str]:
        """What breaks the promise, one sentence each."""
        found = []
        if self.outage.is_sufficient and self.longest_silence >= DEADLINE_SECONDS:
            found.append(f"an invoice was not queried for {self.longest_silence:.1f} s")
        if self.outage.is_sufficient and self.reversed:
            found.append(f"{self.reversed} payments were reversed")
        if self.until_payable > RECOVERY_SECONDS:
            found.append(f"a new order could be paid only after {self.until_payable:.1f} s")
        if self.until_recorded > RECOVERY_SECONDS:
            found.append(f"payments were recorded only after {self.until_recorded:.1f} s")
        if self.wrongly_ok:
            found.append(f"health was wrongly ok {self.wrongly_ok} times")
        return found


def measure(stage: Stage, outage: Outage) -> Measured:
    """Run the shop, apply the outage, wait for the recovery; return the figures."""
    with stage.run_shop(outage) as customer:
        if outage.prepare is not None:
            outage.prepare(stage)
        time.sleep(SETTLE_SECONDS)
        stage.payments_per_second = outage.open / (2 * (outage.seconds + AFTER_SECONDS))
        stage.seqr.set_behaviour(payments_per_second=stage.payments_per_second)
        stage.seqr.count()
        with _Watch(stage.seqr, customer) as watch:
            outage.apply(stage, outage.seconds)
            ended_at = time.monotonic()
            paid_before = len(stage.seqr.stats().payments)
            until_payable = _seconds_until_payable(stage, customer, ended_at)
            until_recorded = _seconds_until_recorded(stage, paid_before, ended_at)
            time.sleep(max(0.0, ended_at + AFTER_SECONDS - time.monotonic()))
            stats = stage.seqr.stats()
            now = time.time()
    late = [
        payment
        for payment in stats.payments
        if (payment.answered_at or now) - payment.paid_at > REVERSAL_SECONDS
    ]
    return Measured(
        outage,
        stats.longest_silence,
        len(stats.payments),
        len(late),
        until_payable,
        until_recorded,
        watch.summary(),
        watch.wrongly_ok,
    )


def _seconds_until_payable(stage: Stage, customer: Customer, ended_at: float) -> float:
    while time.monotonic() < ended_at + GIVE_UP_SECONDS:
        if customer.can_pay() and stage.seqr.stats().never_queried == 0:
            break
        time.sleep(SAMPLE_SECONDS / 5)
    return time.monotonic() - ended_at


def _seconds_until_recorded(stage: Stage, payments: int, ended_at: float) -> float:
    """Return when the first so many payments were recorded, counted from the outage's end."""
    made = sorted(stage.seqr.stats().payments, key=lambda payment: payment.paid_at)[:payments]
    wait = max(0.0, ended_at + GIVE_UP_SECONDS - time.monotonic())
    until, ended_wall = time.monotonic(), time.time() - (time.monotonic() - ended_at)
    seconds, unrecorded = stage.shop.recorded(made, within=wait)
    if unrecorded:
        return time.monotonic() - until + wait
    recorded_at = (payment.paid_at + later for payment, later in zip(made, seconds, strict=True))
    return max(0.0, max(recorded_at, default=ended_wall) - ended_wall)


@dataclass
class _Watch:
    """Reads the health and SEQR's view twice a second, in a thread of its own."""

    seqr: SeqrProcess
    customer: Customer
    wrongly_ok: int = 0
    samples: list[tuple[float, str]] = field(default_factory=list)

    def __enter__(self) -> _Watch:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._began_at = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            silence = self.seqr.stats().silence
            health = self.customer.health()
            self.samples.append((time.monotonic() - self._began_at, health))
            if health == "ok" and silence > DEADLINE_SECONDS:
                self.wrongly_ok += 1

    def summary(self) -> str:
        """Return each status in turn with its time, such as `ok 0 s, at_risk 2 s, ok 47 s`."""
        changes = [
            f"{status} {seconds:.0f} s"
            for place, (seconds, status) in enumerate(self.samples)
            if place == 0 or self.samples[place - 1][1] != status
        ]
        return ", ".join(changes)
