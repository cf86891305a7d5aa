"""Refunds on hold after lost transactions: released by SEQR's reports where they are conclusive."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from payments import tasks
from payments.models import (
    CaseKind,
    Invoice,
    MatchResult,
    MoneyCase,
    PeriodRow,
    Refund,
    RefundHold,
    RefundStatus,
)
from payments.reconciliation.held_refunds import review_held_refunds
from payments.refunds.hold import refunds_are_held
from payments.refunds.send import send_refund
from tests.database_backup import DatabaseBackup
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    reconcile_day,
    run_due_periods,
    sent_refund,
)
from tests.payments.refunds.steps import (
    expire_refund_lease,
    open_case_kinds,
    requested_refund,
    status_of,
)
from tests.payments.steps import call_count, paid_invoice
from tests.sandbox_process import SandboxProcess

S = RefundStatus
pytestmark = pytest.mark.django_db(transaction=True)


def lose_one_refund_of_two(sandbox: SandboxProcess, clerk: User) -> tuple[Refund, Refund]:
    """Request two refunds, of which SEQR makes the first, and restore the database from before."""
    made = requested_refund(paid_invoice(sandbox), "12.00", clerk)
    not_made = requested_refund(paid_invoice(sandbox), "7.00", clerk)
    advance_time(timedelta(minutes=5))  # so that these sales show that their period had begun
    backup = DatabaseBackup.take()
    send_refund(made.pk)
    backup.restore()
    tasks.check_audit_marker()
    assert refunds_are_held()
    return made, not_made


def reconcile_next_day(sandbox: SandboxProcess) -> None:
    advance_one_day()
    for _ in range(2):
        run_due_periods(sandbox)


def with_positive_refunds(answer: str) -> str:
    """Return an answer whose report shows refunds without their sign."""
    text_only = re.sub("<content>.*</content>", "", answer, flags=re.DOTALL)
    return text_only.replace("SalesAmount&gt;-", "SalesAmount&gt;")


def test_reports_release_the_refunds_that_seqr_has_not_made(
    sandbox: SandboxProcess, clerk: User
) -> None:
    sent_refund(paid_invoice(sandbox), "5.00", clerk)  # shows that the reports contain refunds
    reconcile_day(sandbox)
    made, not_made = lose_one_refund_of_two(sandbox, clerk)
    too_early = review_held_refunds()
    reconcile_next_day(sandbox)

    reviewed = [review_held_refunds() for _ in range(2)]
    expire_refund_lease()
    for refund in (made, not_made):
        send_refund(refund.pk)

    assert (too_early, reviewed) == (False, [True, False])
    assert (status_of(made), status_of(not_made)) == (S.UNKNOWN, S.REFUNDED)
    assert call_count(sandbox, "refundPayment") == 3
    assert open_case_kinds(made) == [CaseKind.REFUND_UNKNOWN]
    summary = MoneyCase.objects.get(kind=CaseKind.REFUND_UNKNOWN).summary
    assert "SEQR's report of" in summary
    assert not refunds_are_held()


def test_reports_that_have_shown_no_refund_yet_release_nothing(
    sandbox: SandboxProcess, clerk: User
) -> None:
    paid_invoice(sandbox)
    reconcile_day(sandbox)
    lose_one_refund_of_two(sandbox, clerk)
    reconcile_next_day(sandbox)

    assert not review_held_refunds()
    assert refunds_are_held()


def test_reports_that_show_refunds_as_positive_rows_release_nothing(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, clerk: User
) -> None:
    seqr_proxy.rewrite = with_positive_refunds
    sent_refund(paid_invoice(sandbox), "5.00", clerk)  # its row is matched by its own reference
    reconcile_day(sandbox)
    lose_one_refund_of_two(sandbox, clerk)
    reconcile_next_day(sandbox)

    assert list(PeriodRow.objects.filter(refund__isnull=False).values_list("match_result")) == [
        (MatchResult.REFUND,)
    ]
    assert not review_held_refunds()
    assert refunds_are_held()


def test_reports_release_nothing_while_a_period_may_be_lost(
    sandbox: SandboxProcess, clerk: User
) -> None:
    sent_refund(paid_invoice(sandbox), "5.00", clerk)
    reconcile_day(sandbox)
    lose_one_refund_of_two(sandbox, clerk)
    hold = RefundHold.objects.get()
    closed_at = Invoice.objects.earliest("id").created_at  # before the period was closed
    RefundHold.objects.filter(pk=hold.pk).update(lost_since=closed_at)
    reconcile_next_day(sandbox)

    assert not review_held_refunds()


def test_reports_release_nothing_while_one_of_their_payments_is_missing(
    sandbox: SandboxProcess, clerk: User
) -> None:
    sent_refund(paid_invoice(sandbox), "5.00", clerk)
    reconcile_day(sandbox)
    lose_one_refund_of_two(sandbox, clerk)
    missing = Invoice.objects.latest("id")
    Invoice.objects.filter(pk=missing.pk).update(ers_reference="unknown to SEQR's reports")
    reconcile_next_day(sandbox)

    assert not review_held_refunds()
