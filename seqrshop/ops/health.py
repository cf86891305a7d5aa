"""Health: whether money is at risk, for load balancers, monitors and people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.log import log_response
from django.views.decorators.http import require_safe

from payments.models import CaseKind
from payments.polling.capacity import capacity_advice
from seqrshop import __version__
from seqrshop.ops.bounded_reads import SharedRead, heartbeats_or_none
from seqrshop.ops.health_snapshot import (
    HealthSnapshot,
    ShardStatus,
    read_health_snapshot,
    shard_statuses,
)
from seqrshop.ops.migrations import missing_migrations
from seqrshop.ops.risks import has_open_invoices, shard_risks

_health_snapshot = SharedRead(read_health_snapshot)
_missing_migrations = SharedRead(missing_migrations)
_last_at_risk: dict[str, Any] = {}  # of this process


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Return 200: this process responds. Queries neither PostgreSQL nor Redis."""
    return _response({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Return 200 where this process can serve requests, and 503 where it cannot.

    It needs PostgreSQL, migrated for this version. Redis, SEQR and the poller are not its concern.
    """
    missing = _missing_migrations.result()
    problems = ["postgresql_unavailable"] if missing is None else ["not_migrated"] * bool(missing)
    body = {"status": "unready" if problems else "ok", "problems": problems, "version": __version__}
    return _response(body, 503 if problems else 200)


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Return the shop's health; 503 while money is at risk. Source: docs/monitoring.md."""
    heartbeats, snapshot = heartbeats_or_none(), _health_snapshot.result()
    shards = shard_statuses(heartbeats or {}, snapshot.shard_rows if snapshot else {})
    risks = [] if snapshot else ["postgresql_unavailable"]
    at_risk = shard_risks(shards, snapshot, redis_is_up=heartbeats is not None)
    risks += [f"shard_{risk.shard}_{risk.problem}" for risk in at_risk]
    degradations = ["redis_unavailable"] if heartbeats is None else []
    if snapshot and snapshot.paused_terminals:
        degradations.append("payments_paused")
    if snapshot and not snapshot.audit_is_protected:
        degradations.append("audit_not_protected")
    if snapshot and snapshot.open_cases[CaseKind.REFUNDS_HELD]:
        degradations.append("refunds_on_hold")
    degradations += _slow_shards(shards)
    if risks:
        _last_at_risk.update(at=datetime.now(UTC).isoformat(timespec="seconds"), problems=risks)
    body = {
        "status": "at_risk" if risks else "degraded" if degradations else "ok",
        "problems": risks + degradations,
        "version": __version__,
        "postgresql": "up" if snapshot else "down",
        "redis": "down" if heartbeats is None else "up",
        "shards": [_shard(number, status, snapshot) for number, status in shards.items()],
        "payments_paused": bool(snapshot.paused_terminals) if snapshot else None,
        "open_cases": sum(snapshot.open_cases.values()) if snapshot else None,
        "last_at_risk": _last_at_risk or None,
    }
    response = _response(body, 503 if risks else 200)
    if risks:  # replaces Django's own log line, which has no reason
        log_response("money is at risk: %s", ", ".join(risks), response=response, request=request)
    return response


def _shard(
    number: int, status: ShardStatus | None, snapshot: HealthSnapshot | None
) -> dict[str, Any]:
    return {
        "shard": number,
        "heartbeat_source": status.source if status else None,
        "round_age_seconds": round(status.round_age, 1) if status else None,
        "oldest_answer_age_seconds": round(status.oldest_answer_age, 1) if status else None,
        "read_age_seconds": round(status.read_age, 1) if status else None,
        "has_open_invoices": has_open_invoices(number, status, snapshot),
        "needed_in_flight": status.stats.get("needed_in_flight") if status else None,
        "max_in_flight": status.stats.get("max_in_flight") if status else None,
        "advice": _advice(status),
    }


def _slow_shards(shards: dict[int, ShardStatus | None]) -> list[str]:
    """Return the shards whose invoices are queried less often, since SEQR answers slowly."""
    problems = []
    for number, status in shards.items():
        if status and status.stats.get("is_overloaded"):
            problems.append(f"shard_{number}_overloads_seqr")
        elif _advice(status):
            problems.append(f"shard_{number}_limited")
    return problems


def _advice(status: ShardStatus | None) -> str | None:
    """Return the setting that allows a shard the calls it needs in flight; None if it has them."""
    if not status or "needed_in_flight" not in status.stats or status.stats["is_overloaded"]:
        return None
    stats = status.stats
    return capacity_advice(
        stats["needed_in_flight"], stats["max_in_flight"], settings.SEQR_POLL_SHARDS
    )


def _response(body: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
