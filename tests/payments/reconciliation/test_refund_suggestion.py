"""The suggested outcome of an unknown refund, from SEQR's reports."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from orders.audit import by_staff
from payments.models import CaseKind, MatchResult, MoneyCase, Refund, RefundStatus
from payments.reconciliation.periods import resolve_lost_period
from payments.reconciliation.refund_suggestion import RefundSuggestion, suggest_refund_outcome
from payments.refunds.refund import resolve_unknown_refund
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    cases,
    earlier_known_refund,
    first_period_id_at_seqr,
    mark_by_other_till,
    match_results,
    reconcile_day,
    run_due_periods,
    sent_refund,
    unknown_refund,
)
from tests.payments.steps import paid_invoice
from tests.sandbox_process import SandboxProcess

M = MatchResult
pytestmark = pytest.mark.django_db


def test_report_of_a_day_is_matched_and_suggests_the_outcome_of_each_unknown_refund(
    sandbox: SandboxProcess, clerk: User
) -> None:
    first, second, third = (paid_invoice(sandbox) for _ in range(3))
    advance_time(timedelta(minutes=5))
    known = sent_refund(first, "5.00", clerk)
    made = unknown_refund(sandbox, second, "12.00", clerk, is_made=True)
    not_made = unknown_refund(sandbox, third, "7.00", clerk, is_made=False)
    before = [suggest_refund_outcome(refund).was_refunded for refund in (made, not_made)]

    period = reconcile_day(sandbox)

    for refund in (made, not_made):
        refund.refresh_from_db()
    assert match_results(period) == [M.SALE, M.SALE, M.SALE, M.REFUND, M.MAYBE_REFUND]
    matches = [row.invoice or row.refund for row in period.rows.order_by("position")]
    assert matches == [first, second, third, known, None]
    assert before == [None, None]
    row = period.rows.get(match_result=M.MAYBE_REFUND)
    suggestion = suggest_refund_outcome(made)
    assert (suggestion.was_refunded, suggestion.ers_reference) == (True, row.ers_reference)
    assert suggest_refund_outcome(not_made).was_refunded is False
    assert {made.status, not_made.status} == {RefundStatus.UNKNOWN}
    assert cases(CaseKind.REPORT_DIFFERS) == []


def test_refund_resolved_as_suggested_is_matched_by_the_next_report(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=True)
    period = reconcile_day(sandbox)
    suggestion = suggest_refund_outcome(refund)
    resolve_unknown_refund(
        refund.pk,
        by_staff(clerk),
        was_refunded=True,
        reason="the report",
        ers_reference=suggestion.ers_reference,
    )
    advance_one_day()

    reconcile_day(sandbox)

    assert match_results(period) == [M.SALE, M.REFUND]
    assert MoneyCase.objects.filter(closed_at=None).count() == 0


def test_refund_resolved_against_the_report_opens_a_case_with_the_next_report(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=True)
    period = reconcile_day(sandbox)
    resolve_unknown_refund(refund.pk, by_staff(clerk), was_refunded=False, reason="a guess")
    advance_one_day()

    reconcile_day(sandbox)

    assert match_results(period) == [M.SALE, M.UNKNOWN_REFUND]
    assert [case.period for case in cases(CaseKind.REPORT_DIFFERS)] == [period]


def test_one_row_for_two_unknown_refunds_suggests_no_outcome(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refunds = [
        unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=is_made)
        for is_made in (True, False)
    ]

    reconcile_day(sandbox)

    suggestions = [suggest_refund_outcome(refund) for refund in refunds]
    assert [suggestion.was_refunded for suggestion in suggestions] == [None, None]
    assert "1 of 2 unknown refunds" in suggestions[0].reason


def test_two_made_refunds_of_one_amount_get_a_row_each(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refunds = [
        unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=True)
        for _ in range(2)
    ]

    period = reconcile_day(sandbox)

    suggested = [suggest_refund_outcome(refund).ers_reference for refund in refunds]
    rows = period.rows.filter(match_result=M.MAYBE_REFUND).order_by("position")
    assert suggested == [row.ers_reference for row in rows]


def test_refund_in_a_lost_period_gets_a_suggestion_once_its_report_is_fetched(
    sandbox: SandboxProcess, clerk: User
) -> None:
    earlier_known_refund(sandbox, clerk)
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=False)
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    lost = reconcile_day(sandbox)
    advance_one_day()
    reconcile_day(sandbox)
    refund.refresh_from_db()
    before = suggest_refund_outcome(refund).was_refunded

    lost_id = first_period_id_at_seqr(sandbox)
    resolve_lost_period(lost.pk, by_staff(clerk), transaction_period_id=lost_id, reason="by phone")
    run_due_periods(sandbox)
    refund.refresh_from_db()

    assert before is None
    assert suggest_refund_outcome(refund).was_refunded is False


def test_refund_before_another_tills_mark_is_found_in_the_terminals_report(
    sandbox: SandboxProcess, clerk: User
) -> None:
    earlier_known_refund(sandbox, clerk)
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=True)

    mark_by_other_till(sandbox)
    reconcile_day(sandbox)

    assert suggestion_for(refund).was_refunded is True


def test_refund_in_another_tills_period_is_not_suggested_while_a_payment_is_missing(
    sandbox: SandboxProcess, clerk: User
) -> None:
    earlier_known_refund(sandbox, clerk)
    reconcile_day(sandbox)
    advance_one_day()
    paid_invoice(sandbox)
    advance_time(timedelta(minutes=5))
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=True)

    mark_by_other_till(sandbox, closes_terminals=True)
    paid_invoice(sandbox)
    period = reconcile_day(sandbox)

    suggestion = suggestion_for(refund)
    assert match_results(period) == [M.SALE, M.MISSING, M.MISSING]
    assert suggestion.was_refunded is None
    assert "lacks a payment of this shop" in suggestion.reason


def test_refund_in_another_tills_period_is_not_suggested_when_the_shop_sold_nothing_before(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refunded_later = earlier_known_refund(sandbox, clerk).invoice
    reconcile_day(sandbox)
    advance_one_day()
    refund = unknown_refund(sandbox, refunded_later, "12.00", clerk, is_made=True)

    mark_by_other_till(sandbox, closes_terminals=True)
    paid_invoice(sandbox)
    period = reconcile_day(sandbox)

    suggestion = suggestion_for(refund)
    assert match_results(period) == [M.SALE]
    assert suggestion.was_refunded is None
    assert "no earlier payment of this shop" in suggestion.reason


def test_refund_is_not_suggested_while_any_payment_of_its_period_is_missing(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, clerk: User
) -> None:
    earlier_known_refund(sandbox, clerk)
    missing = paid_invoice(sandbox)
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=False)
    advance_time(timedelta(minutes=5))
    reference = str(missing.ers_reference)
    seqr_proxy.rewrite = lambda answer: without_rows(answer, f"ErsReference&gt;{reference}&lt;")

    period = reconcile_day(sandbox)

    assert match_results(period) == [M.SALE, M.REFUND, M.SALE, M.MISSING]
    assert suggestion_for(refund).was_refunded is None


def test_absent_refund_is_not_suggested_when_reports_have_never_shown_a_refund(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, clerk: User
) -> None:
    earlier_known_refund(sandbox, clerk)
    refund = unknown_refund(sandbox, paid_invoice(sandbox), "12.00", clerk, is_made=True)
    seqr_proxy.rewrite = lambda answer: without_rows(answer, "SalesAmount&gt;-")

    period = reconcile_day(sandbox)

    suggestion = suggestion_for(refund)
    assert match_results(period) == [M.SALE, M.SALE]
    assert suggestion.was_refunded is None
    assert "have not shown any refund" in suggestion.reason


def without_rows(answer: str, content: str) -> str:
    """Return an answer without the rows of its report that have this content."""
    text_only = re.sub("<content>.*</content>", "", answer, flags=re.DOTALL)
    row = rf"&lt;Row&gt;(?:(?!&lt;/Row).)*{content}.*?&lt;/Row&gt;"
    return re.sub(row, "", text_only, flags=re.DOTALL)


def suggestion_for(refund: Refund) -> RefundSuggestion:
    """Return the suggestion for a refund whose row has become older."""
    return suggest_refund_outcome(Refund.objects.get(pk=refund.pk))
