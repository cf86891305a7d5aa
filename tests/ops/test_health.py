"""/health reports when money is at risk, during outages too."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.cases.cases import open_case
from payments.models import CaseKind, InvoiceStatus, PollShard
from payments.refunds.hold import hold_refunds
from seqrshop import __version__
from seqrshop.ops import bounded_reads, health, migrations
from tests.database_roles import as_owner
from tests.ops.shards import publish_heartbeat, write_row
from tests.payments.polling.shard import MAX_IN_FLIGHT
from tests.payments.steps import invoice_in, pause_for_refused_password

S = InvoiceStatus
pytestmark = pytest.mark.usefixtures("no_heartbeat", "transactional_db")


@pytest.fixture(autouse=True)
def _not_at_risk_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last_at_risk", {})


def get_health() -> tuple[int, Any]:
    response = Client().get("/health")
    return response.status_code, response.json()


def test_process_is_live_while_postgresql_and_redis_are_down(
    postgresql_down: None, redis_down: None
) -> None:
    response = Client().get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_process_is_ready_while_redis_and_the_poller_are_away(redis_down: None) -> None:
    invoice_in(S.ISSUED)

    response = Client().get("/health/ready")

    assert (response.status_code, response.json()) == (
        200,
        {"status": "ok", "problems": [], "version": __version__},
    )


def test_process_without_postgresql_is_not_ready(postgresql_down: None) -> None:
    response = Client().get("/health/ready")

    assert (response.status_code, response.json()["problems"]) == (503, ["postgresql_unavailable"])


def test_process_of_a_version_whose_migrations_are_missing_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = migrations._known_migrations()
    monkeypatch.setattr(
        migrations, "_known_migrations", lambda: known | {("payments", "9999_added_by_an_upgrade")}
    )

    response = Client().get("/health/ready")

    assert (response.status_code, response.json()["problems"]) == (503, ["not_migrated"])


def test_process_of_an_earlier_version_stays_ready_after_the_migration_to_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = migrations._known_migrations()
    assert ("payments", "0001_initial") in known
    monkeypatch.setattr(migrations, "_known_migrations", lambda: known - {max(known)})

    assert Client().get("/health/ready").status_code == 200


def test_healthy_shop_reports_ok_and_ages_of_its_shards() -> None:
    invoice_in(S.ISSUED)
    publish_heartbeat(round_age=0.3, answer_age=1.2)

    code, body = get_health()

    shard = body["shards"][0]
    assert 0.3 <= shard.pop("round_age_seconds") < 30
    assert 1.5 <= shard.pop("oldest_answer_age_seconds") < 30
    assert 0.3 <= shard.pop("read_age_seconds") < 30
    assert code == 200
    assert body == {
        "status": "ok",
        "problems": [],
        "version": __version__,
        "postgresql": "up",
        "redis": "up",
        "shards": [
            {
                "shard": 0,
                "heartbeat_source": "redis",
                "has_open_invoices": True,
                "needed_in_flight": 0,
                "max_in_flight": MAX_IN_FLIGHT,
                "advice": None,
            }
        ],
        "payments_paused": False,
        "open_cases": 0,
        "last_at_risk": None,
    }


def test_shard_that_needs_more_calls_in_flight_is_degraded_with_the_setting_that_helps() -> None:
    invoice_in(S.ISSUED)
    publish_heartbeat(needed_in_flight=MAX_IN_FLIGHT + 1)

    code, body = get_health()

    shard = body["shards"][0]
    assert (code, body["status"], body["problems"]) == (200, "degraded", ["shard_0_limited"])
    assert (shard["needed_in_flight"], shard["max_in_flight"]) == (51, MAX_IN_FLIGHT)
    assert shard["advice"] == "SEQR_MAX_IN_FLIGHT=100 or SEQR_POLL_SHARDS=2"


def test_shard_that_gets_too_few_answers_is_degraded_without_advice() -> None:
    invoice_in(S.ISSUED)
    publish_heartbeat(needed_in_flight=MAX_IN_FLIGHT + 1, is_overloaded=True)

    code, body = get_health()

    assert (code, body["problems"]) == (200, ["shard_0_overloads_seqr"])
    assert body["shards"][0]["advice"] is None


def test_health_is_not_cached_and_starts_no_session() -> None:
    response = Client().get("/health")

    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_open_invoices_of_stalled_or_unanswered_shard_are_at_risk() -> None:
    invoice_in(S.ISSUED)
    get_health()  # the first request of a process takes seconds on a busy machine
    for round_age, answer_age, problems in (
        (7, 0, []),
        (9, 0, ["shard_0_stalled"]),
        (0, 9, []),
        (0, 11, ["shard_0_unanswered"]),
        (9, 11, ["shard_0_stalled"]),
    ):
        publish_heartbeat(round_age=round_age, answer_age=answer_age)

        code, body = get_health()

        assert (code, body["problems"]) == (503 if problems else 200, problems)
        assert body["status"] == ("at_risk" if problems else "ok")


def test_open_invoices_of_a_shard_that_has_not_read_them_are_at_risk() -> None:
    invoice_in(S.ISSUED)
    get_health()
    for read_age, problems in ((9, []), (11, ["shard_0_unread"])):
        publish_heartbeat(read_age=read_age)

        code, body = get_health()

        assert (code, body["problems"]) == (503 if problems else 200, problems)
        assert body["shards"][0]["read_age_seconds"] >= read_age


def test_open_invoices_of_shard_without_heartbeat_are_at_risk() -> None:
    invoice_in(S.ISSUED)

    code, body = get_health()

    assert (code, body["problems"]) == (503, ["shard_0_stalled"])
    assert body["shards"][0]["heartbeat_source"] is None


def test_stalled_shard_without_open_invoices_is_ok() -> None:
    invoice_in(S.CREATED)
    invoice_in(S.CANCELED)
    publish_heartbeat(round_age=50)

    code, body = get_health()

    assert (code, body["status"]) == (200, "ok")
    assert body["shards"][0]["has_open_invoices"] is False


def test_unacknowledged_payment_of_stalled_shard_is_at_risk() -> None:
    invoice_in(S.PAID)
    publish_heartbeat(round_age=9)

    assert get_health()[0] == 503


def test_without_redis_health_is_degraded_and_reads_shard_rows(redis_down: None) -> None:
    invoice_in(S.ISSUED)
    write_row(round_age=5, answer_age=6)

    code, body = get_health()

    assert (code, body["status"], body["problems"]) == (200, "degraded", ["redis_unavailable"])
    assert body["shards"][0]["heartbeat_source"] == "postgresql"
    assert body["shards"][0]["round_age_seconds"] >= 5


def test_without_redis_stale_shard_row_is_at_risk(redis_down: None) -> None:
    invoice_in(S.ISSUED)
    write_row(round_age=9)

    code, body = get_health()

    assert (code, body["problems"]) == (503, ["shard_0_stalled", "redis_unavailable"])


def test_later_of_heartbeat_and_shard_row_counts() -> None:
    # The poller reaches PostgreSQL but not Redis, which still has an old heartbeat.
    invoice_in(S.ISSUED)
    publish_heartbeat(round_age=30)
    write_row(round_age=4)

    code, body = get_health()

    assert (code, body["shards"][0]["heartbeat_source"]) == (200, "postgresql")


def test_without_postgresql_money_is_at_risk_and_shards_are_read_from_redis(
    postgresql_down: None,
) -> None:
    publish_heartbeat()

    code, body = get_health()

    assert (code, body["problems"]) == (503, ["postgresql_unavailable"])
    assert (body["postgresql"], body["open_cases"]) == ("down", None)
    assert body["shards"][0]["heartbeat_source"] == "redis"
    assert body["shards"][0]["has_open_invoices"] is True


@pytest.mark.parametrize(
    ("round_age", "answer_age", "problem"),
    [(9, 0, "shard_0_stalled"), (0, 11, "shard_0_unanswered")],
)
def test_without_postgresql_silent_shards_are_reported_from_redis(
    round_age: float, answer_age: float, problem: str, postgresql_down: None
) -> None:
    publish_heartbeat(read_age=60, round_age=round_age, answer_age=answer_age)

    code, body = get_health()

    assert (code, body["problems"]) == (503, ["postgresql_unavailable", problem])


def test_without_postgresql_a_shard_that_polls_what_it_knows_is_not_reported(
    postgresql_down: None,
) -> None:
    publish_heartbeat(read_age=60, answer_age=1)

    assert get_health()[1]["problems"] == ["postgresql_unavailable"]


def test_status_with_the_latest_answers_counts() -> None:
    invoice_in(S.ISSUED)
    publish_heartbeat(round_age=0, answer_age=20)
    write_row(round_age=4, answer_age=5)

    assert get_health()[1]["problems"] == []


def test_health_responds_without_postgresql_and_redis(
    postgresql_down: None, redis_down: None
) -> None:
    code, body = get_health()

    assert (code, body["problems"]) == (503, ["postgresql_unavailable", "redis_unavailable"])


def test_hanging_postgresql_blocks_one_connection_for_five_concurrent_requests(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    monkeypatch.setattr(bounded_reads, "READ_TIMEOUT_SECONDS", 0.4)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {PollShard._meta.db_table}")
        started_at = time.monotonic()
        with ThreadPoolExecutor(5) as clients:
            responses = list(clients.map(lambda _: get_health(), range(5)))
        seconds = time.monotonic() - started_at
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        [waiting_count] = cursor.fetchone()

    assert [code for code, _ in responses] == [503] * 5
    assert seconds < 30  # PostgreSQL itself would hang until the test ends
    assert waiting_count == 1
    eventually(lambda: get_health()[1]["postgresql"] == "up")  # and no read of then goes on


def test_risk_is_logged_and_remembered_as_last_at_risk(caplog: pytest.LogCaptureFixture) -> None:
    invoice_in(S.ISSUED)
    publish_heartbeat(round_age=9)
    get_health()
    logged = list(caplog.messages)
    publish_heartbeat()

    code, body = get_health()

    assert "money is at risk: shard_0_stalled" in logged
    assert (code, body["status"]) == (200, "ok")
    assert body["last_at_risk"]["problems"] == ["shard_0_stalled"]
    assert body["last_at_risk"]["at"].endswith("+00:00")


def test_health_counts_open_cases() -> None:
    with transaction.atomic():
        open_case(
            CaseKind.CONFIGURATION,
            ChangeSource(SourceName.RECOVERY),
            "SEQR answered 20",
            key="code 20",
        )

    code, body = get_health()

    assert (code, body["open_cases"]) == (200, 1)


def test_payment_pause_is_degraded_and_not_at_risk() -> None:
    pause_for_refused_password()

    code, body = get_health()

    assert (code, body["status"], body["problems"]) == (200, "degraded", ["payments_paused"])
    assert body["payments_paused"] is True


def test_refunds_on_hold_are_degraded_and_not_at_risk() -> None:
    hold_refunds(database_now(), ChangeSource(SourceName.RECOVERY))

    code, body = get_health()

    assert (code, body["status"], body["problems"]) == (200, "degraded", ["refunds_on_hold"])


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health_responds_to_any_host_over_http(settings: Settings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = Client().get(path, headers={"Host": "10.1.2.3:8000"})

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
def test_monitoring_endpoints_reject_post(path: str) -> None:
    assert Client().post(path).status_code == 405


def test_role_that_may_change_the_audit_is_degraded_and_not_at_risk() -> None:
    with as_owner():
        code, body = get_health()

    assert (code, body["status"], body["problems"]) == (200, "degraded", ["audit_not_protected"])
