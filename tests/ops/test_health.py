"""/health says when money is at risk, and goes on saying so whatever is away."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from orders.audit import ChangeSource
from payments.cases.cases import open_case
from payments.models import CaseKind, InvoiceStatus, PollShard
from seqrshop.ops import bounded_reads, health
from tests.ops.shards import tell, write_row
from tests.payments.steps import close_paying, invoice_in

S = InvoiceStatus
pytestmark = pytest.mark.usefixtures("nothing_told")


@pytest.fixture(autouse=True)
def never_at_risk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last_at_risk", {})


def ask() -> tuple[int, Any]:
    response = Client().get("/health")
    return response.status_code, response.json()


def test_a_process_that_answers_is_live_even_when_all_else_is_away(
    no_postgresql: None, no_redis: None
) -> None:
    response = Client().get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_shop_that_is_well_says_so_and_tells_nothing_else(transactional_db: None) -> None:
    invoice_in(S.ISSUED)
    tell(round_age=0.3, answer_age=1.2)

    code, body = ask()

    shard = body["shards"][0]
    assert 0.3 <= shard.pop("round_age_seconds") < 2
    assert 1.5 <= shard.pop("oldest_answer_age_seconds") < 3.2
    assert code == 200
    assert body == {
        "status": "ok",
        "problems": [],
        "postgresql": "up",
        "redis": "up",
        "shards": [{"shard": 0, "told_in": "redis", "has_open_invoices": True}],
        "payments_are_paused": False,
        "open_cases": 0,
        "last_at_risk": None,
    }


def test_it_is_kept_by_nothing_on_its_way_and_begins_no_session(transactional_db: None) -> None:
    response = Client().get("/health")

    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_money_is_at_risk_where_open_invoices_are_not_answered_for(transactional_db: None) -> None:
    invoice_in(S.ISSUED)
    for round_age, answer_age, problems in (
        (7, 0, []),
        (9, 0, ["shard_0_stands_still"]),
        (0, 9, []),
        (0, 11, ["shard_0_lacks_answers"]),
        (9, 11, ["shard_0_stands_still"]),
    ):
        tell(round_age=round_age, answer_age=answer_age)

        code, body = ask()

        assert (code, body["problems"]) == (503 if problems else 200, problems)
        assert body["status"] == ("at_risk" if problems else "ok")


def test_a_shard_that_has_never_told_anything_puts_its_open_invoices_at_risk(
    transactional_db: None,
) -> None:
    invoice_in(S.ISSUED)

    code, body = ask()

    assert (code, body["problems"]) == (503, ["shard_0_stands_still"])
    assert body["shards"][0]["told_in"] is None


def test_no_money_is_at_risk_where_nothing_is_to_be_asked_about(transactional_db: None) -> None:
    invoice_in(S.CREATED)
    invoice_in(S.CANCELED)
    tell(round_age=50)

    code, body = ask()

    assert (code, body["status"]) == (200, "ok")
    assert body["shards"][0]["has_open_invoices"] is False


def test_a_payment_that_is_not_acknowledged_yet_is_at_risk_too(transactional_db: None) -> None:
    invoice_in(S.PAID)
    tell(round_age=9)

    assert ask()[0] == 503


def test_without_redis_the_rows_tell_and_the_shop_goes_on(
    transactional_db: None, no_redis: None
) -> None:
    invoice_in(S.ISSUED)
    write_row(round_age=5, answer_age=6)

    code, body = ask()

    assert (code, body["status"], body["problems"]) == (200, "degraded", ["redis_away"])
    assert body["shards"][0]["told_in"] == "row"
    assert body["shards"][0]["round_age_seconds"] >= 5


def test_without_redis_a_row_that_is_too_old_is_a_risk(
    transactional_db: None, no_redis: None
) -> None:
    invoice_in(S.ISSUED)
    write_row(round_age=9)

    code, body = ask()

    assert (code, body["problems"]) == (503, ["shard_0_stands_still", "redis_away"])


def test_the_later_of_word_and_row_is_believed(transactional_db: None) -> None:
    # The poller reaches PostgreSQL and not Redis, where its last word is still to be read.
    invoice_in(S.ISSUED)
    tell(round_age=30)
    write_row(round_age=4)

    code, body = ask()

    assert (code, body["shards"][0]["told_in"]) == (200, "row")


def test_without_postgresql_money_is_at_risk_and_the_shards_are_told_by_redis(
    no_postgresql: None,
) -> None:
    tell()

    code, body = ask()

    assert (code, body["problems"]) == (503, ["postgresql_away"])
    assert (body["postgresql"], body["open_cases"]) == ("away", None)
    assert body["shards"][0]["told_in"] == "redis"
    assert body["shards"][0]["has_open_invoices"] is None


def test_with_both_away_it_still_answers(no_postgresql: None, no_redis: None) -> None:
    code, body = ask()

    assert (code, body["problems"]) == (503, ["postgresql_away", "redis_away"])


def test_a_postgresql_that_hangs_is_away_and_holds_one_connection_however_many_ask(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_reads, "READ_SECONDS", 0.4)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {PollShard._meta.db_table}")
        began = time.monotonic()
        with ThreadPoolExecutor(5) as askers:
            answers = list(askers.map(lambda _: ask(), range(5)))
        took = time.monotonic() - began
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        [waiting] = cursor.fetchone()

    assert [code for code, _ in answers] == [503] * 5
    assert took < 2
    assert waiting == 1


def test_a_risk_is_logged_and_the_last_one_stays_to_be_read(
    transactional_db: None, caplog: pytest.LogCaptureFixture
) -> None:
    invoice_in(S.ISSUED)
    tell(round_age=9)
    ask()
    logged = list(caplog.messages)
    tell()

    code, body = ask()

    assert "money is at risk: shard_0_stands_still" in logged
    assert (code, body["status"]) == (200, "ok")
    assert body["last_at_risk"]["problems"] == ["shard_0_stands_still"]
    assert body["last_at_risk"]["at"].endswith("+00:00")


def test_open_cases_are_counted(transactional_db: None) -> None:
    with transaction.atomic():
        open_case(CaseKind.CONFIGURATION, ChangeSource("sweep"), "SEQR answered 20", key="code 20")

    code, body = ask()

    assert (code, body["open_cases"]) == (200, 1)


def test_closed_paying_is_told_and_puts_no_money_at_risk(transactional_db: None) -> None:
    close_paying()

    code, body = ask()

    assert (code, body["status"], body["problems"]) == (200, "degraded", ["paying_closed"])
    assert body["payments_are_paused"] is True


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_a_load_balancer_asks_by_any_host_and_over_http(
    transactional_db: None, settings: Settings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    response = Client().get(path, headers={"Host": "10.1.2.3:8000"})

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics"])
def test_they_are_only_read(path: str) -> None:
    assert Client().post(path).status_code == 405
