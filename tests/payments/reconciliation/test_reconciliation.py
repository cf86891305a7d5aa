"""SEQR's report beside our books: what matches, what does not, and who is told."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from orders.audit import ChangeSource, by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.invoices.notification import invoice_notified
from payments.invoices.refresh import refresh_invoice
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    MatchResult,
    MoneyCase,
    PeriodRow,
    PeriodStatus,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.fetch_report import fetch_report
from payments.reconciliation.periods import advance_period, periods_due, resolve_lost_period
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.refunds.refund import request_refund, resolve_unknown_refund, send_refund
from payments.seqr import SeqrProtocolError
from tests.factories import InvoiceFactory
from tests.fault_proxy import FaultProxy
from tests.payments.reconciliation.steps import (
    advance_one_day,
    advance_time,
    match_results,
    reconcile_day,
    run_due_periods,
    unrecorded_sale,
)
from tests.payments.steps import invoice_in, paid_invoice
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

V = MatchResult
BY_TEST = ChangeSource(SourceName.STAFF)
pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> User:
    return User.objects.create_user("clerk")


def refund_of(invoice: Invoice, amount: str, clerk: User) -> Refund:
    """Give back so much of an invoice, or try to."""
    nonce = f"form {Refund.objects.count()}"
    refund, _ = request_refund(invoice.pk, Decimal(amount), "cold", by_staff(clerk), nonce)
    send_refund(refund.pk)
    refund.refresh_from_db()
    return refund


def refund_whose_answer_is_lost(
    sandbox: SandboxProcess, invoice: Invoice, amount: str, clerk: User
) -> Refund:
    sandbox.fault("refundPayment", "drop", count=1)
    return refund_of(invoice, amount, clerk)


def refund_that_seqr_did_not_make(
    sandbox: SandboxProcess, invoice: Invoice, amount: str, clerk: User
) -> Refund:
    sandbox.fault("refundPayment", "result_code", count=1, code=90)
    return refund_of(invoice, amount, clerk)


def payment_that_seqr_does_not_know(ago: timedelta = timedelta()) -> Invoice:
    return invoice_in(InvoiceStatus.PAID, ers_reference="NOWHERE", paid_at=database_now() - ago)


def second_payment_case() -> MoneyCase:
    """Have SEQR notify of an invoice whose order another one has paid."""
    paid = invoice_in(InvoiceStatus.PAID, paid_at=database_now() - timedelta(days=30))
    second = InvoiceFactory.create(
        order=paid.order, attempt=2, status=InvoiceStatus.CANCELED, invoice_reference="31"
    )
    invoice_notified(second.notify_key)
    return MoneyCase.objects.get(kind=CaseKind.DUPLICATE_PAYMENT)


def cases(kind: CaseKind) -> list[MoneyCase]:
    return list(MoneyCase.objects.filter(kind=kind).order_by("id"))


def test_a_whole_day_is_matched_and_each_unknown_refund_has_its_proposal(
    sandbox: SandboxProcess, clerk: User
) -> None:
    first, second, third = (paid_invoice(sandbox) for _ in range(3))
    refunded_amount = refund_of(first, "5.00", clerk)
    happened = refund_whose_answer_is_lost(sandbox, second, "12.00", clerk)
    did_not = refund_that_seqr_did_not_make(sandbox, third, "7.00", clerk)
    before = suggest_refund_outcome(happened), suggest_refund_outcome(did_not)

    period = reconcile_day(sandbox)

    for refund in (happened, did_not):
        refund.refresh_from_db()
    assert match_results(period) == [V.SALE, V.SALE, V.SALE, V.REFUND, V.MAYBE_REFUND]
    ours = [row.invoice or row.refund for row in period.rows.order_by("position")]
    assert ours == [first, second, third, refunded_amount, None]
    assert [proposal.was_refunded for proposal in before] == [None, None]
    row = period.rows.get(match_result=V.MAYBE_REFUND)
    proposal = suggest_refund_outcome(happened)
    assert (proposal.was_refunded, proposal.ers_reference) == (True, row.ers_reference)
    assert suggest_refund_outcome(did_not).was_refunded is False
    assert {happened.status, did_not.status} == {RefundStatus.UNKNOWN}
    assert cases(CaseKind.REPORT_DIFFERS) == []


def test_a_refund_settled_as_proposed_is_matched_by_the_next_report(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = refund_whose_answer_is_lost(sandbox, paid_invoice(sandbox), "12.00", clerk)
    period = reconcile_day(sandbox)
    proposal = suggest_refund_outcome(refund)
    resolve_unknown_refund(
        refund.pk,
        by_staff(clerk),
        was_refunded=True,
        reason="the report",
        ers_reference=proposal.ers_reference,
    )
    advance_one_day()

    reconcile_day(sandbox)

    assert match_results(period) == [V.SALE, V.REFUND]
    assert MoneyCase.objects.filter(closed_at=None).count() == 0


def test_a_refund_settled_against_the_report_is_told_by_the_next_one(
    sandbox: SandboxProcess, clerk: User
) -> None:
    refund = refund_whose_answer_is_lost(sandbox, paid_invoice(sandbox), "12.00", clerk)
    period = reconcile_day(sandbox)
    resolve_unknown_refund(refund.pk, by_staff(clerk), was_refunded=False, reason="a guess")
    advance_one_day()

    reconcile_day(sandbox)

    assert match_results(period) == [V.SALE, V.UNKNOWN_REFUND]
    assert [case.period for case in cases(CaseKind.REPORT_DIFFERS)] == [period]


def test_where_one_row_may_be_either_of_two_refunds_nobody_guesses(
    sandbox: SandboxProcess, clerk: User
) -> None:
    one = refund_whose_answer_is_lost(sandbox, paid_invoice(sandbox), "12.00", clerk)
    other = refund_that_seqr_did_not_make(sandbox, paid_invoice(sandbox), "12.00", clerk)

    reconcile_day(sandbox)

    proposals = [suggest_refund_outcome(one), suggest_refund_outcome(other)]
    assert [proposal.was_refunded for proposal in proposals] == [None, None]
    assert "1 of 2 unknown refunds" in proposals[0].reason


def test_two_equal_refunds_that_both_happened_have_a_row_each(
    sandbox: SandboxProcess, clerk: User
) -> None:
    one = refund_whose_answer_is_lost(sandbox, paid_invoice(sandbox), "12.00", clerk)
    other = refund_whose_answer_is_lost(sandbox, paid_invoice(sandbox), "12.00", clerk)

    period = reconcile_day(sandbox)

    proposed = [suggest_refund_outcome(refund).ers_reference for refund in (one, other)]
    rows = period.rows.filter(match_result=V.MAYBE_REFUND).order_by("position")
    assert proposed == [row.ers_reference for row in rows]


def test_a_refund_under_its_payments_reference_is_matched_too(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund = refund_of(invoice, "5.00", clerk)
    assert refund.ers_reference is not None
    own, payments = refund.ers_reference, str(invoice.ers_reference)
    seqr_proxy.rewrite = lambda answer: answer.replace(own, payments)

    period = reconcile_day(sandbox)

    assert match_results(period) == [V.SALE, V.REFUND]


def test_a_refund_in_a_lost_period_is_not_known_yet(sandbox: SandboxProcess, clerk: User) -> None:
    refund = refund_that_seqr_did_not_make(sandbox, paid_invoice(sandbox), "12.00", clerk)
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    lost = reconcile_day(sandbox)
    advance_one_day()
    reconcile_day(sandbox)
    refund.refresh_from_db()
    before = suggest_refund_outcome(refund).was_refunded

    lost_id = _first_period_id(sandbox)
    resolve_lost_period(lost.pk, by_staff(clerk), transaction_period_id=lost_id, reason="by phone")

    assert before is None
    assert suggest_refund_outcome(refund).was_refunded is False


def _first_period_id(sandbox: SandboxProcess) -> str:
    answer = sandbox.calls("markTransactionPeriod")[0]["response"]
    return str(answer).partition("<transactionPeriodId>")[2].partition("<")[0]


def test_one_case_tells_all_that_differs(sandbox: SandboxProcess) -> None:
    paid_invoice(sandbox)
    other_amount = paid_invoice(sandbox)
    Invoice.objects.filter(pk=other_amount.pk).update(amount="44.00", paid_amount="44.00")
    unknown = unrecorded_sale(sandbox)
    payment_that_seqr_does_not_know()

    period = reconcile_day(sandbox)
    fetch_report(period.pk, BY_TEST)

    [case] = cases(CaseKind.REPORT_DIFFERS)
    assert match_results(period) == [V.SALE, V.AMOUNT_DIFFERS, V.UNKNOWN_SALE, V.MISSING]
    assert case.period == period
    for told in (
        f"unknown sales (1): {unknown}",
        f"different amounts (1): {other_amount.ers_reference}",
        "missing payments (1): NOWHERE",
    ):
        assert told in case.summary


def test_a_case_closed_by_a_person_stays_closed_until_there_is_something_new(
    sandbox: SandboxProcess,
) -> None:
    unrecorded_sale(sandbox)
    reconcile_day(sandbox)
    [case] = cases(CaseKind.REPORT_DIFFERS)
    MoneyCase.objects.update(closed_at=database_now(), closing_reason="a till of the festival")
    advance_one_day()

    reconcile_day(sandbox)

    assert cases(CaseKind.REPORT_DIFFERS) == [case]


def test_a_sale_that_we_learn_of_later_closes_the_case_by_itself(
    sandbox: SandboxProcess,
) -> None:
    unknown = unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)
    refresh_invoice(Invoice.objects.get().pk, ChangeSource(SourceName.POLLER))
    advance_one_day()

    following = reconcile_day(sandbox)

    assert Invoice.objects.get().ers_reference == unknown
    assert (match_results(period), match_results(following)) == ([V.SALE], [])
    [case] = cases(CaseKind.REPORT_DIFFERS)
    assert case.closing_reason == "the report now agrees with the shop's records"


@pytest.mark.parametrize(
    ("ago", "missing"),
    [
        (timedelta(seconds=30), [[], [V.MISSING]]),  # at the border: the next report may have it
        (timedelta(minutes=10), [[V.MISSING], []]),
        (timedelta(days=3), [[], []]),  # before our first period: nobody compared it then
    ],
    ids=["at the border", "well inside", "long before"],
)
def test_a_payment_is_missing_once_no_report_can_have_it_any_more(
    sandbox: SandboxProcess, ago: timedelta, missing: list[list[str]]
) -> None:
    payment_that_seqr_does_not_know(ago)
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    first = TransactionPeriod.objects.get()
    told = [match_results(first)]
    advance_one_day()

    second = reconcile_day(sandbox)

    told.append(match_results(second))
    assert told == missing


def test_a_payment_at_the_border_is_found_in_the_next_report(sandbox: SandboxProcess) -> None:
    period = TransactionPeriod.objects.get(pk=periods_due(database_now())[0])
    advance_period(period.pk)
    sale = paid_invoice(sandbox)
    run_due_periods(sandbox)
    advance_one_day()

    following = reconcile_day(sandbox)

    assert (match_results(period), [row.invoice for row in following.rows.all()]) == ([], [sale])
    assert MoneyCase.objects.count() == 0


def test_a_payment_before_a_lost_mark_is_not_called_missing_until_the_id_is_known(
    sandbox: SandboxProcess, clerk: User
) -> None:
    payment_that_seqr_does_not_know()
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    lost = reconcile_day(sandbox)
    advance_one_day()
    following = reconcile_day(sandbox)
    before = match_results(following)

    resolve_lost_period(
        lost.pk,
        by_staff(clerk),
        transaction_period_id=_first_period_id(sandbox),
        reason="by phone",
    )

    assert (before, match_results(lost)) == ([], [V.MISSING])


def test_a_payment_told_twice_is_a_difference(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess
) -> None:
    first, second = (str(paid_invoice(sandbox).ers_reference) for _ in range(2))
    seqr_proxy.rewrite = lambda answer: answer.replace(second, first)

    period = reconcile_day(sandbox)

    assert match_results(period) == [V.SALE, V.REPEATED, V.MISSING]


def test_another_terminals_sale_is_kept_and_is_nobodys_case(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess
) -> None:
    unknown = unrecorded_sale(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace("public_test_shop_terminal", "till-7")
    elsewhere = reconcile_day(sandbox)
    before = match_results(elsewhere)
    paid_invoice(sandbox)
    unrecorded_sale(sandbox)
    advance_one_day()

    ours = reconcile_day(sandbox)

    assert before == [V.ELSEWHERE]
    assert elsewhere.rows.get().ers_reference == unknown
    # Now the report calls our own terminal so, as the payment that we know shows.
    assert match_results(ours) == [V.SALE, V.UNKNOWN_SALE]


@pytest.mark.parametrize(
    ("pattern", "instead", "why"),
    [
        (r"(TransactionPeriodId&gt;)\d+", r"\g<1>77", "of another period"),
        ("TransactionDetails", "CashierTransactionSummary", "has sums"),
    ],
)
def test_a_report_of_another_period_or_of_sums_is_not_compared(
    seqr_proxy: FaultProxy, sandbox: SandboxProcess, pattern: str, instead: str, why: str
) -> None:
    run_due_periods(sandbox)
    sandbox.advance(3)
    period = TransactionPeriod.objects.get()
    seqr_proxy.rewrite = lambda answer: re.sub(pattern, instead, _without_base64(answer))

    with pytest.raises(SeqrProtocolError, match=why):
        fetch_report(period.pk, BY_TEST, force=True)

    period.refresh_from_db()
    assert (period.status, period.rows.count()) == (PeriodStatus.MARKED, 0)


def _without_base64(answer: str) -> str:
    return re.sub("<content>.*</content>", "", answer, flags=re.DOTALL)


def test_a_second_payment_that_no_report_shows_closes_its_case(sandbox: SandboxProcess) -> None:
    case = second_payment_case()

    reconcile_day(sandbox)

    case.refresh_from_db()
    assert case.closed_at is not None
    assert "SEQR reversed the payment" in case.closing_reason


def test_a_second_payment_at_the_border_waits_for_the_next_report(
    sandbox: SandboxProcess,
) -> None:
    case = second_payment_case()
    run_due_periods(sandbox)
    run_due_periods(sandbox)
    case.refresh_from_db()
    early = case.closed_at
    advance_one_day()

    reconcile_day(sandbox)

    case.refresh_from_db()
    assert early is None
    assert case.closed_at is not None


def test_a_sale_that_may_be_the_second_payment_keeps_its_case_open_and_is_named(
    sandbox: SandboxProcess,
) -> None:
    case = second_payment_case()
    unknown = unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)

    fetch_report(period.pk, BY_TEST)

    case.refresh_from_db()
    note = AuditEvent.objects.get(
        subject_type=SubjectType.CASE, subject_id=case.pk, name="possible_matching_sale"
    )
    assert case.closed_at is None
    assert unknown in note.detail


def test_a_report_fetched_again_gives_the_same_rows(sandbox: SandboxProcess) -> None:
    paid_invoice(sandbox)
    unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)
    before = list(PeriodRow.objects.values_list("position", "match_result", "ers_reference"))

    fetch_report(period.pk, BY_TEST)

    after = list(PeriodRow.objects.values_list("position", "match_result", "ers_reference"))
    again = AuditEvent.objects.filter(subject_type=SubjectType.PERIOD, name="report_fetched_again")
    assert before == after
    assert again.count() == 1
    assert len(cases(CaseKind.REPORT_DIFFERS)) == 1


@pytest.mark.django_db(transaction=True)
def test_four_who_fetch_a_report_at_once_keep_it_once(sandbox: SandboxProcess) -> None:
    paid_invoice(sandbox)
    unrecorded_sale(sandbox)
    run_due_periods(sandbox)
    advance_time(timedelta(hours=1))
    sandbox.advance(3)
    period = TransactionPeriod.objects.get()

    run_concurrently(4, lambda: fetch_report(period.pk, BY_TEST, force=True))

    assert match_results(period) == [V.SALE, V.UNKNOWN_SALE]
    assert len(cases(CaseKind.REPORT_DIFFERS)) == 1
