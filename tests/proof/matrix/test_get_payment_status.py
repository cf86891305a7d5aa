"""getPaymentStatus: asked by a notification or a page, and by the poller."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName
from payments.invoices.refresh import query_and_apply, refresh_invoice
from payments.models import Invoice, InvoiceStatus
from payments.seqr import SeqrError
from seqrshop.storefront.messages import POSSIBLY_REVERSED, state_texts
from tests.payments.polling.shard import Shard
from tests.payments.steps import (
    age_invoice,
    event_names,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import (
    IMPATIENT_SECONDS,
    World,
    cases,
    customer_reads,
    failures_in_the_audit,
)

OPERATION = "getPaymentStatus"
S = InvoiceStatus
SILENCE = 25  # seconds: longer than SEQR waits


def asked_again(world: World, invoice: Invoice) -> None:
    """The invoice stays as it was, and so does what the customer reads; a line of the audit tells
    of the first such failure. The poller asks each second, so it is paid within a second of SEQR
    being well, and acknowledged. If SEQR took our question for our yes, it answers PAID all the
    same.
    """
    assert world.left() >= int(world.fault.leaves)
    assert (reloaded(invoice).status, reloaded(invoice).invoice_version) == (S.ISSUED, 0)
    assert customer_reads(invoice) == "Pay in SEQR"
    assert failures_in_the_audit(OPERATION) == 1

    world.clear_faults()
    world.go_on(seconds=1)

    is_paid_once(world, invoice)


def paid_at_once(world: World, invoice: Invoice) -> None:
    """libcurl asks again by itself, on a new connection, and SEQR answers PAID once more."""
    assert world.left() == 1

    is_paid_once(world, invoice)


BY_REFRESH = Expected(
    f"{OPERATION}, a notification's or a page's",
    {asked_again: all_but(KEPT_CONNECTION_DIES), paid_at_once: [KEPT_CONNECTION_DIES]},
)


@pytest.mark.django_db
@each_fault
def test_a_payment_that_seqr_told_of_is_found(world: World, fault: Fault) -> None:
    invoice = issued_invoice()
    world.sandbox.pay(reference(invoice))
    world.strike(OPERATION)

    with suppress(SeqrError):  # as payments/polling/status_checks.py does
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    BY_REFRESH.of(fault)(world, invoice)


def acknowledged_later(world: World, invoice: Invoice) -> None:
    """The payment is written, and the customer reads it; SEQR keeps what it has once told us. The
    poller asks on, each second, until it is acknowledged.
    """
    assert (order_state(invoice), reloaded(invoice).acknowledged_at) == ("paid", None)
    assert customer_reads(invoice) == "Paid, thank you!"

    world.clear_faults()
    world.go_on(seconds=1)

    is_paid_once(world, invoice)


def acknowledged_at_once(world: World, invoice: Invoice) -> None:
    """libcurl asks again by itself, on a new connection."""
    assert world.left() == 1

    is_paid_once(world, invoice)


ACKNOWLEDGING = Expected(
    f"{OPERATION}, acknowledging",
    {
        acknowledged_later: all_but(KEPT_CONNECTION_DIES),
        acknowledged_at_once: [KEPT_CONNECTION_DIES],
    },
)


@pytest.mark.django_db
@each_fault
def test_a_payment_is_written_before_it_is_acknowledged(world: World, fault: Fault) -> None:
    invoice = issued_invoice()
    world.sandbox.pay(reference(invoice))
    query_and_apply(reloaded(invoice), ChangeSource(SourceName.NOTIFICATION))
    world.strike(OPERATION)

    with suppress(SeqrError):
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    ACKNOWLEDGING.of(fault)(world, invoice)


def polled_again(world: World, invoice: Invoice, shard: Shard) -> None:
    """Nothing is written, since an outage fails thousands of questions a second; the log and the
    shard's figures count it. The same loop asks again after a second, in an outage after 5 s at
    most, and acknowledges the payment that it then finds.
    """
    assert world.left() >= int(world.fault.leaves)
    assert reloaded(invoice).status == S.ISSUED
    assert failures_in_the_audit(OPERATION) == 0
    assert shard.poller.stats.errors.total() == 1

    world.clear_faults()
    shard.run_rounds(times=3)

    is_paid_once(world, invoice)


def polled_once(world: World, invoice: Invoice, shard: Shard) -> None:
    """libcurl asks again by itself, on a new connection; the loop notices nothing."""
    assert (world.left(), shard.poller.stats.errors.total()) == (1, 0)
    shard.run_rounds(times=2)

    is_paid_once(world, invoice)


BY_POLLING = Expected(
    f"{OPERATION}, the poller's",
    {polled_again: all_but(KEPT_CONNECTION_DIES), polled_once: [KEPT_CONNECTION_DIES]},
)


@pytest.mark.django_db(transaction=True)
@each_fault
def test_a_payment_that_the_poller_asks_about_is_found(
    world: World, fault: Fault, shard: Callable[[], Shard]
) -> None:
    invoice = issued_invoice()
    going = polling(world, shard)
    world.sandbox.pay(reference(invoice))
    world.strike(OPERATION)

    going.run_rounds()

    BY_POLLING.of(fault)(world, invoice, going)


def paid_though_late(world: World, invoice: Invoice) -> None:
    """SEQR has heard us and keeps the payment. The first answer that arrives says PAID."""
    is_paid_once(world, invoice)


def told_as_reversed(world: World, invoice: Invoice) -> None:
    """SEQR has not heard us and has given the money back. The invoice ends as SEQR says; the
    customer reads that money drawn is given back, and may order again; the case “the payment was
    possibly reversed” tells a person.
    """
    assert reloaded(invoice).status in (S.CANCELED, S.FAILED)
    _, message = state_texts(reloaded(invoice).order, reloaded(invoice))
    assert message == str(POSSIBLY_REVERSED)
    assert world.sandbox.invoice(reference(invoice))["status"] == reloaded(invoice).status
    assert cases() == ["possibly_reversed"]


HEARD = [fault for fault in all_but() if fault.is_done]
THROUGH_SILENCE = Expected(
    f"{OPERATION}, the poller's, for {SILENCE} s",
    {paid_though_late: HEARD, told_as_reversed: all_but(*HEARD)},
)


@pytest.mark.django_db(transaction=True)
@each_fault
def test_a_payment_during_a_long_outage_is_kept_or_told_as_reversed(
    world: World, fault: Fault, shard: Callable[[], Shard]
) -> None:
    invoice = issued_invoice()
    going = polling(world, shard)
    world.sandbox.pay(reference(invoice))
    world.strike(OPERATION)
    going.run_rounds()

    world.sandbox.advance(SILENCE)
    age_invoice(invoice, SILENCE)
    going.now += SILENCE
    world.clear_faults()
    going.run_rounds(times=3)

    THROUGH_SILENCE.of(fault)(world, invoice)


def polling(world: World, shard: Callable[[], Shard]) -> Shard:
    """A shard that has gone round once, so that there is a connection to keep.

    Its time-out is as short as a slow fault needs it.
    """
    if world.fault.is_slow:
        world.wait_for_answers(IMPATIENT_SECONDS)
    going = shard()
    going.run_rounds()
    return going


def is_paid_once(world: World, invoice: Invoice) -> None:
    paid = reloaded(invoice)
    assert (paid.status, order_state(invoice)) == (S.PAID, "paid")
    assert paid.acknowledged_at is not None
    assert event_names(invoice)[:3] == ["sending_started", "sent", "payment_confirmed"]
    assert event_names(invoice)[3:] in ([], ["receipt_accepted"])
    assert AuditEvent.objects.filter(name="order_paid").count() == 1
    world.sandbox.advance(SILENCE)
    assert world.sandbox.invoice(reference(invoice))["status"] == "PAID"
    assert cases() == []
