"""/metrics returns the shop's metrics to Prometheus, and to nobody else."""

import re

import pytest
from django.conf import settings as django_settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.cases.cases import open_case
from payments.models import CaseKind, InvoiceStatus, OutboxMail
from tests.ops.shards import publish_heartbeat, write_row
from tests.payments.steps import invoice_in

S = InvoiceStatus
TOKEN = "token-of-the-tests"
OPERATIONS = (django_settings.BASE_DIR / "docs" / "operations.md").read_text()

pytestmark = pytest.mark.usefixtures("no_heartbeat", "transactional_db")


@pytest.fixture(autouse=True)
def _metrics_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def read_metrics() -> dict[str, float]:
    """Return the samples by name and labels, as Prometheus writes them."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(response.content.decode()):
        assert family.type == "gauge"
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


def test_backlog_and_open_cases_are_counted() -> None:
    issued, _ = invoice_in(S.ISSUED), invoice_in(S.PAID)
    invoice_in(S.CREATED)
    case = open_case(
        CaseKind.UNKNOWN_AT_SEQR, ChangeSource(SourceName.POLLER), "54", invoice=issued
    )
    assert case is not None
    OutboxMail.objects.create(case=case, recipient="someone@example.se")

    found = read_metrics()

    assert found["seqr_open_invoices{shard=0}"] == 2  # one of them paid and not acknowledged
    assert found["seqrshop_cases_open{kind=unknown_at_seqr}"] == 1
    assert found["seqrshop_cases_open{kind=duplicate_payment}"] == 0
    assert found["seqrshop_invoices_unsent"] == 1
    assert found["seqrshop_refunds_unknown"] == 0
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


def test_documentation_lists_exactly_these_metrics() -> None:
    publish_heartbeat(errors=1, paid_after=1)

    names = {name.partition("{")[0] for name in read_metrics()}

    assert set(re.findall(r"`(seqr(?:shop)?_[a-z_]+)", OPERATIONS)) == names
