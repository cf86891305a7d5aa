"""Transaction periods in the admin: unexplained rows, reports fetched again, lost periods."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import AuditEvent, SubjectType
from payments import tasks
from payments.models import MoneyCase, PeriodRow, PeriodStatus, Refund, TransactionPeriod
from payments.refunds.refund import request_refund
from payments.refunds.send import send_refund
from tests.payments.reconciliation.steps import (
    last_period_id_at_seqr,
    reconcile_day,
    run_due_periods,
    unrecorded_sale,
)
from tests.payments.steps import other_terminal, paid_invoice
from tests.sandbox_process import SandboxProcess
from tests.staff import (
    list_url,
    listed,
    page_url,
    run_action,
    shown_messages,
    staff,
    superuser,
    user_of,
)

pytestmark = pytest.mark.django_db


def lost_period(sandbox: SandboxProcess) -> TransactionPeriod:
    sandbox.fault("markTransactionPeriod", "drop", count=1)
    return reconcile_day(sandbox)


def resolve_url(period: TransactionPeriod) -> str:
    return reverse("admin:payments_transactionperiod_resolve", args=[period.pk])


def unknown_refund(sandbox: SandboxProcess) -> Refund:
    """Return a refund of 12.00 SEK whose answer was lost."""
    sandbox.fault("refundPayment", "drop", count=1)
    refund, _ = request_refund(
        paid_invoice(sandbox).pk, Decimal("12.00"), "cold", by_staff(user_of(superuser())), "a form"
    )
    send_refund(refund.pk)
    return refund


def test_page_shows_unexplained_rows_and_links_to_all_rows(
    sandbox: SandboxProcess,
) -> None:
    known = paid_invoice(sandbox)
    unknown = unrecorded_sale(sandbox)
    period = reconcile_day(sandbox)
    client = superuser()

    periods = listed(client, TransactionPeriod)
    page = client.get(page_url(period)).content.decode()
    rows = listed(client, PeriodRow, period__id__exact=str(period.pk))

    assert [row.unexplained_count for row in periods] == [1]
    assert unknown in page
    assert re.search(r"[ >]\d+\.\d\d\s*<", page)
    assert str(known.ers_reference) not in page
    assert f'<a href="{list_url(PeriodRow)}?period__id__exact={period.pk}">2 rows</a>' in page
    assert "period reconciled" in page
    assert [row.invoice for row in rows] == [known, None]


def test_list_shows_the_labels_of_the_terminals_and_is_filtered_by_them(
    sandbox: SandboxProcess,
) -> None:
    till = other_terminal()
    period = reconcile_day(sandbox)
    client = superuser()

    page = client.get(list_url(TransactionPeriod)).content.decode()
    of_till = listed(client, TransactionPeriod, terminal__id__exact=str(till.pk))

    assert "Till 1" in page
    assert "Till 2" in page
    assert [each.terminal for each in of_till] == [till]
    assert period.terminal != till
    assert "Till 1" in client.get(page_url(period)).content.decode()


def test_case_links_to_its_period(sandbox: SandboxProcess) -> None:
    period = lost_period(sandbox)

    page = superuser().get(page_url(MoneyCase.objects.get())).content.decode()

    assert page_url(period) in page
    assert "Ask SEQR whether it closed a transaction period" in page


def test_report_is_fetched_again_by_a_worker_at_once(sandbox: SandboxProcess) -> None:
    run_due_periods(sandbox)
    TransactionPeriod.objects.update(lease_until=database_now().replace(year=2200))
    fetched_before = len(sandbox.calls("executeReport"))
    client = superuser()

    shown = run_action(client, "fetch_again", TransactionPeriod.objects.get())
    fetched_by_web_process = len(sandbox.calls("executeReport")) - fetched_before
    run_due_periods(sandbox)

    period = TransactionPeriod.objects.get()
    requested = AuditEvent.objects.get(subject_type=SubjectType.PERIOD, name="report_requested")
    assert shown == [f"The report is being fetched; see the history: {period}."]
    assert fetched_by_web_process == 0
    assert period.status == PeriodStatus.RECONCILED
    assert requested.actor == user_of(client)


def test_lost_period_has_no_report_to_fetch(sandbox: SandboxProcess) -> None:
    period = lost_period(sandbox)

    assert run_action(superuser(), "fetch_again", period) == [f"SEQR has no report: {period}."]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"closed": "yes", "reason": "by phone"}, "Enter the ID that SEQR gave you."),
        ({"closed": "no", "reason": " "}, "This field is required."),
        (
            {"closed": "yes", "transaction_period_id": "77", "reason": "by phone"},
            "SEQR refused (executeReport: SEQR answered 10 REJECTED_BUSINESS_LOGIC).",
        ),
    ],
)
def test_invalid_outcome_is_refused_with_a_message(
    sandbox: SandboxProcess, given: dict[str, str], error: str
) -> None:
    period = lost_period(sandbox)

    page = superuser().post(resolve_url(period), given)

    assert error in page.content.decode()
    assert TransactionPeriod.objects.get().status == PeriodStatus.LOST


def test_entering_the_lost_id_fetches_the_report(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueued: list[tuple[object, ...]] = []
    sale = paid_invoice(sandbox)
    period = lost_period(sandbox)
    client = superuser()
    shown = run_action(client, "resolve", period)
    given = {"closed": "yes", "transaction_period_id": last_period_id_at_seqr(sandbox)}

    with monkeypatch.context() as patch:
        patch.setattr("payments.tasks.enqueue", lambda task, *args: enqueued.append((task, *args)))
        response = client.post(resolve_url(period), given | {"reason": "by phone"})
    run_due_periods(sandbox)

    case = MoneyCase.objects.get()
    assert (shown, shown_messages(response)) == ([], ["The outcome is recorded."])
    assert enqueued == [(tasks.advance_period, period.pk)]
    assert [row.invoice for row in period.rows.all()] == [sale]
    assert (case.closed_by, case.closing_reason) == (user_of(client), "by phone")


def test_fetching_and_resolving_need_their_permission(sandbox: SandboxProcess) -> None:
    period = lost_period(sandbox)
    client = staff("payments.view_transactionperiod", "payments.view_periodrow")

    page = client.get(page_url(period))
    response = client.post(resolve_url(period), {"closed": "no", "reason": "x"})

    assert "Record the outcome" not in page.content.decode()
    assert response.status_code == 403
    assert TransactionPeriod.objects.get().status == PeriodStatus.LOST


def test_refund_outcome_form_is_filled_in_from_the_report(
    sandbox: SandboxProcess,
) -> None:
    refund = unknown_refund(sandbox)
    page = reverse("admin:payments_refund_resolve", args=[refund.pk])
    client = superuser()
    before = client.get(page).content.decode()
    reconcile_day(sandbox)

    after = client.get(page).content.decode()

    row = PeriodRow.objects.get(amount__lt=0)
    assert "Not known yet" in before
    assert "checked" not in before
    assert "The money was returned" in after
    assert f"report of {row.period.day} has it as {row.ers_reference}." in after
    assert f'name="ers_reference" value="{row.ers_reference}"' in after
    assert re.search(r'value="yes"[^>]* id="id_was_refunded_0" checked', after)
