"""What becomes of a refund once it is sent: done, refused, put off, or unknown until settled."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.models import (
    CaseKind,
    MoneyCase,
    PaymentPause,
    Refund,
    RefundStatus,
)
from payments.recovery import find_work
from payments.refunds.refund import (
    RefundNotAccepted,
    mark_interrupted_refund_unknown,
    refundable_now,
    resolve_unknown_refund,
    send_refund,
)
from payments.refunds.transitions import lock_refund, transition_refund
from payments.seqr import SeqrConfigurationError, SeqrUnavailable
from tests.fault_proxy import FaultProxy
from tests.payments.refunds.steps import requested_refund, status_of
from tests.payments.steps import call_count, order_state, paid_invoice
from tests.sandbox_process import SandboxProcess

S = RefundStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lost_answer_makes_it_unknown_keeps_its_amount_and_is_never_sent_again(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "40.00", clerk)
    sandbox.fault("refundPayment", "drop", count=1)

    for _ in range(3):
        send_refund(refund.pk)
        mark_interrupted_refund_unknown(refund.pk, ChangeSource(SourceName.RECOVERY))

    assert status_of(refund) == S.UNKNOWN
    assert call_count(sandbox, "refundPayment") == 1
    assert refundable_now(invoice.pk) == Decimal("5.00")
    assert find_work().refunds_to_send == []
    case = MoneyCase.objects.get()
    assert (case.kind, case.refund, case.invoice) == (CaseKind.REFUND_UNKNOWN, refund, invoice)


@pytest.mark.parametrize("code", [1, 90, 94])
def test_a_doubtful_answer_makes_it_unknown(
    sandbox: SandboxProcess, clerk: User, code: int
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=code)

    send_refund(refund.pk)

    assert status_of(refund) == S.UNKNOWN


@pytest.mark.parametrize(("code", "word"), [(23, "23"), (97, "97"), (98, "98"), (99, "99")])
def test_a_refusal_is_told_in_words_and_frees_the_amount(
    sandbox: SandboxProcess, clerk: User, code: int, word: str
) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=code)

    send_refund(refund.pk)

    told = AuditEvent.objects.get(
        subject_type=SubjectType.REFUND, subject_id=refund.pk, name="refund_rejected"
    )
    assert status_of(refund) == S.REJECTED
    assert f"({word})" in told.detail
    assert refundable_now(invoice.pk) == Decimal("45.00")
    assert order_state(invoice) == "paid"


def test_what_certainly_did_not_happen_is_sent_later(sandbox: SandboxProcess, clerk: User) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=93)
    with pytest.raises(SeqrUnavailable):
        send_refund(refund.pk)
    too_soon = find_work().refunds_to_send
    Refund.objects.update(lease_until=database_now() - timedelta(seconds=1))
    later = find_work().refunds_to_send

    send_refund(refund.pk)

    assert (too_soon, later) == ([], [refund.pk])
    assert status_of(refund) == S.REFUNDED


def test_settings_that_seqr_refuses_keep_the_refund_and_open_a_case_but_do_not_close_paying(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=20)

    with pytest.raises(SeqrConfigurationError):
        send_refund(refund.pk)

    assert status_of(refund) == S.CREATED
    assert MoneyCase.objects.get().kind == CaseKind.CONFIGURATION
    assert not PaymentPause.objects.exists()


def test_the_case_about_settings_is_closed_once_seqr_takes_a_refund(
    sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    first, second = (
        requested_refund(invoice, "10.00", clerk),
        requested_refund(invoice, "20.00", clerk),
    )
    sandbox.fault("refundPayment", "result_code", count=1, code=20)
    with pytest.raises(SeqrConfigurationError):
        send_refund(first.pk)

    send_refund(second.pk)

    case = MoneyCase.objects.get()
    assert case.closing_reason == "SEQR has accepted refundPayment since"


def test_a_killed_senders_refund_is_found_by_the_sweep_and_unknown_after_its_lease(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    with transaction.atomic():
        transition_refund(
            lock_refund(refund.pk),
            S.SENDING,
            ChangeSource(SourceName.SEND_REFUND),
            lease_until=database_now() + timedelta(seconds=30),
        )
    early = mark_interrupted_refund_unknown(refund.pk, ChangeSource(SourceName.RECOVERY))
    held = find_work().interrupted_refunds
    Refund.objects.update(lease_until=database_now() - timedelta(seconds=1))
    left = find_work().interrupted_refunds

    late = [
        mark_interrupted_refund_unknown(refund.pk, ChangeSource(SourceName.RECOVERY)),
        mark_interrupted_refund_unknown(refund.pk, ChangeSource(SourceName.RECOVERY)),
    ]

    assert (held, left) == ([], [refund.pk])
    assert (early, late) == (False, [True, False])
    assert status_of(refund) == S.UNKNOWN
    assert call_count(sandbox, "refundPayment") == 0


@pytest.mark.parametrize(
    ("was_refunded", "status", "state"),
    [(True, S.REFUNDED, "partly_refunded"), (False, S.REJECTED, "paid")],
)
def test_a_person_settles_what_is_unknown_with_a_reason(
    sandbox: SandboxProcess, clerk: User, was_refunded: bool, status: str, state: str
) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "40.00", clerk)
    sandbox.fault("refundPayment", "drop", count=1)
    send_refund(refund.pk)
    with pytest.raises(RefundNotAccepted):
        resolve_unknown_refund(refund.pk, by_staff(clerk), was_refunded=was_refunded, reason=" ")

    settled = [
        resolve_unknown_refund(
            refund.pk, by_staff(clerk), was_refunded=was_refunded, reason="the report"
        )
        for _ in range(2)
    ]

    assert settled == [True, False]
    assert (status_of(refund), order_state(invoice)) == (status, state)
    assert MoneyCase.objects.get().closing_reason == "the report"


def settled_while_it_is_sent(
    proxy: FaultProxy, refund: Refund, actor: User, *, was_refunded: bool | None
) -> None:
    """Its sender sleeps past its lease before it hears SEQR; a person settles it meanwhile."""

    def meanwhile() -> None:
        proxy.before_answer = lambda: None
        Refund.objects.update(lease_until=database_now() - timedelta(seconds=1))
        mark_interrupted_refund_unknown(refund.pk, ChangeSource(SourceName.RECOVERY))
        if was_refunded is not None:
            resolve_unknown_refund(
                refund.pk, by_staff(actor), was_refunded=was_refunded, reason="the list"
            )

    proxy.before_answer = meanwhile
    send_refund(refund.pk)


def still_open() -> list[str]:
    return list(MoneyCase.objects.filter(closed_at=None).values_list("summary", flat=True))


def test_an_answer_that_comes_after_a_person_has_settled_it_otherwise_overrules_them(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund = requested_refund(invoice, "40.00", clerk)

    settled_while_it_is_sent(seqr_proxy, refund, clerk, was_refunded=False)

    assert (status_of(refund), order_state(invoice)) == (S.REFUNDED, "partly_refunded")
    assert refundable_now(invoice.pk) == Decimal("5.00")
    assert still_open() == [
        "A refund of 40.00 SEK was recorded with another outcome: SEQR made it, but answered late"
    ]


def test_a_refusal_that_comes_after_a_person_has_settled_it_otherwise_is_told(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=97)

    settled_while_it_is_sent(seqr_proxy, refund, clerk, was_refunded=True)

    assert status_of(refund) == S.REFUNDED
    (told,) = still_open()
    assert "SEQR refused it" in told


def test_a_refusal_that_comes_late_closes_the_case_of_the_unknown_refund(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    refund = requested_refund(paid_invoice(sandbox), "40.00", clerk)
    sandbox.fault("refundPayment", "result_code", count=1, code=97)

    settled_while_it_is_sent(seqr_proxy, refund, clerk, was_refunded=None)

    assert status_of(refund) == S.REJECTED
    assert still_open() == []
