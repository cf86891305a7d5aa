"""submitPaymentReceipt: until SEQR has accepted it, and not once more."""

import base64
import re
from datetime import timedelta
from typing import NoReturn

import pytest
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments.gateway import seqr
from payments.invoices.refresh import refresh_invoice
from payments.models import Invoice, InvoiceStatus, MoneyCase, PaymentPause
from payments.receipts import submit
from payments.receipts.document import has_receipt
from payments.receipts.submit import MOST_REFUSALS, submit_receipt
from payments.recovery import find_work
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def paid_invoice(sandbox: SandboxProcess) -> Invoice:
    """An invoice that its customer has paid, and we know it."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    refresh_invoice(invoice.pk, ChangeSource(SourceName.POLLER))
    return reloaded(invoice)


def answers(proxy: FaultProxy, code: int) -> None:
    """Let SEQR answer receipts with this code."""
    proxy.rewrite = lambda answer: re.sub(
        r"(submitPaymentReceiptResponse.*<resultCode>)\d+", rf"\g<1>{code}", answer, flags=re.DOTALL
    )


def let_pause_end(invoice: Invoice) -> None:
    """Let so much time pass that the receipt may be tried again."""
    Invoice.objects.filter(pk=invoice.pk).update(
        receipt_lease_until=database_now() - timedelta(seconds=1)
    )


def pause(invoice: Invoice) -> float:
    """Return the seconds until the receipt may be tried again."""
    until = reloaded(invoice).receipt_lease_until
    assert until is not None
    return (until - database_now()).total_seconds()


def killed(_receipt: object) -> NoReturn:
    raise SystemExit


def is_due(invoice: Invoice) -> bool:
    return find_work().receipts_to_submit == [invoice.pk]


def documents(sandbox: SandboxProcess) -> list[str]:
    """Return the receipts that SEQR has been given, as HTML."""
    requests = [call["request"] for call in sandbox.calls("submitPaymentReceipt")]
    found = [re.search(r"<receiptData>(.*?)</receiptData>", text, re.DOTALL) for text in requests]
    return [base64.b64decode(each[1]).decode() for each in found if each]


def test_a_paid_invoices_receipt_is_accepted_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)
    was_due = is_due(invoice)

    for _ in range(3):
        submit_receipt(invoice.pk)

    assert was_due
    assert not is_due(invoice)
    assert reloaded(invoice).receipt_accepted_at is not None
    assert call_count(sandbox, "submitPaymentReceipt") == 1
    assert event_names(invoice)[-1] == "receipt_accepted"
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")


def test_seqr_gets_the_whole_receipt_and_nothing_personal(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)

    submit_receipt(invoice.pk)

    (html,) = documents(sandbox)
    for words in (
        invoice.order.shop.name,
        invoice.order.number,
        "2 × Kanelbulle",
        "22,50\xa0kr",
        "45,00\xa0kr",
        ">40,18<",
        ">4,82<",
        reference(invoice),
        str(invoice.ers_reference),
        invoice.payment_reference,
    ):
        assert words
        assert words in html
    assert "46700000001" not in html
    assert invoice.order.customer.subscriber_key not in html
    request = sandbox.calls("submitPaymentReceipt")[0]["request"]
    assert f"<ersReference>{invoice.ers_reference}</ersReference>" in request
    assert "<mimeType>text/html</mimeType>" in request
    assert "<receiptType>RECEIPT</receiptType>" in request


def test_while_seqr_is_away_the_receipt_waits_and_is_then_accepted(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, settings: Settings
) -> None:
    answers(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)
    address, settings.SEQR_SERVICE_URL = settings.SEQR_SERVICE_URL, "http://127.0.0.1:9/soap"
    seqr.cache_clear()
    pauses = []
    for _ in range(3):
        submit_receipt(invoice.pk)
        pauses.append(pause(invoice))
        let_pause_end(invoice)

    settings.SEQR_SERVICE_URL = address
    seqr.cache_clear()
    submit_receipt(invoice.pk)

    assert pauses == [pytest.approx(seconds, abs=2) for seconds in (5, 10, 20)]
    assert event_names(invoice)[-2:] == ["receipt_deferred", "receipt_accepted"]
    assert call_count(sandbox, "submitPaymentReceipt") == 1


def test_pauses_grow_to_an_hour_and_no_further(sandbox: SandboxProcess, seqr_away: None) -> None:
    invoice = invoice_in(S.PAID, receipt_attempts=500)

    submit_receipt(invoice.pk)

    assert pause(invoice) == pytest.approx(3600, abs=5)


def test_after_a_lost_answer_the_same_document_is_sent_again(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)
    seqr_proxy.lose_answers = True
    submit_receipt(invoice.pk)
    unknown = reloaded(invoice).receipt_accepted_at

    seqr_proxy.lose_answers = False
    let_pause_end(invoice)
    submit_receipt(invoice.pk)

    assert unknown is None
    assert len(documents(sandbox)) > 1
    assert len(set(documents(sandbox))) == 1
    assert reloaded(invoice).receipt_accepted_at is not None


def test_two_workers_at_once_submit_one_receipt(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)

    run_concurrently(5, lambda: submit_receipt(invoice.pk))

    assert call_count(sandbox, "submitPaymentReceipt") == 1
    assert event_names(invoice).count("receipt_accepted") == 1


def test_a_worker_killed_half_way_leaves_the_receipt_to_the_next(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submit, "receipt_html", killed)
        with pytest.raises(SystemExit):
            submit_receipt(invoice.pk)
    held = is_due(invoice)
    let_pause_end(invoice)
    submit_receipt(invoice.pk)

    assert not held
    assert reloaded(invoice).receipt_accepted_at is not None


@pytest.mark.parametrize("code", [23, 10, 91, 55, 95])
def test_a_refusal_that_does_not_change_is_told_and_then_left(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, code: int
) -> None:
    answers(seqr_proxy, code)
    invoice = paid_invoice(sandbox)

    for _ in range(MOST_REFUSALS + 2):
        submit_receipt(invoice.pk)
        let_pause_end(invoice)

    assert call_count(sandbox, "submitPaymentReceipt") == MOST_REFUSALS
    assert not is_due(invoice)
    assert event_names(invoice)[-2:] == ["receipt_refused", "receipt_abandoned"]
    last = AuditEvent.objects.filter(
        subject_type=SubjectType.INVOICE, subject_id=invoice.pk
    ).latest("id")
    assert last.result_code == code
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")


def test_seqr_may_change_its_mind_about_a_refusal(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 23)
    invoice = paid_invoice(sandbox)
    submit_receipt(invoice.pk)
    let_pause_end(invoice)

    answers(seqr_proxy, 0)
    submit_receipt(invoice.pk)

    assert event_names(invoice)[-2:] == ["receipt_refused", "receipt_accepted"]


@pytest.mark.parametrize("code", [90, 93, 4711])
def test_what_may_pass_is_tried_for_ever_and_told_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, code: int
) -> None:
    answers(seqr_proxy, code)
    invoice = paid_invoice(sandbox)

    for _ in range(MOST_REFUSALS + 2):
        submit_receipt(invoice.pk)
        let_pause_end(invoice)

    assert is_due(invoice)
    assert event_names(invoice).count("receipt_deferred") == 1
    assert MoneyCase.objects.count() == 0


def test_settings_refused_for_receipts_alone_open_a_case_and_leave_paying_open(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answers(seqr_proxy, 21)
    invoice = paid_invoice(sandbox)
    for _ in range(MOST_REFUSALS + 2):
        submit_receipt(invoice.pk)
        let_pause_end(invoice)
    case = MoneyCase.objects.get()

    answers(seqr_proxy, 0)
    submit_receipt(invoice.pk)

    case.refresh_from_db()
    assert case.key == "submitPaymentReceipt code 21"
    assert case.closing_reason == "SEQR has accepted submitPaymentReceipt since"
    assert not PaymentPause.objects.exists()
    assert event_names(invoice).count("receipt_deferred") == 1


def test_an_amount_that_differs_has_no_receipt_until_a_person_has_looked(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(">45.00<", ">4.50<")
    refresh_invoice(invoice.pk, ChangeSource(SourceName.POLLER))

    submit_receipt(invoice.pk)

    assert reloaded(invoice).status == S.PAID
    assert not is_due(invoice)
    assert not has_receipt(reloaded(invoice))
    assert call_count(sandbox, "submitPaymentReceipt") == 0


def test_rows_that_do_not_add_up_are_put_off_and_told(sandbox: SandboxProcess) -> None:
    invoice = invoice_in(S.PAID)  # over 45.00, without rows

    submit_receipt(invoice.pk)

    assert event_names(invoice) == ["receipt_deferred"]
    assert call_count(sandbox, "submitPaymentReceipt") == 0


@pytest.mark.parametrize("status", [each for each in S if each != S.PAID])
def test_what_is_not_paid_has_no_receipt(sandbox: SandboxProcess, status: InvoiceStatus) -> None:
    invoice = invoice_in(status)

    submit_receipt(invoice.pk)

    assert find_work().receipts_to_submit == []
    assert not has_receipt(invoice)
    assert call_count(sandbox, "submitPaymentReceipt") == 0


def test_a_paid_invoice_is_due_whether_seqr_told_the_amount_or_not() -> None:
    silent = invoice_in(S.PAID)
    same = invoice_in(S.PAID, ers_reference="B", paid_amount="45.00", paid_currency="SEK")
    invoice_in(S.PAID, ers_reference="C", paid_amount="45.00", paid_currency="EUR")

    assert find_work().receipts_to_submit == [silent.pk, same.pk]
