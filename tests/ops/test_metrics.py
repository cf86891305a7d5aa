"""/metrics returns the shop's metrics to Prometheus, and to nobody else."""

import threading
from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditDigest, SourceName
from payments.cases.cases import open_case
from payments.models import CaseKind, InvoiceStatus, OutboxMail, RefundStatus
from payments.takings.check import rebuild as rebuild_takings
from payments.takings.update import update_takings
from seqrshop import presence
from seqrshop.ops import metrics
from seqrshop.ops.bounded_reads import SharedRead
from seqrshop.presence import Process
from seqrshop.process_metrics.definitions import CALL_SECONDS, CALLS
from seqrshop.process_metrics.publisher import publish
from tests.factories import ShopFactory
from tests.ops.everything import TOKEN, documented_types, publish_everything, read_families
from tests.ops.shards import publish_heartbeat, write_row
from tests.payments.closings.steps import at, refund_of, reversal_of, sale
from tests.payments.reconciliation.steps import recorded_refund
from tests.payments.steps import invoice_in
from tests.process_metrics.samples import forget_counts
from tests.redis_reset import redis_for_tests

S = InvoiceStatus

pytestmark = pytest.mark.usefixtures("no_heartbeat", "transactional_db")


@pytest.fixture(autouse=True)
def _metrics_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    forget_counts()


def read_metrics() -> dict[str, float]:
    """Return the samples by name and labels, as Prometheus writes them."""
    found = {}
    for family in read_families():
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_metrics_are_404_without_token_setting(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    response = Client().get("/metrics", headers={"Authorization": "Bearer "})

    assert response.status_code == 404


@pytest.mark.parametrize(
    "authorization",
    [None, "", TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer å"],
)
def test_request_without_valid_token_is_rejected(authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    response = Client().get("/metrics", headers=headers)

    assert (response.status_code, response.content) == (401, b"")
    assert response["WWW-Authenticate"] == "Bearer"


def test_shard_reports_statistics_of_last_ten_seconds() -> None:
    publish_heartbeat(answer_age=1, errors=7, paid_after=1.5)

    found = read_metrics()

    assert found["seqr_polls_per_second{shard=0}"] > 0
    assert found["seqr_polls_in_flight{shard=0}"] == 3
    assert found["seqr_poll_errors{kind=SeqrUnavailable,shard=0}"] == 7
    assert found["seqr_poll_lateness_seconds{quantile=0.99,shard=0}"] == 0
    assert found["seqr_response_seconds{quantile=0.5,shard=0}"] == 0.01
    assert found["seqr_payment_to_recorded_seconds{quantile=1,shard=0}"] == 1.5
    assert 1 <= found["seqr_oldest_answer_age_seconds{shard=0}"] < 30
    assert found["seqr_round_age_seconds{shard=0}"] < 30


def test_payment_to_recorded_time_is_absent_without_payments() -> None:
    publish_heartbeat()

    assert not [name for name in read_metrics() if name.startswith("seqr_payment_to_recorded")]


def test_backlog_and_open_cases_are_counted(django_user_model: type[User]) -> None:
    issued, _ = invoice_in(S.ISSUED), invoice_in(S.PAID)
    invoice_in(S.CREATED)
    case = open_case(
        CaseKind.UNKNOWN_AT_SEQR, ChangeSource(SourceName.POLLER), "54", invoice=issued
    )
    assert case is not None
    OutboxMail.objects.create(case=case, recipient="someone@example.se")
    OutboxMail.objects.create(case=case, recipient="b@example.se", sent_at=database_now())
    clerk = django_user_model.objects.create(username="clerk")
    for status in (RefundStatus.UNKNOWN, RefundStatus.CREATED, RefundStatus.REJECTED):
        recorded_refund(issued, "1.00", clerk, sent_at=None, status=status)

    found = read_metrics()

    assert found["seqr_open_invoices{shard=0}"] == 2  # one of them paid and not acknowledged
    assert found["seqrshop_cases_open{kind=unknown_at_seqr}"] == 1
    assert found["seqrshop_cases_open{kind=duplicate_payment}"] == 0
    assert found["seqrshop_invoices_unsent"] == 1
    assert found["seqrshop_refunds_unknown"] == 1
    assert found["seqrshop_emails_unsent"] == 1
    assert found["seqrshop_receipts_pending"] == 1


def test_stalled_shard_reports_its_ages_only() -> None:
    publish_heartbeat(round_age=9)

    found = read_metrics()

    assert found["seqr_round_age_seconds{shard=0}"] >= 9
    assert not [name for name in found if name.startswith("seqr_poll")]


def test_without_postgresql_shards_are_still_reported(postgresql_down: None) -> None:
    publish_heartbeat()

    found = read_metrics()

    assert (found["seqrshop_postgresql_up"], found["seqrshop_redis_up"]) == (0, 1)
    assert "seqr_polls_per_second{shard=0}" in found
    assert "seqrshop_emails_unsent" not in found


def test_without_redis_shard_rows_provide_the_ages(redis_down: None) -> None:
    write_row(round_age=4, answer_age=5)

    found = read_metrics()

    assert (found["seqrshop_postgresql_up"], found["seqrshop_redis_up"]) == (1, 0)
    assert 5 <= found["seqr_oldest_answer_age_seconds{shard=0}"] < 30
    assert "seqr_polls_per_second{shard=0}" not in found


def test_documentation_lists_exactly_these_metrics_with_their_types() -> None:
    publish_everything()

    families = read_families()

    types = {
        family.name + "_total" * (family.type == "counter"): family.type for family in families
    }
    assert types == documented_types()
    assert [family.name for family in families if not family.samples] == []


def test_counters_and_histograms_have_what_all_processes_counted() -> None:
    CALLS.add("sendInvoice", "93", "T1")
    CALL_SECONDS.observe(0.3, "sendInvoice")
    publish()

    found = read_metrics()

    assert found["seqr_calls_total{code=93,operation=sendInvoice,terminal=T1}"] == 1
    assert found["seqr_call_duration_seconds_bucket{le=0.25,operation=sendInvoice}"] == 0
    assert found["seqr_call_duration_seconds_bucket{le=0.5,operation=sendInvoice}"] == 1
    assert found["seqr_call_duration_seconds_bucket{le=+Inf,operation=sendInvoice}"] == 1
    assert found["seqr_call_duration_seconds_count{operation=sendInvoice}"] == 1
    assert found["seqr_call_duration_seconds_sum{operation=sendInvoice}"] == 0.3


def test_processes_that_run_are_counted_by_kind() -> None:
    redis_for_tests().delete(presence.KEY)
    presence.publish(Process("worker", "worker@here", "here", 1, "1.0"))

    found = read_metrics()

    assert found["seqrshop_processes{kind=worker}"] == 1
    assert found["seqrshop_processes{kind=beat}"] == 0


def test_receipts_are_counted_before_and_after_the_takings_have_counted_them(
    django_user_model: type[User],
) -> None:
    shop = ShopFactory.create()
    first, second = sale(shop, at(12)), sale(shop, at(13))
    refund_of(first, "5.00", at(14), django_user_model.objects.create(username="anna"))
    reversal_of(second, at(15))
    expected = {"payments": 2, "refunds": 1, "reversals": 1}
    for count_takings in (lambda: None, update_takings, rebuild_takings):
        count_takings()

        found = read_metrics()

        assert {
            name: found[f"seqrshop_{name}_total{{shop={shop.slug}}}"] for name in expected
        } == expected


def test_slow_count_of_the_receipts_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(metrics, "_books", SharedRead(lambda: is_over.wait(30)))
    monkeypatch.setattr(metrics, "BOOKS_TIMEOUT_SECONDS", 0.05)

    found = read_metrics()
    is_over.set()

    assert found["seqrshop_postgresql_up"] == 1
    assert "seqrshop_invoices_unsent" in found
    assert not [name for name in found if name.startswith("seqrshop_payments_total")]


def test_end_of_the_last_digested_day_is_reported() -> None:
    assert "seqrshop_audit_digested_until_timestamp_seconds" not in read_metrics()
    AuditDigest.objects.create(
        day=date(2026, 11, 28), event_count=0, event_marks=b"", previous="", digest="0" * 64
    )

    found = read_metrics()

    end = datetime(2026, 11, 28, 23, tzinfo=UTC)  # midnight in Stockholm
    assert found["seqrshop_audit_digested_until_timestamp_seconds"] == end.timestamp()


def test_without_postgresql_open_invoices_are_those_of_the_heartbeats(
    postgresql_down: None,
) -> None:
    publish_heartbeat()

    assert read_metrics()["seqr_open_invoices{shard=0}"] == 3
