"""refundPayment."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from orders.audit import by_staff
from orders.models import AuditEvent, SubjectType
from payments import tasks
from payments.models import Refund, RefundStatus
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.refunds.refund import refundable_now, request_refund, resolve_unknown_refund
from tests.payments.reconciliation.steps import advance_time, reconcile_day
from tests.payments.steps import order_state, paid_invoice, reference
from tests.proof.matrix.faults import CODE_93, CONNECT_TIME_OUT, REFUSED, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, cases

OPERATION = "refundPayment"
S = RefundStatus
ALL = Decimal("45.00")
pytestmark = pytest.mark.django_db


def sent_later(world: World, refund: Refund) -> None:
    """The refund is to be sent again, in 30 s at the earliest: certainly nothing happened. After an
    hour of it a case tells a person. When the sweep's one reaches SEQR, the case is closed.
    """
    assert world.left() == int(world.fault.leaves)
    assert status_of(refund) == S.CREATED
    assert story(refund)[1:] == ["refund_sending_started", "refund_deferred"]
    tasks.run_recovery()
    assert (world.left(), cases()) == (int(world.fault.leaves), [])

    world.go_on(seconds=3600)
    assert (status_of(refund), cases()) == (S.CREATED, ["refund_stuck"])
    world.clear_faults()
    world.go_on()

    went_back_once(world, refund)
    assert cases() == []


def unknown(world: World, refund: Refund) -> None:
    """The refund is UNKNOWN, its amount stays reserved, and a case tells a person. It is never sent
    again. After the night, the page that settles it proposes what SEQR's report shows; the person
    decides, and only where nothing went back can it be asked for anew.
    """
    assert world.left() == 1
    assert status_of(refund) == S.UNKNOWN
    assert story(refund)[1:] == ["refund_sending_started", "refund_outcome_unknown"]
    assert cases() == ["refund_unknown"]
    assert refundable_now(refund.invoice_id) == 0

    world.clear_faults()
    for hours in (1, 10):
        advance_time(timedelta(hours=hours))
        tasks.run_recovery()
    assert world.arrived(OPERATION) == 0
    reconcile_day(world.sandbox)
    proposal = suggest_refund_outcome(Refund.objects.get(pk=refund.pk))

    assert proposal.was_refunded == world.fault.is_done
    resolve_unknown_refund(
        refund.pk,
        by_staff(refund.requested_by),
        was_refunded=proposal.was_refunded,
        reason="the night's report",
        ers_reference=proposal.ers_reference,
    )
    assert cases() == []
    if not world.fault.is_done:
        assert status_of(refund) == S.REJECTED
        refund = asked_for(refund.invoice_id, refund.requested_by)
        tasks.send_refund(refund.pk)
    went_back_once(world, refund)


NOT_DONE_FOR_SURE = [REFUSED, CONNECT_TIME_OUT, CODE_93]
EXPECTED = Expected(
    OPERATION, {sent_later: NOT_DONE_FOR_SURE, unknown: all_but(*NOT_DONE_FOR_SURE)}
)


@each_fault
def test_money_goes_back_once_at_most(world: World, fault: Fault) -> None:
    invoice = paid_invoice(world.sandbox)
    tasks.run_recovery()  # SEQR gets the receipt
    refund = asked_for(invoice.pk, User.objects.create_user("clerk"))
    world.strike(OPERATION)

    tasks.send_refund(refund.pk)

    EXPECTED.of(fault)(world, refund)


def asked_for(invoice_id: int, clerk: User) -> Refund:
    nonce = f"form {Refund.objects.count()}"
    refund, _ = request_refund(invoice_id, ALL, "cold coffee", by_staff(clerk), nonce)
    return refund


def status_of(refund: Refund) -> str:
    return Refund.objects.get(pk=refund.pk).status


def story(refund: Refund) -> list[str]:
    events = AuditEvent.objects.filter(subject_type=SubjectType.REFUND, subject_id=refund.pk)
    return list(events.values_list("name", flat=True))


def went_back_once(world: World, refund: Refund) -> None:
    at_seqr = world.sandbox.invoice(reference(refund.invoice))["refunds"]
    refund.refresh_from_db()
    assert (refund.status, order_state(refund.invoice)) == (S.REFUNDED, "refunded")
    assert [(each["amount"], each["ers_reference"]) for each in at_seqr] == [
        ("45.00", refund.ers_reference)
    ]
