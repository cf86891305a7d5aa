"""Recovery finds the work that a lost message, a killed process or time has left."""

import os
import subprocess
import sys
from typing import Any

import pytest

from orders.clock import database_now
from payments import tasks
from payments.models import Invoice, InvoiceStatus
from payments.recovery import Work, find_work
from tests.payments.steps import age_invoice, expire_lease, invoice_in, new_invoice

S = InvoiceStatus
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

    assert enqueued == [("payments.tasks.send_invoice", "background")]
