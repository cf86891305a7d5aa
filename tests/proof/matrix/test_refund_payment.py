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
from tests.proof.matrix.faults import CODE_93, CONNECT_TIME_OUT, REFUSED, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, open_cases

OPERATION = "refundPayment"
S = RefundStatus
ALL = Decimal("45.00")
pytestmark = pytest.mark.django_db


def sent_later(scenario: Scenario, refund: Refund) -> None:
    """Nothing happened at SEQR for certain. The refund is sent again after 30 s at the earliest;
    after an hour a case is opened. When recovery's attempt reaches SEQR, the case is closed.
    """
    assert scenario.faulty_calls() == int(scenario.fault.is_sent)
    assert status_of(refund) == S.CREATED
    assert story(refund)[1:] == ["refund_sending_started", "refund_deferred"]
    tasks.run_recovery()
    assert (scenario.faulty_calls(), open_cases()) == (int(scenario.fault.is_sent), [])

    scenario.recover_after(seconds=3600)
    assert (status_of(refund), open_cases()) == (S.CREATED, ["refund_stuck"])
    scenario.clear_faults()
    scenario.recover_after()

    is_refunded_once(scenario, refund)
    assert open_cases() == []


def unknown(scenario: Scenario, refund: Refund) -> None:
    """The refund is UNKNOWN, its amount stays reserved, and a case is opened. It is never sent
    again automatically. After the nightly reconciliation, the page that resolves it suggests a
    refund that SEQR's report shows. This report proves no absence, so staff ask SEQR about any
    other; they decide, and only a refund that was not executed can be requested again.
    """
    assert scenario.faulty_calls() == 1
    assert status_of(refund) == S.UNKNOWN
    assert story(refund)[1:] == ["refund_sending_started", "refund_outcome_unknown"]
    assert open_cases() == ["refund_unknown"]
    assert refundable_now(refund.invoice_id) == 0

    scenario.clear_faults()
    for hours in (1, 10):
        advance_time(timedelta(hours=hours))
        tasks.run_recovery()
    assert scenario.answered_calls(OPERATION) == 0
    reconcile_day(scenario.sandbox)
    proposal = suggest_refund_outcome(Refund.objects.get(pk=refund.pk))

    assert proposal.was_refunded == (True if scenario.fault.takes_effect else None)
    resolve_unknown_refund(
        refund.pk,
        by_staff(refund.requested_by),
        was_refunded=scenario.fault.takes_effect,
        reason="the night's report",
        ers_reference=proposal.ers_reference,
    )
    assert open_cases() == []
    if not scenario.fault.takes_effect:
        assert status_of(refund) == S.REJECTED
        refund = new_refund(refund.invoice_id, refund.requested_by)
        tasks.send_refund(refund.pk)
    is_refunded_once(scenario, refund)


NOT_EXECUTED = [REFUSED, CONNECT_TIME_OUT, CODE_93]
EXPECTED = Expected(OPERATION, {sent_later: NOT_EXECUTED, unknown: all_except(*NOT_EXECUTED)})


@EXPECTED.each_fault
def test_refund_is_executed_once_at_most(scenario: Scenario, fault: Fault) -> None:
    invoice = paid_invoice(scenario.sandbox)
    tasks.run_recovery()  # SEQR gets the receipt
    refund = new_refund(invoice.pk, User.objects.create_user("clerk"))
    scenario.inject(OPERATION)

    tasks.send_refund(refund.pk)

    EXPECTED.of(fault)(scenario, refund)


def new_refund(invoice_id: int, clerk: User) -> Refund:
    nonce = f"form {Refund.objects.count()}"
    refund, _ = request_refund(invoice_id, ALL, "cold coffee", by_staff(clerk), nonce)
    return refund


def status_of(refund: Refund) -> str:
    return Refund.objects.get(pk=refund.pk).status


def story(refund: Refund) -> list[str]:
    events = AuditEvent.objects.filter(subject_type=SubjectType.REFUND, subject_id=refund.pk)
    return list(events.values_list("name", flat=True))


def is_refunded_once(scenario: Scenario, refund: Refund) -> None:
    at_seqr = scenario.sandbox.invoice(reference(refund.invoice))["refunds"]
    refund.refresh_from_db()
    assert (refund.status, order_state(refund.invoice)) == (S.REFUNDED, "refunded")
    assert [(each["amount"], each["ers_reference"]) for each in at_seqr] == [
        ("45.00", refund.ers_reference)
    ]
