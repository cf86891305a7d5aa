"""GET orders/<id> refreshes an invoice that the poller has not read lately."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import CustomerSession, SourceName
from payments.models import PollShard, shard_of
from seqrshop.storefront import stale_invoice
from tests.redis_reset import redis_for_tests
from tests.storefront.conftest import JsonClient
from tests.storefront.steps import invoice_of, path_of


@pytest.fixture(autouse=True)
def _no_heartbeat() -> None:
    """Leave no heartbeat of another test's poller: it counts more than a shard's row."""
    for number in range(settings.SEQR_POLL_SHARDS):
        redis_for_tests().delete(f"seqrshop:heartbeat:{number}/{settings.SEQR_POLL_SHARDS}")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ChangeSource]]:
    """Record the status checks that are started."""
    started: list[tuple[int, ChangeSource]] = []
    monkeypatch.setattr(stale_invoice, "check_status_soon", lambda *args: started.append(args))
    return started


def test_request_refreshes_invoice_once_while_poller_is_stalled(
    customer: JsonClient, customer_session: CustomerSession, checks: list[tuple[int, ChangeSource]]
) -> None:
    invoice = invoice_of(customer_session, "issued")

    for _ in range(3):
        customer.get(path_of(invoice))

    assert checks == [(invoice.pk, ChangeSource(SourceName.PAGE))]


def test_request_does_not_refresh_invoice_while_poller_runs(
    customer: JsonClient, customer_session: CustomerSession, checks: list[tuple[int, ChangeSource]]
) -> None:
    invoice = invoice_of(customer_session, "issued")
    later = database_now() + timedelta(minutes=1)  # however long the request takes
    PollShard.objects.create(
        number=shard_of(invoice.pk),
        count=settings.SEQR_POLL_SHARDS,
        round_started_at=later,
        oldest_answer_at=later,
    )

    customer.get(path_of(invoice))

    assert checks == []


@pytest.mark.parametrize("trait", [None, "paid", "canceled"])
def test_request_does_not_refresh_final_or_unsent_invoice(
    customer: JsonClient,
    customer_session: CustomerSession,
    checks: list[tuple[int, ChangeSource]],
    trait: str | None,
) -> None:
    customer.get(path_of(invoice_of(customer_session, trait)))

    assert checks == []
