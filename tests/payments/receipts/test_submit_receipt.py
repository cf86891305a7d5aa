"""submitPaymentReceipt: each receipt is submitted until SEQR accepts it, and once only."""

import base64
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import pytest
from pytest_django import Settings

from orders.clock import database_now
from orders.models import AuditEvent, OrderRow, SubjectType
from payments.gateway import forget_connections
from payments.invoices.transitions import lock_invoice
from payments.leases import call_lease_duration
from payments.models import (
    MAX_RECEIPT_REFUSALS,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PaymentPause,
    Receipt,
)
from payments.receipts import submit
from payments.receipts.document import has_receipt
from payments.receipts.submit import submit_receipts
from payments.recovery import find_work
from payments.seqr import ReceiptDocument
from tests.fault_proxy import FaultProxy
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
    statements_of,
)
from tests.races import held, run_concurrently, wait_for_lock_wait, with_own_connection
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def answer_receipts(proxy: FaultProxy, code: int) -> None:
    """Make SEQR answer receipts with this code."""
    proxy.rewrite = lambda answer: re.sub(
        r"(submitPaymentReceiptResponse.*<resultCode>)\d+", rf"\g<1>{code}", answer, flags=re.DOTALL
    )


def end_pause(invoice: Invoice) -> None:
    """End the pause before the next attempt."""
    Invoice.objects.filter(pk=invoice.pk).update(
        receipt_lease_until=database_now() - timedelta(seconds=1)
    )


def remaining_pause(invoice: Invoice) -> float:
    """Return the seconds until the next attempt."""
    until = reloaded(invoice).receipt_lease_until
    assert until is not None
    return (until - database_now()).total_seconds()


def submit_repeatedly(invoice: Invoice) -> None:
    """Submit the receipt more often than refusals are allowed, each time after the pause."""
    for _ in range(MAX_RECEIPT_REFUSALS + 2):
        submit_receipts([invoice.pk])
        end_pause(invoice)


def is_due(invoice: Invoice) -> bool:
    return find_work().receipts_to_submit == [[invoice.pk]]


def documents(sandbox: SandboxProcess) -> list[str]:
    """Return the receipts that SEQR has received, as HTML."""
    requests = [call["request"] for call in sandbox.calls("submitPaymentReceipt")]
    found = [re.search(r"<receiptData>(.*?)</receiptData>", text, re.DOTALL) for text in requests]
    return [base64.b64decode(each[1]).decode() for each in found if each]


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


def test_receipts_of_a_batch_share_their_statements(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    paid = [paid_invoice(sandbox) for _ in range(4)]
    ids = [invoice.pk for invoice in paid]
    submit_receipts(ids[:1])  # reads what a process reads once
    of_one = statements_of(lambda: submit_receipts(ids[1:2]))
    of_two = statements_of(lambda: submit_receipts(ids))

    assert len(of_two) == len(of_one)
    assert all(reloaded(invoice).receipt_accepted_at for invoice in paid)
    assert all(event_names(invoice).count("receipt_accepted") == 1 for invoice in paid)
    calls = AuditEvent.objects.filter(name="submitPaymentReceipt").order_by("order_id")
    assert [each.order_id for each in calls] == [invoice.order_id for invoice in paid]
    assert all(
        each.order.number in html for each, html in zip(paid, documents(sandbox), strict=True)
    )


def test_what_fails_of_a_batch_keeps_no_other_from_being_recorded(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_receipts(seqr_proxy, 0)
    without_rows = invoice_in(S.PAID)
    broken, sound = paid_invoice(sandbox), paid_invoice(sandbox)
    document = submit._document

    def fail_for_one(receipt: Receipt, rows: Sequence[OrderRow]) -> ReceiptDocument:
        if receipt.invoice_id == broken.pk:
            raise KeyError("a mistake")
        return document(receipt, rows)

    monkeypatch.setattr(submit, "_document", fail_for_one)

    submit_receipts([without_rows.pk, broken.pk, sound.pk])

    assert event_names(without_rows) == ["receipt_deferred"]
    assert reloaded(broken).receipt_accepted_at is None
    lease = submit.SUBMIT_SECONDS + call_lease_duration().total_seconds()
    assert remaining_pause(broken) == pytest.approx(lease, abs=1)
    assert reloaded(sound).receipt_accepted_at is not None


def test_payment_without_a_receipt_is_logged_and_keeps_no_other_from_being_recorded(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    answer_receipts(seqr_proxy, 0)
    without, sound = invoice_in(S.ISSUED), paid_invoice(sandbox)
    Invoice.objects.filter(pk=without.pk).update(
        status=S.PAID, ers_reference="E", paid_at=database_now()
    )

    submit_receipts([without.pk, sound.pk])

    assert f"invoice {without.pk}: the receipt was not submitted" in caplog.text
    assert reloaded(sound).receipt_accepted_at is not None


def test_receipts_for_which_no_time_is_left_are_due_at_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_receipts(seqr_proxy, 0)
    first, second = paid_invoice(sandbox), paid_invoice(sandbox)
    times = iter([0.0, 1.4, 1.6])  # at the beginning, and before each call
    monkeypatch.setattr(submit, "monotonic", lambda: next(times))

    submit_receipts([first.pk, second.pk])

    assert reloaded(first).receipt_accepted_at is not None
    assert is_due(second)
    assert reloaded(second).receipt_attempts == 0


def test_locked_invoice_keeps_no_other_receipt_from_being_submitted(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    locked, free = paid_invoice(sandbox), paid_invoice(sandbox)

    with held(partial(lock_invoice, locked.pk)):
        submit_receipts([locked.pk, free.pk])

    assert reloaded(free).receipt_accepted_at is not None
    assert is_due(locked)


def test_acceptance_of_a_locked_invoice_is_recorded_behind_the_others_once_it_is_free(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    answer_receipts(seqr_proxy, 0)
    locked, free = paid_invoice(sandbox), paid_invoice(sandbox)
    recorded: list[bool] = []

    def submit_both() -> None:
        submit_receipts([locked.pk, free.pk])

    with ThreadPoolExecutor(1) as threads:
        with ExitStack() as lock:
            seqr_proxy.before_next_answer(
                lambda: lock.enter_context(held(partial(lock_invoice, locked.pk)))
            )
            submitted = threads.submit(with_own_connection, submit_both)
            wait_for_lock_wait()
            recorded += [reloaded(each).receipt_accepted_at is not None for each in (locked, free)]
        submitted.result()

    assert recorded == [False, True]
    assert reloaded(locked).receipt_accepted_at is not None
    assert call_count(sandbox, "submitPaymentReceipt") == 2
