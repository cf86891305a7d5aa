"""Receipts of a batch share their statements, and none of them keeps another from SEQR."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from orders.clock import database_now
from orders.models import AuditEvent, OrderRow
from payments.invoices.transitions import lock_invoice
from payments.leases import call_lease_duration
from payments.models import (
    Invoice,
    InvoiceStatus,
    Receipt,
)
from payments.receipts import submit
from payments.receipts.submit import submit_receipts
from payments.recovery import find_work
from payments.seqr import ReceiptDocument
from tests.fault_proxy import FaultProxy
from tests.payments.receipts.steps import (
    answer_receipts,
    documents,
    is_due,
    remaining_pause,
)
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    paid_invoice,
    reloaded,
    statements_of,
)
from tests.races import held, wait_for_lock_wait, with_own_connection
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


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
    first, *others = [paid_invoice(sandbox) for _ in range(3)]
    times = iter([0.0, 1.4, 1.6, 1.7])  # at the beginning, and before each call
    monkeypatch.setattr(submit, "monotonic", lambda: next(times))

    submit_receipts([first.pk, *(each.pk for each in others)])

    assert reloaded(first).receipt_accepted_at is not None
    due = [invoice_id for batch in find_work().receipts_to_submit for invoice_id in batch]
    assert sorted(due) == [each.pk for each in others]
    assert [reloaded(each).receipt_attempts for each in others] == [0, 0]


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
