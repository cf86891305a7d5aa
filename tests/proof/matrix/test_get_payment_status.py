"""getPaymentStatus: by a notification or a page, and by the poller."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName
from payments.invoices.refresh import query_and_apply, refresh_invoice
from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrError
from seqrshop.storefront.messages import state_texts
from tests.payments.polling.shard import Shard
from tests.payments.steps import (
    age_invoice,
    event_names,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import (
    SHORT_TIMEOUT_SECONDS,
    Scenario,
    audited_failures,
    customer_heading,
    open_cases,
)

OPERATION = "getPaymentStatus"
S = InvoiceStatus
OUTAGE_SECONDS = 25  # longer than SEQR keeps an unconfirmed payment


def repeated(scenario: Scenario, invoice: Invoice) -> None:
    """The invoice and the customer's page stay as they are; the audit records the first failure.
    The poller queries each second, so the payment is recorded and acknowledged within a second of
    SEQR's recovery. If SEQR took the lost query as the confirmation, it still answers PAID.
    """
    assert scenario.faulty_calls() >= int(scenario.fault.is_sent)
    assert (reloaded(invoice).status, reloaded(invoice).invoice_version) == (S.ISSUED, 0)
    assert customer_heading(invoice) == "Pay in SEQR"
    assert audited_failures(OPERATION) == 1

    scenario.clear_faults()
    scenario.recover_after(seconds=1)

    is_paid_once(scenario, invoice)


def repeated_by_libcurl(scenario: Scenario, invoice: Invoice) -> None:
    """libcurl repeats the call by itself on a new connection, and SEQR answers PAID again."""
    assert scenario.faulty_calls() == 1

    is_paid_once(scenario, invoice)


BY_REFRESH = Expected(
    f"{OPERATION}, by a notification or a page",
    {repeated: all_except(KEPT_CONNECTION_DIES), repeated_by_libcurl: [KEPT_CONNECTION_DIES]},
)


@pytest.mark.django_db
@BY_REFRESH.each_fault
def test_notified_payment_is_found_after_fault(scenario: Scenario, fault: Fault) -> None:
    invoice = issued_invoice()
    scenario.sandbox.pay(reference(invoice))
    scenario.inject(OPERATION)

    with suppress(SeqrError):  # as payments/polling/status_checks.py does
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    BY_REFRESH.of(fault)(scenario, invoice)


def acknowledged_later(scenario: Scenario, invoice: Invoice) -> None:
    """The payment is recorded, and the customer sees it; SEQR keeps a payment that it has reported.
    The poller queries each second until the payment is acknowledged.
    """
    assert (order_state(invoice), reloaded(invoice).acknowledged_at) == ("paid", None)
    assert customer_heading(invoice) == "Paid, thank you!"

    scenario.clear_faults()
    scenario.recover_after(seconds=1)

    is_paid_once(scenario, invoice)


def acknowledged_by_libcurls_repeat(scenario: Scenario, invoice: Invoice) -> None:
    """libcurl repeats the call by itself on a new connection."""
    assert scenario.faulty_calls() == 1

    is_paid_once(scenario, invoice)


ACKNOWLEDGING = Expected(
    f"{OPERATION}, acknowledging",
    {
        acknowledged_later: all_except(KEPT_CONNECTION_DIES),
        acknowledged_by_libcurls_repeat: [KEPT_CONNECTION_DIES],
    },
)


@pytest.mark.django_db
@ACKNOWLEDGING.each_fault
def test_payment_is_recorded_before_acknowledgement(scenario: Scenario, fault: Fault) -> None:
    invoice = issued_invoice()
    scenario.sandbox.pay(reference(invoice))
    query_and_apply(reloaded(invoice), ChangeSource(SourceName.NOTIFICATION))
    scenario.inject(OPERATION)

    with suppress(SeqrError):
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    ACKNOWLEDGING.of(fault)(scenario, invoice)


def polled_again(scenario: Scenario, invoice: Invoice, shard: Shard) -> None:
    """Nothing is written, since an outage fails thousands of queries a second; the log and the
    shard's metrics count the failure. The same poller queries again after a second, in an outage
    after 5 s at most, and acknowledges the payment that it finds.
    """
    assert scenario.faulty_calls() >= int(scenario.fault.is_sent)
    assert reloaded(invoice).status == S.ISSUED
    assert audited_failures(OPERATION) == 0
    assert shard.poller.stats.errors.total() == 1

    scenario.clear_faults()
    shard.run_rounds(times=3)

    is_paid_once(scenario, invoice)


def polled_by_libcurls_repeat(scenario: Scenario, invoice: Invoice, shard: Shard) -> None:
    """libcurl repeats the call by itself on a new connection; the poller notices nothing."""
    assert (scenario.faulty_calls(), shard.poller.stats.errors.total()) == (1, 0)
    shard.run_rounds(times=2)

    is_paid_once(scenario, invoice)


BY_POLLING = Expected(
    f"{OPERATION}, by the poller",
    {
        polled_again: all_except(KEPT_CONNECTION_DIES),
        polled_by_libcurls_repeat: [KEPT_CONNECTION_DIES],
    },
)


@pytest.mark.django_db(transaction=True)
@BY_POLLING.each_fault
def test_polled_payment_is_found_after_fault(
    scenario: Scenario, fault: Fault, shard: Callable[[], Shard]
) -> None:
    invoice = issued_invoice()
    running = running_shard(scenario, shard)
    scenario.sandbox.pay(reference(invoice))
    scenario.inject(OPERATION)

    running.run_rounds()

    BY_POLLING.of(fault)(scenario, invoice, running)


def paid_late(scenario: Scenario, invoice: Invoice) -> None:
    """SEQR has received a query and keeps the payment. The first answer that arrives says PAID."""
    is_paid_once(scenario, invoice)


def case_possibly_reversed(scenario: Scenario, invoice: Invoice) -> None:
    """SEQR has received no query and has reversed the payment. The invoice takes SEQR's status; the
    customer reads that the money is returned, and can order again; the case “the payment was
    possibly reversed” is opened.
    """
    assert reloaded(invoice).status in (S.CANCELED, S.FAILED)
    _, message = state_texts(reloaded(invoice).order, reloaded(invoice))
    assert message == "The payment was cancelled. If your account was charged, SEQR refunds you."
    assert scenario.sandbox.invoice(reference(invoice))["status"] == reloaded(invoice).status
    assert open_cases() == ["possibly_reversed"]


EXECUTED = [fault for fault in all_except() if fault.takes_effect]
LONG_OUTAGE = Expected(
    f"{OPERATION}, by the poller, in an outage of {OUTAGE_SECONDS} s",
    {paid_late: EXECUTED, case_possibly_reversed: all_except(*EXECUTED)},
)


@pytest.mark.django_db(transaction=True)
@LONG_OUTAGE.each_fault
def test_payment_during_long_outage_is_kept_or_opens_case(
    scenario: Scenario, fault: Fault, shard: Callable[[], Shard]
) -> None:
    invoice = issued_invoice()
    running = running_shard(scenario, shard)
    scenario.sandbox.pay(reference(invoice))
    scenario.inject(OPERATION)
    running.run_rounds()

    scenario.sandbox.advance(OUTAGE_SECONDS)
    age_invoice(invoice, OUTAGE_SECONDS)
    running.now += OUTAGE_SECONDS
    scenario.clear_faults()
    running.run_rounds(times=3)

    LONG_OUTAGE.of(fault)(scenario, invoice)


def running_shard(scenario: Scenario, shard: Callable[[], Shard]) -> Shard:
    """Return a shard that has polled once, so that it keeps a connection open.

    Its time-out is as short as a slow fault needs it.
    """
    if scenario.fault.is_slow:
        scenario.set_timeout(SHORT_TIMEOUT_SECONDS)
    running = shard()
    running.run_rounds()
    return running


def is_paid_once(scenario: Scenario, invoice: Invoice) -> None:
    paid = reloaded(invoice)
    assert (paid.status, order_state(invoice)) == (S.PAID, "paid")
    assert paid.acknowledged_at is not None
    assert event_names(invoice)[:3] == ["sending_started", "sent", "payment_confirmed"]
    assert event_names(invoice)[3:] in ([], ["receipt_accepted"])
    assert AuditEvent.objects.filter(name="order_paid").count() == 1
    scenario.sandbox.advance(OUTAGE_SECONDS)
    assert scenario.sandbox.invoice(reference(invoice))["status"] == "PAID"
    assert open_cases() == []
