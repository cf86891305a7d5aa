"""Transaction periods in the admin: what the reports show, and what a person does about it."""

from decimal import Decimal

import pytest
from django.urls import reverse

from orders.clock import database_now
from payments.models import MoneyCase, PeriodRow, PeriodStatus, Refund, TransactionPeriod
from payments.refunds.refund import request_refund, send_refund
from tests.payments.reconciliation.nights import a_night, id_that_was_lost, sale_unknown_to_us, work
from tests.payments.steps import paid_invoice
from tests.sandbox_process import SandboxProcess
from tests.staff import boss, find, list_url, page_url, run, staff, told, user_of

pytestmark = pytest.mark.django_db


def lost_period(sandbox: SandboxProcess) -> TransactionPeriod:
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    return a_night(sandbox)


def settle_url(period: TransactionPeriod) -> str:
    return reverse("admin:payments_transactionperiod_settle", args=[period.pk])


def unknown_refund(sandbox: SandboxProcess) -> Refund:
    """Give 12.00 SEK back whose answer is lost."""
    sandbox.fault("refundPayment", "drop", count=1)
    refund, _ = request_refund(
        paid_invoice(sandbox).pk, Decimal("12.00"), "cold", user_of(boss()), "a form"
    )
    send_refund(refund.pk)
    return refund


def test_a_periods_page_shows_what_is_not_explained_and_leads_to_all_rows(
    sandbox: SandboxProcess,
) -> None:
    known = paid_invoice(sandbox)
    unknown = sale_unknown_to_us(sandbox)
    period = a_night(sandbox)
    client = boss()

    listed = find(client, TransactionPeriod)
    page = client.get(page_url(period)).content.decode()
    rows = find(client, PeriodRow, period__id__exact=str(period.pk))

    assert [row.number_of_unexplained for row in listed] == [1]
    assert unknown in page
    assert str(known.ers_reference) not in page
    assert f'<a href="{list_url(PeriodRow)}?period__id__exact={period.pk}">2 rows</a>' in page
    assert "period compared" in page
    assert [row.invoice for row in rows] == [known, None]


def test_a_case_leads_to_its_period(sandbox: SandboxProcess) -> None:
    period = lost_period(sandbox)

    page = boss().get(page_url(MoneyCase.objects.get())).content.decode()

    assert page_url(period) in page
    assert "Ask SEQR whether it closed a transaction period" in page


def test_a_report_is_fetched_again_and_seqrs_answer_is_told(sandbox: SandboxProcess) -> None:
    period = a_night(sandbox)
    client = boss()
    fetched = run(client, "fetch_again", period)
    sandbox.fault("executeReport", "result_code", count=1, code=20)
    refused = run(client, "fetch_again", period)
    sandbox.fault("executeReport", "result_code", count=1, code=93)

    unanswered = run(client, "fetch_again", period)

    assert fetched == [f"Fetched and compared: {period}."]
    assert "SEQR refused" in refused[-1]
    assert "No answer from SEQR" in unanswered[-1]
    assert TransactionPeriod.objects.get().status == PeriodStatus.RECONCILED
    assert MoneyCase.objects.count() == 0


def test_a_person_need_not_wait_for_the_nights_next_try(sandbox: SandboxProcess) -> None:
    work(sandbox)
    TransactionPeriod.objects.update(lease_until=database_now().replace(year=2200))
    sandbox.advance(3)

    run(boss(), "fetch_again", TransactionPeriod.objects.get())

    assert TransactionPeriod.objects.get().status == PeriodStatus.RECONCILED


def test_a_lost_period_has_no_report_to_fetch(sandbox: SandboxProcess) -> None:
    period = lost_period(sandbox)

    assert run(boss(), "fetch_again", period) == [f"SEQR has no report of it: {period}."]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"closed": "yes", "reason": "by phone"}, "Enter the id that SEQR told."),
        ({"closed": "no", "reason": " "}, "This field is required."),
        (
            {"closed": "yes", "transaction_period_id": "77", "reason": "by phone"},
            "SEQR refused (executeReport: SEQR answered 10 REJECTED_BUSINESS_LOGIC).",
        ),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    sandbox: SandboxProcess, given: dict[str, str], said: str
) -> None:
    period = lost_period(sandbox)

    page = boss().post(settle_url(period), given)

    assert said in page.content.decode()
    assert TransactionPeriod.objects.get().status == PeriodStatus.LOST


def test_the_id_that_support_told_is_entered_and_the_report_is_there(
    sandbox: SandboxProcess,
) -> None:
    sale = paid_invoice(sandbox)
    period = lost_period(sandbox)
    client = boss()
    shown = run(client, "settle", period)
    given = {"closed": "yes", "transaction_period_id": id_that_was_lost(sandbox)}

    answer = client.post(settle_url(period), given | {"reason": "by phone"})

    case = MoneyCase.objects.get()
    assert (shown, told(answer)) == ([], ["Settled."])
    assert [row.invoice for row in period.rows.all()] == [sale]
    assert (case.closed_by, case.closing_reason) == (user_of(client), "by phone")


def test_who_may_only_look_neither_fetches_nor_settles(sandbox: SandboxProcess) -> None:
    period = lost_period(sandbox)
    client = staff("payments.view_transactionperiod", "payments.view_periodrow")

    page = client.get(page_url(period))
    answer = client.post(settle_url(period), {"closed": "no", "reason": "x"})

    assert "Settle" not in page.content.decode()
    assert answer.status_code == 403
    assert TransactionPeriod.objects.get().status == PeriodStatus.LOST


def test_the_page_that_settles_a_refund_is_filled_in_as_the_report_shows(
    sandbox: SandboxProcess,
) -> None:
    refund = unknown_refund(sandbox)
    page = reverse("admin:payments_refund_settle", args=[refund.pk])
    client = boss()
    before = client.get(page).content.decode()
    a_night(sandbox)

    after = client.get(page).content.decode()

    row = PeriodRow.objects.get(amount__lt=0)
    assert "Not known yet" in before
    assert "checked" not in before
    assert f"It went back: the report of {row.period.day} has it as {row.ers_reference}." in after
    assert f'name="ers_reference" value="{row.ers_reference}"' in after
    assert 'value="yes" required id="id_went_back_0" checked' in after
