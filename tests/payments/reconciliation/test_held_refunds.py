"""Refunds on hold after lost transactions: released by SEQR's reports where they are conclusive."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.audit import by_staff
from orders.clock import database_now
from payments import tasks
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    MoneyCase,
    PeriodRow,
    Refund,
    RefundHold,
    RefundStatus,
)
from payments.reconciliation.held_refunds import review_held_refunds
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.refunds.hold import hold_refunds, mark_possibly_made, refunds_are_held
from payments.refunds.send import send_refund
from tests.database_backup import DatabaseBackup
from tests.factories import TerminalFactory
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import (
    BY_RECONCILIATION,
    advance_one_day,
    advance_time,
    match_results,
    period_with_report,
    reconcile_day,
    recorded_refund,
    run_due_periods,
    sent_refund,
)
from tests.payments.refunds.steps import (
    expire_refund_lease,
    open_case_kinds,
    requested_refund,
    status_of,
)
from tests.payments.steps import call_count, invoice_in, paid_invoice
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


def test_retired_terminal_does_not_keep_the_hold(sandbox: SandboxProcess, clerk: User) -> None:
    sent_refund(paid_invoice(sandbox), "5.00", clerk)
    reconcile_day(sandbox)
    TerminalFactory.create(principal_id="retired", retired_at=timezone.now(), password="")
    made, _ = lose_one_refund_of_two(sandbox, clerk)
    reconcile_next_day(sandbox)

    assert review_held_refunds()
    assert status_of(made) == S.UNKNOWN


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


def test_refund_that_was_possibly_made_in_the_lost_time_competes_for_a_row(
    clerk: User, boss: User
) -> None:
    paid_at = database_now() - timedelta(hours=9)
    paid = invoice_in(InvoiceStatus.PAID, ers_reference="P", paid_at=paid_at)
    before = recorded_refund(paid, "12.00", clerk, sent_at=paid_at + timedelta(hours=2))
    never_sent = recorded_refund(paid, "12.00", clerk, sent_at=None, status=S.CREATED)
    attempted = recorded_refund(paid, "12.00", clerk, sent_at=paid_at, status=S.CREATED)
    lost_since = paid_at + timedelta(hours=3)
    hold_refunds(lost_since, BY_RECONCILIATION)
    RefundHold.objects.update(lost_until=paid_at + timedelta(hours=4))
    for refund in (never_sent, attempted):
        assert mark_possibly_made(refund.pk, by_staff(boss), "SEQR's list has it")
        refund.refresh_from_db()

    period_with_report(paid_at + timedelta(hours=5), ("45.00", "P"), ("-12.00", "X"))

    suggestions = [suggest_refund_outcome(each) for each in (before, never_sent, attempted)]
    assert {suggestion.was_refunded for suggestion in suggestions} == {None}
    assert "1 of 3 unknown refunds" in suggestions[0].reason
    assert (never_sent.sent_at, attempted.sent_at) == (lost_since, lost_since)


def test_refund_possibly_made_in_the_lost_time_is_looked_for_until_its_end(
    clerk: User, boss: User
) -> None:
    noon = timezone.localtime(database_now()).replace(hour=12)  # else two marks may share a day
    paid_at = noon - timedelta(days=1)
    paid = invoice_in(InvoiceStatus.PAID, ers_reference="P", paid_at=paid_at)
    refund = recorded_refund(paid, "12.00", clerk, sent_at=None, status=S.CREATED)
    hold_refunds(paid_at + timedelta(hours=1), BY_RECONCILIATION)
    RefundHold.objects.update(lost_until=paid_at + timedelta(hours=3))
    mark_possibly_made(refund.pk, by_staff(boss), "SEQR's list has it")
    refund.refresh_from_db()

    period_with_report(paid_at + timedelta(hours=2), ("45.00", "P"), ("-3.00", "K"))
    before_the_end = suggest_refund_outcome(refund)
    period = period_with_report(paid_at + timedelta(days=1), ("-12.00", "X"))

    assert before_the_end.reason.startswith("Not known yet")
    assert match_results(period) == [MatchResult.MAYBE_REFUND]
    assert suggest_refund_outcome(refund).was_refunded is True
