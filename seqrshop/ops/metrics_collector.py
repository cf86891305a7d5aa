"""The metrics in Prometheus's form and by its conventions: seconds, labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from payments.polling.shards import ROW_STALE_AFTER
from seqrshop.ops.health_snapshot import Backlog, HealthSnapshot, ShardStatus, shard_statuses

# By the names in a heartbeat (payments/polling/heartbeat.py).
HISTOGRAMS = {
    "late": ("seqr_poll_lateness_seconds", "How late an invoice was polled"),
    "answer": ("seqr_response_seconds", "SEQR's response time"),
    "paid_to_recorded": (
        "seqr_payment_to_recorded_seconds",
        "Time from a payment, by SEQR's receipt, to its record here; absent without payments",
    ),
}
QUANTILES = {"0.5": "p50", "0.99": "p99", "1": "max"}
ERROR_PREFIX = "errors_"


class MetricsCollector(Collector):
    """All metrics at one moment. None means that Redis or PostgreSQL is unavailable."""

    def __init__(
        self,
        heartbeats: Mapping[int, Mapping[str, Any] | None] | None,
        snapshot: HealthSnapshot | None,
        backlog: Backlog | None,
    ) -> None:
        self._redis_is_up = heartbeats is not None
        self._snapshot = snapshot
        self._backlog = backlog
        self._shards = shard_statuses(heartbeats or {}, snapshot.shard_rows if snapshot else {})

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each metric that is known."""
        yield _single("seqrshop_redis_up", "Whether Redis responds", self._redis_is_up)
        yield _single(
            "seqrshop_postgresql_up", "Whether PostgreSQL responds", self._snapshot is not None
        )
        known = {shard: status for shard, status in self._shards.items() if status}
        yield from _ages(known)
        yield from _last_ten_seconds(known)
        yield _open_invoices(known, self._snapshot)
        if self._snapshot:
            yield from _from_snapshot(self._snapshot)
        if self._backlog:
            yield from _from_backlog(self._backlog)


def _ages(shards: Mapping[int, ShardStatus]) -> Iterator[GaugeMetricFamily]:
    rounds = _labelled("seqr_round_age_seconds", "Time since the shard's last round", "shard")
    answers = _labelled(
        "seqr_oldest_answer_age_seconds",
        "Time within which SEQR has answered for each open invoice that the shard knows",
        "shard",
    )
    reads = _labelled(
        "seqr_read_age_seconds", "Time since the shard read its open invoices", "shard"
    )
    for shard, status in shards.items():
        rounds.add_metric([str(shard)], status.round_age)
        answers.add_metric([str(shard)], status.oldest_answer_age)
        reads.add_metric([str(shard)], status.read_age)
    yield from (rounds, answers, reads)


def _last_ten_seconds(shards: Mapping[int, ShardStatus]) -> Iterator[GaugeMetricFamily]:
    polls = _labelled("seqr_polls_per_second", "SEQR's answers per second", "shard")
    in_flight = _labelled("seqr_polls_in_flight", "Polls that await SEQR's answer", "shard")
    needed = _labelled(
        "seqr_polls_needed_in_flight",
        "Polls in flight with which each open invoice has an answer every five seconds",
        "shard",
    )
    allowed = _labelled("seqr_polls_max_in_flight", "SEQR_MAX_IN_FLIGHT of the shard", "shard")
    errors = _labelled("seqr_poll_errors", "Polls that failed in ten seconds", "shard", "kind")
    histograms = {
        key: _labelled(name, documentation, "shard", "quantile")
        for key, (name, documentation) in HISTOGRAMS.items()
    }
    for number, status in shards.items():
        if status.round_age > ROW_STALE_AFTER.total_seconds():
            continue  # the statistics of a stalled shard are outdated
        shard, stats = str(number), status.stats
        if "in_flight" in stats:
            in_flight.add_metric([shard], stats["in_flight"])
            needed.add_metric([shard], stats["needed_in_flight"])
            allowed.add_metric([shard], stats["max_in_flight"])
        if "polls_per_second" in stats:  # from the shard's first ten seconds on
            polls.add_metric([shard], stats["polls_per_second"])
            for key, histogram in histograms.items():
                if key == "paid_to_recorded" and not stats[f"{key}_max_ms"]:
                    continue  # no payment
                for quantile, name in QUANTILES.items():
                    histogram.add_metric([shard, quantile], stats[f"{key}_{name}_ms"] / 1000)
        for key, count in stats.items():
            if key.startswith(ERROR_PREFIX):
                errors.add_metric([shard, key.removeprefix(ERROR_PREFIX)], count)
    yield from (polls, in_flight, needed, allowed, errors, *histograms.values())


def _open_invoices(
    shards: Mapping[int, ShardStatus], snapshot: HealthSnapshot | None
) -> GaugeMetricFamily:
    """Return the open invoices, by the heartbeats while PostgreSQL is unavailable."""
    invoices = _labelled("seqr_open_invoices", "Invoices that are polled", "shard")
    if snapshot:
        counts = snapshot.open_invoices
    else:
        counts = {shard: status.stats["open"] for shard, status in shards.items()}
    for shard, count in counts.items():
        invoices.add_metric([str(shard)], count)
    return invoices


def _from_snapshot(snapshot: HealthSnapshot) -> Iterator[GaugeMetricFamily]:
    cases = _labelled("seqrshop_cases_open", "Open cases", "kind")
    for kind, count in snapshot.open_cases.items():
        cases.add_metric([kind], count)
    yield cases
    yield _single(
        "seqrshop_terminals_paused",
        "Terminals whose payments are paused",
        len(snapshot.paused_terminals),
    )
    yield _single(
        "seqrshop_audit_protected",
        "Whether the application's role can only read the audit and add to it",
        snapshot.audit_is_protected,
    )


def _from_backlog(backlog: Backlog) -> Iterator[GaugeMetricFamily]:
    yield _single(
        "seqrshop_invoices_unsent",
        "Invoices without an invoice reference",
        backlog.unsent_invoices,
    )
    yield _single(
        "seqrshop_refunds_unknown",
        "Refunds whose outcome a person has to find out",
        backlog.unknown_refunds,
    )
    yield _single("seqrshop_emails_unsent", "Emails in the outbox", backlog.unsent_emails)
    yield _single(
        "seqrshop_receipts_pending",
        "Receipts that SEQR has not accepted yet",
        backlog.pending_receipts,
    )


def _single(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=value)


def _labelled(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=labels)
