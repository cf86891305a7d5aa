"""The outcome of a sent refund: refunded, rejected, deferred, or unknown until it is resolved."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, SourceName, SubjectType
from payments.leases import LEASE
from payments.models import CaseKind, Invoice, MoneyCase, PaymentPause, Refund, RefundStatus
from payments.recovery import find_work
from payments.refund_transitions import transition_refund
from payments.refunds.locks import lock_refund
from payments.refunds.refund import RefundNotAccepted, refundable_now, resolve_unknown_refund
from payments.refunds.send import mark_interrupted_refund_unknown, send_refund
from payments.seqr import SeqrConfigurationError, SeqrUnavailable
from tests.fault_proxy import FaultProxy
from tests.payments.refunds.steps import expire_refund_lease, requested_refund, status_of
from tests.payments.steps import call_count, order_state
from tests.sandbox_process import SandboxProcess

S = RefundStatus
BY_RECOVERY = ChangeSource(SourceName.RECOVERY)
pytestmark = pytest.mark.django_db(transaction=True)


def test_refund_with_lost_answer_is_unknown_and_reserved_and_never_sent_again(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund
) -> None:
    sandbox.fault("refundPayment", "drop", count=1)

    for _ in range(3):
        send_refund(refund.pk)
        mark_interrupted_refund_unknown(refund.pk, BY_RECOVERY)

    assert status_of(refund) == S.UNKNOWN
    assert call_count(sandbox, "refundPayment") == 1
    assert refundable_now(invoice.pk) == Decimal("5.00")
    assert find_work().refunds_to_send == []
    case = MoneyCase.objects.get()
    assert (case.kind, case.refund, case.invoice) == (CaseKind.REFUND_UNKNOWN, refund, invoice)


@pytest.mark.parametrize("code", [1, 90, 94])
def test_refund_with_uncertain_answer_is_unknown(
    sandbox: SandboxProcess, refund: Refund, code: int
) -> None:
    sandbox.fault("refundPayment", "result_code", count=1, code=code)

    send_refund(refund.pk)

    assert status_of(refund) == S.UNKNOWN


@pytest.mark.parametrize("code", [23, 97, 98, 99])
def test_rejected_refund_records_the_reason_and_releases_its_amount(
    sandbox: SandboxProcess, invoice: Invoice, refund: Refund, code: int
) -> None:
    sandbox.fault("refundPayment", "result_code", count=1, code=code)

    send_refund(refund.pk)

    event = AuditEvent.objects.get(
        subject_type=SubjectType.REFUND, subject_id=refund.pk, name="refund_rejected"
    )
    assert status_of(refund) == S.REJECTED
    assert f"({code})" in event.detail
    assert refundable_now(invoice.pk) == Decimal("45.00")
    assert order_state(invoice) == "paid"


def test_refund_that_certainly_failed_is_sent_again_after_a_pause(
    sandbox: SandboxProcess, refund: Refund
) -> None:
    sandbox.fault("refundPayment", "result_code", count=1, code=93)
    with pytest.raises(SeqrUnavailable):
        send_refund(refund.pk)
    due_during_pause = find_work().refunds_to_send
    expire_refund_lease()
    due_after_pause = find_work().refunds_to_send

    send_refund(refund.pk)

    assert (due_during_pause, due_after_pause) == ([], [refund.pk])
    assert status_of(refund) == S.REFUNDED


def test_refused_settings_defer_the_refund_and_open_a_case_without_a_payment_pause(
    sandbox: SandboxProcess, refund: Refund
) -> None:
    sandbox.fault("refundPayment", "result_code", count=1, code=20)

    with pytest.raises(SeqrConfigurationError):
        send_refund(refund.pk)

    assert status_of(refund) == S.CREATED
    assert MoneyCase.objects.get().kind == CaseKind.CONFIGURATION
    assert not PaymentPause.objects.exists()


def test_configuration_case_is_closed_by_the_next_accepted_refund(
    sandbox: SandboxProcess, invoice: Invoice, clerk: User
) -> None:
    first, second = (requested_refund(invoice, amount, clerk) for amount in ("10.00", "20.00"))
    sandbox.fault("refundPayment", "result_code", count=1, code=20)
    with pytest.raises(SeqrConfigurationError):
        send_refund(first.pk)

    send_refund(second.pk)

    case = MoneyCase.objects.get()
    assert case.closing_reason == "SEQR has accepted refundPayment since"


def test_refund_of_a_killed_sender_is_recovered_as_unknown_after_its_lease(
    sandbox: SandboxProcess, refund: Refund
) -> None:
    with transaction.atomic():
        transition_refund(
            lock_refund(refund.pk),
            S.SENDING,
            ChangeSource(SourceName.SEND_REFUND),
            **LEASE.taken(timedelta(seconds=30)),
        )
    marked_during_lease = mark_interrupted_refund_unknown(refund.pk, BY_RECOVERY)
    found_during_lease = find_work().interrupted_refunds
    expire_refund_lease()
    found_after_lease = find_work().interrupted_refunds

    marked_after_lease = [mark_interrupted_refund_unknown(refund.pk, BY_RECOVERY) for _ in range(2)]

    assert (found_during_lease, found_after_lease) == ([], [refund.pk])
    assert (marked_during_lease, marked_after_lease) == (False, [True, False])
    assert status_of(refund) == S.UNKNOWN
    assert call_count(sandbox, "refundPayment") == 0


@pytest.mark.parametrize(
    ("was_refunded", "expected"),
    [(True, (S.REFUNDED, "partly_refunded")), (False, (S.REJECTED, "paid"))],
)
def test_unknown_refund_is_resolved_once_with_a_reason(
    sandbox: SandboxProcess,
    refund: Refund,
    clerk: User,
    was_refunded: bool,
    expected: tuple[str, str],
) -> None:
    def resolve(reason: str) -> bool:
        return resolve_unknown_refund(
            refund.pk, by_staff(clerk), was_refunded=was_refunded, reason=reason
        )

    sandbox.fault("refundPayment", "drop", count=1)
    send_refund(refund.pk)
    with pytest.raises(RefundNotAccepted):
        resolve(" ")

    resolved = [resolve("the report"), resolve("the report")]

    assert resolved == [True, False]
    assert (status_of(refund), order_state(refund.invoice)) == expected
    assert MoneyCase.objects.get().closing_reason == "the report"


def send_and_resolve_during_the_call(
    proxy: FaultProxy, refund: Refund, actor: User, *, was_refunded: bool | None
) -> None:
    """Send a refund whose lease lapses during the call; a person may resolve it meanwhile."""

    def before_answer() -> None:
        proxy.before_answer = lambda: None
        expire_refund_lease()
        mark_interrupted_refund_unknown(refund.pk, BY_RECOVERY)
        if was_refunded is not None:
            resolve_unknown_refund(
                refund.pk, by_staff(actor), was_refunded=was_refunded, reason="the list"
            )

    proxy.before_answer = before_answer
    send_refund(refund.pk)


def open_case_summaries() -> list[str]:
    return list(MoneyCase.objects.filter(closed_at=None).values_list("summary", flat=True))


def test_late_confirmation_overrules_a_refund_resolved_as_not_refunded(
    seqr_proxy: FaultProxy, invoice: Invoice, refund: Refund, clerk: User
) -> None:
    send_and_resolve_during_the_call(seqr_proxy, refund, clerk, was_refunded=False)

    assert (status_of(refund), order_state(invoice)) == (S.REFUNDED, "partly_refunded")
    assert refundable_now(invoice.pk) == Decimal("5.00")
    assert open_case_summaries() == [
        "A refund of 40.00 SEK was recorded with another outcome: SEQR made it, but answered late"
    ]


def test_late_rejection_of_a_refund_resolved_as_refunded_opens_a_case(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, refund: Refund, clerk: User
) -> None:
    sandbox.fault("refundPayment", "result_code", count=1, code=97)

    send_and_resolve_during_the_call(seqr_proxy, refund, clerk, was_refunded=True)

    assert status_of(refund) == S.REFUNDED
    (summary,) = open_case_summaries()
    assert "SEQR refused it" in summary


def test_late_rejection_closes_the_case_of_an_unknown_refund(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, refund: Refund, clerk: User
) -> None:
    sandbox.fault("refundPayment", "result_code", count=1, code=97)

    send_and_resolve_during_the_call(seqr_proxy, refund, clerk, was_refunded=None)

    assert status_of(refund) == S.REJECTED
    assert open_case_summaries() == []
