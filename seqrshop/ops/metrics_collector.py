"""The figures that Prometheus reads, by its conventions: seconds, and a label for what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from payments.polling.shards import ROW_STALE_AFTER
from seqrshop.ops.health_snapshot import Backlog, HealthSnapshot, ShardStatus, states_of_shards

# By the names in a shard's word (payments/polling/heartbeat.py).
SPREADS = {
    "late": ("seqr_poll_lateness_seconds", "How long after its time an invoice was asked about"),
    "answer": ("seqr_answer_seconds", "How long SEQR took to answer"),
    "paid_to_recorded": (
        "seqr_payment_to_recorded_seconds",
        "Time from a payment, by SEQR's receipt, to its record here; absent where none was made",
    ),
}
QUANTILES = {"0.5": "p50", "0.99": "p99", "1": "max"}
ERRORS = "errors_"


class Figures(Collector):
    """All figures at a moment. None stands for Redis or PostgreSQL being away."""

    def __init__(
        self,
        told: Mapping[int, Mapping[str, Any] | None] | None,
        health_snapshot: HealthSnapshot | None,
        waiting: Backlog | None,
    ) -> None:
        self._redis_is_up = told is not None
        self._standing = health_snapshot
        self._waiting = waiting
        self._shards = states_of_shards(told or {}, health_snapshot.rows if health_snapshot else {})

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each figure that is known."""
        yield _one("seqrshop_redis_up", "Whether Redis answers", self._redis_is_up)
        yield _one(
            "seqrshop_postgresql_up", "Whether PostgreSQL answers", self._standing is not None
        )
        known = {shard: state for shard, state in self._shards.items() if state}
        yield from _ages(known)
        yield from _last_ten_seconds(known)
        if self._standing:
            yield from _by_postgresql(self._standing)
        if self._waiting:
            yield from _queues(self._waiting)


def _ages(shards: Mapping[int, ShardStatus]) -> Iterator[GaugeMetricFamily]:
    rounds = _labelled("seqr_round_age_seconds", "Time since the shard last went round", "shard")
    answers = _labelled(
        "seqr_oldest_answer_age_seconds",
        "Time since which each open invoice of the shard has had an answer",
        "shard",
    )
    for shard, state in shards.items():
        rounds.add_metric([str(shard)], state.round_age)
        answers.add_metric([str(shard)], state.oldest_answer_age)
    yield rounds
    yield answers


def _last_ten_seconds(shards: Mapping[int, ShardStatus]) -> Iterator[GaugeMetricFamily]:
    polls = _labelled("seqr_polls_per_second", "Answers of SEQR's a second", "shard")
    in_flight = _labelled("seqr_polls_in_flight", "Questions that await SEQR's answer", "shard")
    errors = _labelled("seqr_poll_errors", "Polls that failed in ten seconds", "shard", "kind")
    spreads = {
        key: _labelled(name, documentation, "shard", "quantile")
        for key, (name, documentation) in SPREADS.items()
    }
    for number, state in shards.items():
        if state.round_age > ROW_STALE_AFTER.total_seconds():
            continue  # what it told before it stopped is no longer so
        shard, told = str(number), state.figures
        if "in_flight" in told:
            in_flight.add_metric([shard], told["in_flight"])
        if "polls_per_second" in told:  # its first ten seconds are over
            polls.add_metric([shard], told["polls_per_second"])
            for key, spread in spreads.items():
                if key == "paid_to_recorded" and not told[f"{key}_max_ms"]:
                    continue  # nothing was paid
                for quantile, name in QUANTILES.items():
                    spread.add_metric([shard, quantile], told[f"{key}_{name}_ms"] / 1000)
        for key, count in told.items():
            if key.startswith(ERRORS):
                errors.add_metric([shard, key.removeprefix(ERRORS)], count)
    yield from (polls, in_flight, errors, *spreads.values())


def _by_postgresql(health_snapshot: HealthSnapshot) -> Iterator[GaugeMetricFamily]:
    invoices = _labelled("seqr_open_invoices", "Invoices that SEQR is asked about", "shard")
    for shard, count in health_snapshot.open_invoices.items():
        invoices.add_metric([str(shard)], count)
    yield invoices
    cases = _labelled("seqrshop_cases_open", "Open cases", "kind")
    for kind, count in health_snapshot.open_cases.items():
        cases.add_metric([kind], count)
    yield cases
    yield _one(
        "seqrshop_paying_closed",
        "Whether nothing is sold just now",
        health_snapshot.payments_are_paused,
    )


def _queues(waiting: Backlog) -> Iterator[GaugeMetricFamily]:
    yield _one(
        "seqrshop_invoices_waiting_to_be_sent",
        "Invoices that have no reference of SEQR's yet",
        waiting.invoices_to_send,
    )
    yield _one(
        "seqrshop_refunds_unknown",
        "Refunds whose outcome a person has to find out",
        waiting.refunds_unknown,
    )
    yield _one("seqrshop_mails_waiting", "Mails in the outbox", waiting.mails)
    yield _one("seqrshop_receipts_waiting", "Receipts that SEQR is yet to accept", waiting.receipts)


def _one(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=value)


def _labelled(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=labels)
