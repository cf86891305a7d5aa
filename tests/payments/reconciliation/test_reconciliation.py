"""SEQR's report compared with the shop's records: matches, differences and their case."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    MoneyCase,
    PeriodRow,
    PeriodStatus,
    TransactionPeriod,
)
from payments.reconciliation.fetch_report import fetch_report, request_report
from payments.reconciliation.periods import advance_period, resolve_lost_period
from payments.seqr import SeqrProtocolError
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    cases,
    first_period_id_at_seqr,
    match_results,
    period_with_report,
    reconcile_day,
    run_due_periods,
    sent_refund,
    todays_period,
    unrecorded_sale,
)
from tests.payments.steps import invoice_in, other_terminal, paid_invoice, refresh
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

M = MatchResult
BY_STAFF = ChangeSource(SourceName.STAFF)
pytestmark = pytest.mark.django_db


def payment_unknown_to_seqr(ago: timedelta = timedelta()) -> Invoice:
    return invoice_in(InvoiceStatus.PAID, ers_reference="NOWHERE", paid_at=database_now() - ago)


def test_refund_with_its_payments_reference_is_matched(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund = sent_refund(invoice, "5.00", clerk)
    assert refund.ers_reference is not None
    own, payments = refund.ers_reference, str(invoice.ers_reference)
    seqr_proxy.rewrite = lambda answer: answer.replace(own, payments)

    period = reconcile_day(sandbox)

    assert match_results(period) == [M.SALE, M.REFUND]


def test_all_differences_of_a_period_open_one_case(sandbox: SandboxProcess) -> None:
    paid_invoice(sandbox)
    other_amount = paid_invoice(sandbox)
    Invoice.objects.filter(pk=other_amount.pk).update(amount="44.00", paid_amount="44.00")
    unknown = unrecorded_sale(sandbox)
    payment_unknown_to_seqr()

    period = reconcile_day(sandbox)
    fetch_report(period.pk, BY_STAFF)

    [case] = cases(CaseKind.REPORT_DIFFERS)
    assert match_results(period) == [M.SALE, M.AMOUNT_DIFFERS, M.UNKNOWN_SALE, M.MISSING]
    assert case.period == period
    assert case.summary == (
        f"SEQR's report of {period.day} for Till 1 differs; unknown sales (1): {unknown}; "
        f"different amounts (1): {other_amount.ers_reference}; missing payments (1): NOWHERE"
    )


def test_case_closed_by_a_person_stays_closed_without_new_differences(
    sandbox: SandboxProcess,
) -> None:
    unrecorded_sale(sandbox)
    reconcile_day(sandbox)
    [case] = cases(CaseKind.REPORT_DIFFERS)
    MoneyCase.objects.update(closed_at=database_now(), closing_reason="a till of the festival")
    advance_one_day()

    reconcile_day(sandbox)

    assert cases(CaseKind.REPORT_DIFFERS) == [case]


def test_sale_recorded_later_closes_the_case(sandbox: SandboxProcess) -> None:
    unknown = unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)
    refresh(Invoice.objects.get())
    advance_one_day()

    next_period = reconcile_day(sandbox)

    assert Invoice.objects.get().ers_reference == unknown
    assert (match_results(period), match_results(next_period)) == ([M.SALE], [])
    [case] = cases(CaseKind.REPORT_DIFFERS)
    assert case.closing_reason == "the report now agrees with the shop's records"


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=30), [[], [M.MISSING]]),  # the next report may contain it
        (timedelta(minutes=10), [[M.MISSING], []]),
        (timedelta(days=3), [[], []]),  # before the first period
    ],
    ids=["at the boundary", "inside", "long before"],
)
def test_payment_is_missing_once_no_later_report_can_contain_it(
    sandbox: SandboxProcess, ago: timedelta, expected: list[list[str]]
) -> None:
    payment_unknown_to_seqr(ago)
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    results = [match_results(TransactionPeriod.objects.get())]
    advance_one_day()

    second = reconcile_day(sandbox)

    assert [*results, match_results(second)] == expected


def test_missing_payment_in_a_later_report_closes_the_case_of_the_earlier_one() -> None:
    marked_at = database_now() - timedelta(days=3)
    paid_at = marked_at - timedelta(hours=5)
    invoice_in(InvoiceStatus.PAID, ers_reference="X", paid_at=paid_at)
    period = period_with_report(marked_at)
    missing = match_results(period), MoneyCase.objects.get().closed_at
    period_with_report(marked_at + timedelta(days=1))  # so that the next one shares no time

    later = period_with_report(marked_at + timedelta(days=2), ("45.00", "X"))

    assert missing == ([M.MISSING], None)
    assert (match_results(period), match_results(later)) == ([], [M.SALE])
    case = MoneyCase.objects.get()
    assert (case.period, case.closed_at is not None) == (period, True)
    assert case.closing_reason == "the report now agrees with the shop's records"


def test_payment_at_the_boundary_is_matched_in_the_next_report(sandbox: SandboxProcess) -> None:
    period = todays_period()
    advance_period(period.pk)
    sale = paid_invoice(sandbox)
    run_due_periods(sandbox)
    advance_one_day()

    next_period = reconcile_day(sandbox)

    assert (match_results(period), [row.invoice for row in next_period.rows.all()]) == ([], [sale])
    assert MoneyCase.objects.count() == 0


def test_payment_in_a_lost_period_is_missing_once_its_report_is_fetched(
    sandbox: SandboxProcess, clerk: User
) -> None:
    payment_unknown_to_seqr()
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    lost = reconcile_day(sandbox)
    advance_one_day()
    next_period = reconcile_day(sandbox)
    before = match_results(next_period)

    lost_id = first_period_id_at_seqr(sandbox)
    resolve_lost_period(lost.pk, by_staff(clerk), transaction_period_id=lost_id, reason="by phone")
    run_due_periods(sandbox)

    assert (before, match_results(lost)) == ([], [M.MISSING])


def test_repeated_row_is_a_difference(seqr_proxy: FaultProxy, sandbox: SandboxProcess) -> None:
    first, second = (str(paid_invoice(sandbox).ers_reference) for _ in range(2))
    seqr_proxy.rewrite = lambda answer: answer.replace(second, first)

    period = reconcile_day(sandbox)

    assert match_results(period) == [M.SALE, M.REPEATED, M.MISSING]


def test_sale_of_another_till_of_the_reseller_is_not_in_the_report(
    sandbox: SandboxProcess,
) -> None:
    sale = paid_invoice(sandbox)
    unrecorded_sale(sandbox, other_terminal())

    period = reconcile_day(sandbox)

    assert [row.invoice for row in period.rows.all()] == [sale]
    assert match_results(period) == [M.SALE]


def test_unknown_sale_is_a_difference_however_the_report_names_the_terminal(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess
) -> None:
    unrecorded_sale(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace("public_test_shop_terminal", "d8e0ff10")

    period = reconcile_day(sandbox)

    assert match_results(period) == [M.UNKNOWN_SALE]


@pytest.mark.parametrize(
    ("pattern", "replacement", "error"),
    [
        (r"(TransactionPeriodId&gt;)\d+", r"\g<1>77", "of another period"),
        ("TransactionDetails", "CashierTransactionSummary", "has sums"),
    ],
)
def test_report_of_another_period_or_with_sums_is_not_stored(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, pattern: str, replacement: str, error: str
) -> None:
    run_due_periods(sandbox)
    sandbox.advance(3)
    advance_time(timedelta(seconds=3))
    period = TransactionPeriod.objects.get()
    seqr_proxy.rewrite = lambda answer: re.sub(pattern, replacement, _without_base64(answer))

    with pytest.raises(SeqrProtocolError, match=error):
        fetch_report(period.pk, BY_STAFF)

    period.refresh_from_db()
    assert (period.status, period.rows.count()) == (PeriodStatus.MARKED, 0)


def _without_base64(answer: str) -> str:
    return re.sub("<content>.*</content>", "", answer, flags=re.DOTALL)


def test_report_fetched_again_gives_the_same_rows_and_no_new_case(sandbox: SandboxProcess) -> None:
    paid_invoice(sandbox)
    unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)
    before = list(PeriodRow.objects.values_list("position", "match_result", "ers_reference"))

    fetch_report(period.pk, BY_STAFF)

    after = list(PeriodRow.objects.values_list("position", "match_result", "ers_reference"))
    again = AuditEvent.objects.filter(subject_type=SubjectType.PERIOD, name="report_fetched_again")
    assert before == after
    assert again.count() == 1
    assert len(cases(CaseKind.REPORT_DIFFERS)) == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_fetches_store_a_report_once(sandbox: SandboxProcess) -> None:
    paid_invoice(sandbox)
    unrecorded_sale(sandbox)
    run_due_periods(sandbox)
    advance_time(timedelta(hours=1))
    sandbox.advance(3)
    period = TransactionPeriod.objects.get()

    def request_and_fetch() -> bool:
        request_report(period.pk, BY_STAFF)
        return fetch_report(period.pk, BY_STAFF)

    run_concurrently(4, request_and_fetch)

    assert match_results(period) == [M.SALE, M.UNKNOWN_SALE]
    assert len(cases(CaseKind.REPORT_DIFFERS)) == 1
