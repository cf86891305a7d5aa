"""Recovery finds the work that a lost message, a killed process or time has left."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

from orders.clock import database_now
from payments import recovery, tasks
from payments.models import Invoice, InvoiceStatus
from payments.receipts import submit
from payments.recovery import Work, find_work
from payments.seqr import SeqrUnavailable
from tests.payments.steps import age_invoice, expire_lease, invoice_in, new_invoice
from tests.sandbox.waiting import wait_for

S = InvoiceStatus
SEND_INVOICE = "payments.invoices.send.send_invoice"
pytestmark = pytest.mark.django_db


def test_invoice_whose_message_was_lost_is_found_after_a_second() -> None:
    invoice = new_invoice()
    just_made = find_work().invoices_to_send

    age_invoice(invoice, 3)

    assert just_made == []
    assert find_work().invoices_to_send == [invoice.pk]


def test_invoice_in_sending_is_found_once_its_lease_lapses() -> None:
    invoice = invoice_in(S.SENDING)
    Invoice.objects.update(lease_until=database_now().replace(year=2200))
    held = find_work().invoices_to_send

    expire_lease(invoice)

    assert held == []
    assert find_work().invoices_to_send == [invoice.pk]


@pytest.mark.parametrize("status", [S.CREATED, S.SENDING, S.ISSUED, S.RESERVED, S.NEEDS_ATTENTION])
def test_open_invoice_past_its_lifetime_is_found(status: InvoiceStatus) -> None:
    invoice = invoice_in(status)
    early = find_work().invoices_to_expire

    age_invoice(invoice, 601)

    assert early == []
    assert find_work().invoices_to_expire == [invoice.pk]


def test_requested_cancel_is_found_until_it_ends() -> None:
    invoice = invoice_in(S.CANCEL_PENDING)
    invoice_in(S.CANCELED, cancel_reason="customer")

    work = find_work()

    assert (work.invoices_to_cancel, work.invoices_to_expire) == ([invoice.pk], [])


@pytest.mark.parametrize(
    ("status", "fields", "found"),
    [
        (S.PENDING_ISSUER_ACKNOWLEDGE, {}, True),
        (S.ISSUED, {"discount_unconfirmed": True}, True),
        (S.ISSUED, {}, False),
        (S.PENDING_ISSUER_ACKNOWLEDGE, {"cancel_reason": "customer"}, False),
        (S.CANCELED, {"discount_unconfirmed": True}, False),
    ],
)
def test_invoice_awaiting_a_loyalty_answer_is_found(
    status: InvoiceStatus, fields: dict[str, Any], *, found: bool
) -> None:
    invoice = invoice_in(status, **fields)

    assert find_work().loyalty_answers_due == ([invoice.pk] if found else [])


def test_finished_work_is_not_found() -> None:
    for status in (S.PAID, S.DUPLICATE, S.CANCELED, S.FAILED, S.EXPIRED):
        age_invoice(invoice_in(status, receipt_accepted_at=database_now()), 6000)

    work = find_work()

    assert work == Work([], [], [], [], [], [], [], [], [], [])


def test_request_continues_at_once_without_the_broker() -> None:
    """The message is lost, no request waits or fails, and recovery finds the invoice."""
    script = (
        "import django, time; django.setup();"
        "from payments.tasks import enqueue, send_invoice;"
        "began = time.monotonic(); enqueue(send_invoice, 7);"
        "assert time.monotonic() - began < 3"
    )

    run = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "REDIS_URL": "redis://127.0.0.1:9/0",
            "DJANGO_SETTINGS_MODULE": "seqrshop.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "send_invoice(7,) could not be enqueued" in run.stderr


def test_recovered_work_goes_to_the_background_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of recovery that hang at SEQR would have delayed the invoices of new customers."""
    age_invoice(new_invoice(), 5)
    enqueued: list[tuple[str, str]] = []
    monkeypatch.setattr(
        tasks, "enqueue", lambda task, *_, queue, **__: enqueued.append((task.name, queue))
    )

    tasks.run_recovery()

    assert enqueued == [("payments.tasks.send_invoices", "background")]


def test_hanging_sends_leave_threads_to_all_other_work_of_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forty sends took all threads; the rest expired behind them, run after run."""
    work = Work(list(range(40)), [100], [101], [102], [103], [[104]], [105], [106], [107], [108])
    released = threading.Event()
    sends: list[int] = []
    done: list[int] = []

    def hang(invoice_id: int) -> None:
        sends.append(invoice_id)
        released.wait(60)

    monkeypatch.setattr(recovery, "find_work", lambda: work)
    monkeypatch.setattr(SEND_INVOICE, hang)
    for function in (
        "invoices.cancel.cancel_invoice",
        "invoices.cancel.finish_cancel",
        "refunds.send.send_refund",
        "refunds.send.mark_interrupted_refund_unknown",
        "availability.probe.probe_payments",
        "loyalty.answer.answer_loyalty_cards",
        "invoices.refresh.repeat_late_query",
        "invoices.unconfirmed.open_unconfirmed_case",
    ):
        monkeypatch.setattr(f"payments.{function}", lambda row_id, *_: done.append(row_id))
    monkeypatch.setattr(submit, "submit_receipts", done.extend)

    with ThreadPoolExecutor(16) as background:
        monkeypatch.setattr(
            tasks, "enqueue", lambda task, argument, **_: background.submit(task, argument)
        )
        for _ in range(3):  # no send ends before the third run
            tasks.run_recovery()
        try:
            wait_for(lambda: len(done) == 3 * 9)
            in_progress = len(sends)
        finally:
            released.set()

    assert sorted(set(done)) == list(range(100, 109))
    assert in_progress == tasks.RECOVERY_SENDS_AT_ONCE


def test_hanging_receipts_leave_threads_to_all_other_work_of_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()
    batches: list[list[int]] = []

    def hang(invoice_ids: list[int]) -> None:
        batches.append(invoice_ids)
        released.wait(60)

    monkeypatch.setattr(submit, "submit_receipts", hang)

    with ThreadPoolExecutor(16) as background:
        done = [background.submit(tasks.submit_receipts, [number]) for number in range(40)]
        try:
            wait_for(lambda: sum(each.done() for each in done) == 40 - len(batches))
            in_progress = len(batches)
        finally:
            released.set()
    tasks.submit_receipts([40])

    assert in_progress == tasks.RECEIPT_BATCHES_AT_ONCE
    assert batches[-1] == [40]


def test_receipts_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECEIPT_BATCH_SIZE", 2)
    monkeypatch.setattr(recovery, "RECEIPT_BATCHES", 2)
    paid = [invoice_in(S.PAID, ers_reference=str(number)).pk for number in range(5)]

    assert find_work().receipts_to_submit == [paid[:2], paid[2:4]]


def test_kinds_of_recovered_work_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sends end quickly too, five hundred of one kind let the next one expire."""
    work = Work([], [1, 2, 3], [4], [5, 6], [], [], [], [], [], [])
    enqueued: list[int] = []
    monkeypatch.setattr(recovery, "find_work", lambda: work)
    monkeypatch.setattr(tasks, "enqueue", lambda _task, row_id, **_: enqueued.append(row_id))

    tasks.run_recovery()

    assert enqueued == [1, 4, 5, 2, 6, 3]


def test_recovered_sends_go_on_after_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    sends: list[int] = []

    def fail_first(invoice_id: int) -> None:
        sends.append(invoice_id)
        if invoice_id == 1:
            raise SeqrUnavailable("sendInvoice", "busy")

    monkeypatch.setattr(SEND_INVOICE, fail_first)

    tasks.send_invoices([1, 2, 3])

    assert sends == [1, 2, 3]


def test_recovered_sends_end_before_the_next_run_finds_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sends: list[int] = []
    monkeypatch.setattr(SEND_INVOICE, sends.append)
    times = iter([0.0, 0.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(times)))

    tasks.send_invoices([1, 2, 3])

    assert sends == [1, 2]
    assert tasks.RECOVERY_SEND_SECONDS < settings.RECOVERY_INTERVAL_SECONDS
