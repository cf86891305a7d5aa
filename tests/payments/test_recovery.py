"""The sweep finds what a lost message, a killed process or time has left to do."""

import os
import subprocess
import sys
from typing import Any

import pytest

from orders.clock import database_now
from payments.models import Invoice, InvoiceStatus
from payments.recovery import Work, find_work
from tests.payments.steps import age_invoice, expire_lease, invoice_in, new_invoice

S = InvoiceStatus
pytestmark = pytest.mark.django_db


def test_an_order_whose_message_was_lost_is_sent_after_two_seconds() -> None:
    invoice = new_invoice()
    just_made = find_work().invoices_to_send

    age_invoice(invoice, 3)

    assert just_made == []
    assert find_work().invoices_to_send == [invoice.pk]


def test_an_invoice_being_sent_is_left_to_its_sender_until_the_lease_ends() -> None:
    invoice = invoice_in(S.SENDING)
    Invoice.objects.update(lease_until=database_now().replace(year=2200))
    held = find_work().invoices_to_send

    expire_lease(invoice)

    assert held == []
    assert find_work().invoices_to_send == [invoice.pk]


@pytest.mark.parametrize("status", [S.CREATED, S.SENDING, S.ISSUED, S.RESERVED, S.NEEDS_ATTENTION])
def test_an_open_invoice_past_its_lifetime_is_to_expire(status: InvoiceStatus) -> None:
    invoice = invoice_in(status)
    early = find_work().invoices_to_expire

    age_invoice(invoice, 601)

    assert early == []
    assert find_work().invoices_to_expire == [invoice.pk]


def test_a_wanted_cancel_is_tried_until_it_is_settled() -> None:
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
def test_who_waits_for_our_word_on_a_card_is_found(
    status: InvoiceStatus, fields: dict[str, Any], *, found: bool
) -> None:
    invoice = invoice_in(status, **fields)

    assert find_work().loyalty_answers_due == ([invoice.pk] if found else [])


def test_what_is_settled_is_left_alone() -> None:
    for status in (S.PAID, S.CANCELED, S.FAILED, S.EXPIRED):
        age_invoice(invoice_in(status, receipt_accepted_at=database_now()), 6000)

    work = find_work()

    assert work == Work([], [], [], [], [], [], [], [], [])


def test_a_request_goes_on_at_once_where_the_broker_is_away() -> None:
    """The message is lost, and the sweep finds the invoice: nobody waits and nobody fails."""
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
