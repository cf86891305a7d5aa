"""Health: whether money is at risk, for load balancers, monitors and people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.log import log_response
from django.views.decorators.http import require_safe

from payments.polling.shards import ROW_STALE_AFTER
from seqrshop.ops.bounded_reads import Reading, told
from seqrshop.ops.health_snapshot import (
    HealthSnapshot,
    ShardStatus,
    health_snapshot,
    states_of_shards,
)

# SEQR takes a payment back after 20 seconds. Half of them are left for another poller to take over,
# or for a person to see to it.
OLDEST_ANSWER_SECONDS = 10.0
OLDEST_ROUND_SECONDS = ROW_STALE_AFTER.total_seconds()

_standing = Reading(health_snapshot)
_last_at_risk: dict[str, Any] = {}  # of this process


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200: this process does. Neither PostgreSQL nor Redis is asked."""
    return _answer({"status": "ok"})


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Tell how the shop stands; 503 where money is at risk. docs/operations.md has the words."""
    words, stands = told(), _standing.now()
    shards = states_of_shards(words or {}, stands.rows if stands else {})
    risks = _risks(shards, stands)
    faults = ["redis_away"] if words is None else []
    if stands and stands.payments_are_paused:
        faults.append("paying_closed")
    if risks:
        _last_at_risk.update(at=datetime.now(UTC).isoformat(timespec="seconds"), problems=risks)
    body = {
        "status": "at_risk" if risks else "degraded" if faults else "ok",
        "problems": risks + faults,
        "postgresql": "up" if stands else "away",
        "redis": "away" if words is None else "up",
        "shards": [_shard(number, state, stands) for number, state in shards.items()],
        "payments_are_paused": stands.payments_are_paused if stands else None,
        "open_cases": sum(stands.open_cases.values()) if stands else None,
        "last_at_risk": _last_at_risk or None,
    }
    response = _answer(body, 503 if risks else 200)
    if risks:  # in place of Django's own line, which names no reason
        log_response("money is at risk: %s", ", ".join(risks), response=response, request=request)
    return response


def _risks(shards: dict[int, ShardStatus | None], stands: HealthSnapshot | None) -> list[str]:
    if stands is None:
        return ["postgresql_away"]
    risks = []
    for number, state in shards.items():
        if not stands.open_invoices[number]:
            continue
        if state is None or state.round_age > OLDEST_ROUND_SECONDS:
            risks.append(f"shard_{number}_stands_still")
        elif state.oldest_answer_age > OLDEST_ANSWER_SECONDS:
            risks.append(f"shard_{number}_lacks_answers")
    return risks


def _shard(number: int, state: ShardStatus | None, stands: HealthSnapshot | None) -> dict[str, Any]:
    return {
        "shard": number,
        "told_in": state.source if state else None,
        "round_age_seconds": round(state.round_age, 1) if state else None,
        "oldest_answer_age_seconds": round(state.oldest_answer_age, 1) if state else None,
        "has_open_invoices": stands.open_invoices[number] > 0 if stands else None,
    }


def _answer(body: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
