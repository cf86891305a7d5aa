"""The store reads which invoices to query, and reads nothing twice."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from orders.clock import database_now
from payments import models
from payments.models import CancelReason, Invoice, InvoiceStatus, shard_of
from tests.factories import InvoiceFactory
from tests.payments.polling.shard import (
    Shard,
    unchanged_seqr,
)
from tests.payments.steps import (
    age_invoice,
    invoice_in,
)

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "open_status",
    [
        S.ISSUED,
        S.PENDING_ISSUER_ACKNOWLEDGE,
        S.RESERVED,
        S.PARTIALLY_PAID,
        S.NEEDS_ATTENTION,
        S.CANCEL_PENDING,
    ],
)
def test_invoice_in_each_open_status_is_queried(open_status: InvoiceStatus) -> None:
    invoice = invoice_in(open_status)
    calls = unchanged_seqr()

    Shard(calls).run_rounds()

    assert calls.queried == [invoice.pk]


def test_superseded_ended_unsent_and_acknowledged_invoices_are_not_queried() -> None:
    invoice_in(S.CANCEL_PENDING, cancel_reason=CancelReason.SUPERSEDED)
    invoice_in(S.CANCELED)
    invoice_in(S.CREATED)
    invoice_in(S.PAID, acknowledged_at=database_now())
    calls = unchanged_seqr()

    Shard(calls).run_rounds()

    assert calls.queried == []


def test_superseded_invoice_that_pays_the_order_after_all_is_queried() -> None:
    invoice = invoice_in(S.PAID, cancel_reason=CancelReason.SUPERSEDED)
    calls = unchanged_seqr()

    Shard(calls).run_rounds()

    assert calls.queried == [invoice.pk]


def test_shard_queries_only_its_own_invoices(settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = 2
    invoices = [invoice_in(S.ISSUED) for _ in range(40)]  # ids of both shards
    calls = unchanged_seqr()

    Shard(calls, shard=models.Shard(0, 2)).run_rounds()

    own = [invoice.pk for invoice in invoices if shard_of(invoice.pk) == 0]
    assert sorted(calls.queried) == own
    assert 0 < len(own) < 40


def test_unchanged_invoices_cost_three_reads_a_second_in_one_transaction() -> None:
    for _ in range(30):
        invoice_in(S.ISSUED)
    running = Shard(unchanged_seqr())
    running.run_rounds(times=2)

    with CaptureQueriesContext(connection) as queries:
        running.run_rounds()

    verbs = [each["sql"].split()[0] for each in queries]
    assert sorted(verbs) == ["BEGIN", "COMMIT", "SELECT", "SELECT", "SELECT", "SET"]


def test_new_invoice_is_polled_within_a_second_and_a_closed_one_dropped_within_five() -> None:
    first = invoice_in(S.ISSUED)
    calls = unchanged_seqr()
    running = Shard(calls)
    running.run_rounds()

    second = invoice_in(S.ISSUED)
    Invoice.objects.filter(pk=first.pk).update(status=S.CANCELED)
    running.run_rounds(times=2)
    taken_up = calls.queried.count(second.pk)
    running.run_rounds(times=3)  # every five seconds the store reads all
    asked_before = calls.queried.count(first.pk)
    running.run_rounds()

    assert taken_up == 2
    assert calls.queried.count(first.pk) == asked_before


def test_superseded_invoice_is_dropped_within_a_second() -> None:
    invoice = invoice_in(S.ISSUED)
    age_invoice(invoice, 60)
    calls = unchanged_seqr()
    running = Shard(calls)
    running.run_rounds()

    Invoice.objects.filter(pk=invoice.pk).update(
        status=S.CANCEL_PENDING, cancel_reason=CancelReason.SUPERSEDED
    )
    running.run_rounds(times=3)

    assert calls.queried == [invoice.pk]


def test_payment_is_polled_each_second_until_it_is_acknowledged() -> None:
    invoice = invoice_in(S.PAID, paid_at=database_now())
    age_invoice(invoice, 60)
    calls = unchanged_seqr()
    running = Shard(calls)

    running.run_rounds(times=4)

    assert calls.queried == [invoice.pk] * 4


def test_ended_invoice_is_dropped_within_a_second_of_another_payment_of_its_order() -> None:
    invoice = invoice_in(S.ISSUED)
    age_invoice(invoice, 60)
    calls = unchanged_seqr()
    running = Shard(calls)
    running.run_rounds()

    Invoice.objects.filter(pk=invoice.pk).update(status=S.EXPIRED)
    InvoiceFactory.create(
        order=invoice.order,
        attempt=2,
        status=S.PAID,
        ers_reference="ERS",
        paid_at=database_now(),
        acknowledged_at=database_now(),
    )
    running.run_rounds(times=3)

    assert calls.queried == [invoice.pk]


def test_newest_notification_is_queried_first_after_a_start() -> None:
    plain = invoice_in(S.ISSUED)
    older = invoice_in(S.ISSUED, notified_at=database_now() - timedelta(seconds=9))
    newer = invoice_in(S.ISSUED, notified_at=database_now())
    calls = unchanged_seqr()

    Shard(calls).run_rounds()

    assert calls.queried == [newer.pk, older.pk, plain.pk]


def test_store_reads_nothing_twice_within_a_second(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    running = Shard(unchanged_seqr())
    running.store.step()
    running.store.step()  # writes the row for the first read

    with django_assert_num_queries(0):
        running.store.step()
