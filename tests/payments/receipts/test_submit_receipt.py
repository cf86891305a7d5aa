"""submitPaymentReceipt: each receipt is submitted until SEQR accepts it, and once only."""

from unittest.mock import Mock

import pytest
from pytest_django import Settings

from orders.models import AuditEvent, SubjectType
from payments.gateway import forget_connections
from payments.models import (
    MAX_RECEIPT_REFUSALS,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PaymentPause,
)
from payments.receipts import submit
from payments.receipts.document import has_receipt
from payments.receipts.submit import submit_receipts
from payments.recovery import find_work
from tests.fault_proxy import FaultProxy
from tests.payments.receipts.steps import (
    answer_receipts,
    documents,
    end_pause,
    is_due,
    remaining_pause,
)
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    paid_invoice,
    reference,
    refresh,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def submit_repeatedly(invoice: Invoice) -> None:
    """Submit the receipt more often than refusals are allowed, each time after the pause."""
    for _ in range(MAX_RECEIPT_REFUSALS + 2):
        submit_receipts([invoice.pk])
        end_pause(invoice)


def test_receipt_of_paid_invoice_is_accepted_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)
    was_due = is_due(invoice)

    for _ in range(3):
        submit_receipts([invoice.pk])

    assert was_due
    assert not is_due(invoice)
    assert reloaded(invoice).receipt_accepted_at is not None
    assert call_count(sandbox, "submitPaymentReceipt") == 1
    assert event_names(invoice)[-1] == "receipt_accepted"
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")


def test_submitted_receipt_is_complete_and_has_no_personal_data(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)

    submit_receipts([invoice.pk])

    (html,) = documents(sandbox)
    for text in (
        invoice.order.shop.name,
        invoice.order.number,
        "2 × Kanelbulle",
        "22,50\xa0kr",
        "45,00\xa0kr",
        ">40,18<",
        ">4,82<",
        "Lyktan Kafé AB",
        "556677-8899",
        "Kvittonummer",
        str(invoice.ers_reference),
    ):
        assert text in html
    assert "46700000001" not in html
    assert invoice.order.customer.subscriber_key not in html
    request = sandbox.calls("submitPaymentReceipt")[0]["request"]
    assert f"<ersReference>{invoice.ers_reference}</ersReference>" in request
    assert "<mimeType>text/html</mimeType>" in request
    assert "<receiptType>RECEIPT</receiptType>" in request


def test_receipt_is_deferred_while_seqr_is_down_and_accepted_afterwards(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, settings: Settings
) -> None:
    answer_receipts(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)
    address, settings.SEQR_SERVICE_URL = settings.SEQR_SERVICE_URL, "http://127.0.0.1:9/soap"
    forget_connections()
    pauses = []
    for _ in range(3):
        submit_receipts([invoice.pk])
        pauses.append(remaining_pause(invoice))
        end_pause(invoice)

    settings.SEQR_SERVICE_URL = address
    forget_connections()
    submit_receipts([invoice.pk])

    assert pauses == [pytest.approx(seconds, abs=2) for seconds in (5, 10, 20)]
    assert event_names(invoice)[-2:] == ["receipt_deferred", "receipt_accepted"]
    assert call_count(sandbox, "submitPaymentReceipt") == 1


def test_pause_is_at_most_an_hour(sandbox: SandboxProcess, seqr_away: None) -> None:
    invoice = invoice_in(S.PAID, receipt_attempts=500)

    submit_receipts([invoice.pk])

    assert remaining_pause(invoice) == pytest.approx(3600, abs=5)


def test_same_document_is_submitted_again_after_lost_answer(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)
    seqr_proxy.lose_answers = True
    submit_receipts([invoice.pk])
    accepted_after_lost_answer = reloaded(invoice).receipt_accepted_at

    seqr_proxy.lose_answers = False
    end_pause(invoice)
    submit_receipts([invoice.pk])

    assert accepted_after_lost_answer is None
    assert len(documents(sandbox)) > 1
    assert len(set(documents(sandbox))) == 1
    assert reloaded(invoice).receipt_accepted_at is not None


def test_five_concurrent_workers_submit_one_receipt(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)

    run_concurrently(5, lambda: submit_receipts([invoice.pk]))

    assert call_count(sandbox, "submitPaymentReceipt") == 1
    assert event_names(invoice).count("receipt_accepted") == 1


def test_receipt_of_killed_worker_is_submitted_after_its_lease(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    invoice = paid_invoice(sandbox)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submit, "receipt_html", Mock(side_effect=SystemExit))
        with pytest.raises(SystemExit):
            submit_receipts([invoice.pk])
    due_during_lease = is_due(invoice)
    end_pause(invoice)
    submit_receipts([invoice.pk])

    assert not due_during_lease
    assert reloaded(invoice).receipt_accepted_at is not None


@pytest.mark.parametrize("code", [23, 10, 91, 55, 95])
def test_receipt_is_abandoned_after_repeated_refusals(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, code: int
) -> None:
    answer_receipts(seqr_proxy, code)
    invoice = paid_invoice(sandbox)

    submit_repeatedly(invoice)

    assert call_count(sandbox, "submitPaymentReceipt") == MAX_RECEIPT_REFUSALS
    assert not is_due(invoice)
    assert event_names(invoice)[-2:] == ["receipt_refused", "receipt_abandoned"]
    last = AuditEvent.objects.filter(
        subject_type=SubjectType.INVOICE, subject_id=invoice.pk
    ).latest("id")
    assert last.result_code == code
    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")


def test_refused_receipt_can_be_accepted_later(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 23)
    invoice = paid_invoice(sandbox)
    submit_receipts([invoice.pk])
    end_pause(invoice)

    answer_receipts(seqr_proxy, 0)
    submit_receipts([invoice.pk])

    assert event_names(invoice)[-2:] == ["receipt_refused", "receipt_accepted"]


@pytest.mark.parametrize("code", [90, 93, 4711])
def test_temporary_error_is_retried_without_limit_and_recorded_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, code: int
) -> None:
    answer_receipts(seqr_proxy, code)
    invoice = paid_invoice(sandbox)

    submit_repeatedly(invoice)

    assert is_due(invoice)
    assert event_names(invoice).count("receipt_deferred") == 1
    assert MoneyCase.objects.count() == 0


def test_settings_refused_for_receipts_open_case_without_payment_pause(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 21)
    invoice = paid_invoice(sandbox)
    submit_repeatedly(invoice)
    case = MoneyCase.objects.get()

    answer_receipts(seqr_proxy, 0)
    submit_receipts([invoice.pk])

    case.refresh_from_db()
    assert case.key == f"{invoice.terminal_id} submitPaymentReceipt code 21"
    assert case.closing_reason == "SEQR has accepted submitPaymentReceipt since"
    assert not PaymentPause.objects.exists()
    assert event_names(invoice).count("receipt_deferred") == 1


def test_payment_with_wrong_amount_has_no_receipt(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    seqr_proxy.rewrite = lambda answer: answer.replace(">45.00<", ">4.50<")
    refresh(invoice)

    submit_receipts([invoice.pk])

    assert reloaded(invoice).status == S.PAID
    assert not is_due(invoice)
    assert not has_receipt(reloaded(invoice))
    assert call_count(sandbox, "submitPaymentReceipt") == 0


def test_receipt_whose_rows_do_not_add_up_is_deferred(sandbox: SandboxProcess) -> None:
    invoice = invoice_in(S.PAID)  # over 45.00, without rows

    submit_receipts([invoice.pk])

    assert event_names(invoice) == ["receipt_deferred"]
    assert call_count(sandbox, "submitPaymentReceipt") == 0


@pytest.mark.parametrize("status", [each for each in S if each != S.PAID])
def test_unpaid_invoice_has_no_receipt(sandbox: SandboxProcess, status: InvoiceStatus) -> None:
    invoice = invoice_in(status)

    submit_receipts([invoice.pk])

    assert find_work().receipts_to_submit == []
    assert not has_receipt(invoice)
    assert call_count(sandbox, "submitPaymentReceipt") == 0


def test_receipt_is_due_with_matching_or_unknown_amount() -> None:
    without_amount = invoice_in(S.PAID)
    matching = invoice_in(S.PAID, ers_reference="B", paid_amount="45.00", paid_currency="SEK")
    invoice_in(S.PAID, ers_reference="C", paid_amount="45.00", paid_currency="EUR")

    assert find_work().receipts_to_submit == [[without_amount.pk, matching.pk]]
