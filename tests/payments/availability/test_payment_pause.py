"""Payments are paused while SEQR rejects our configuration."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName
from payments import tasks
from payments.availability.pause import paused_terminals
from payments.availability.probe import probe_payments
from payments.gateway import status_calls
from payments.invoices.cancel import cancel_invoice
from payments.invoices.refresh import refresh_invoice
from payments.invoices.send import send_invoice
from payments.models import (
    CancelReason,
    CaseKind,
    InvoiceStatus,
    MoneyCase,
    OutboxMail,
    PaymentPause,
)
from payments.recovery import find_work
from payments.seqr import SeqrConfigurationError
from tests.payments.availability.steps import event_names, reject
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.payments.steps import (
    age_invoice,
    invoice_in,
    issued_invoice,
    new_invoice,
    order_state,
    other_terminal,
    pause_for_refused_password,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
CODES = [20, 21, 29, 33, 37, 64, 92]
BY_PAGE = ChangeSource(SourceName.PAGE)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def poller(settings: Settings) -> Iterator[Shard]:
    settings.SEQR_POLL_SHARDS = 1
    calls = status_calls(MAX_IN_FLIGHT)
    yield Shard(calls)
    calls.close()


def run_rounds(poller: Shard) -> None:
    """Poll as often as SEQR must reject our configuration before payments are paused."""
    poller.run_rounds(times=6)


# --- Start of a pause ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_rejected_settings_when_sending_pause_payments_once(
    sandbox: SandboxProcess, settings: Settings, code: int
) -> None:
    settings.CASE_EMAILS = ["owner@shop.example"]
    reject(sandbox, "sendInvoice", code)
    invoice = new_invoice()

    with pytest.raises(SeqrConfigurationError):
        send_invoice(invoice.pk)

    case = MoneyCase.objects.get()
    assert PaymentPause.objects.get(ended_at=None).case == case
    assert (case.kind, case.closed_at) == (CaseKind.CONFIGURATION, None)
    assert f"SEQR answered {code} " in case.summary
    assert event_names(case) == ["configuration_case", "payments_paused"]
    assert OutboxMail.objects.count() == 1


@pytest.mark.parametrize("code", CODES)
def test_rejected_settings_when_polling_pause_payments_once(
    sandbox: SandboxProcess, poller: Shard, code: int
) -> None:
    invoice = issued_invoice()
    reject(sandbox, "getPaymentStatus", code)

    run_rounds(poller)
    for _ in range(2):
        with pytest.raises(SeqrConfigurationError):
            refresh_invoice(invoice.pk, BY_PAGE)

    case = MoneyCase.objects.get()
    assert PaymentPause.objects.get(ended_at=None).case == case
    assert event_names(case) == ["configuration_case", "payments_paused"]


def test_eight_concurrent_rejections_pause_payments_once(sandbox: SandboxProcess) -> None:
    reject(sandbox, "sendInvoice")
    unsent = [new_invoice() for _ in range(8)]
    remaining = iter(unsent)

    def send() -> None:
        with suppress(SeqrConfigurationError):
            send_invoice(next(remaining).pk)

    run_concurrently(8, send)

    assert PaymentPause.objects.count() == MoneyCase.objects.count() == 1
    assert event_names(MoneyCase.objects.get()) == ["configuration_case", "payments_paused"]


# --- During a pause ------------------------------------------------------------------------------


def test_unsent_invoices_make_no_calls_and_no_events_during_pause(sandbox: SandboxProcess) -> None:
    unsent = [new_invoice() for _ in range(5)]
    deferred = invoice_in(S.SENDING, lease_until=None)
    pause_for_refused_password()
    events = AuditEvent.objects.count()

    for invoice in (*unsent, deferred):
        age_invoice(invoice, 3)
        send_invoice(invoice.pk)

    assert find_work().invoices_to_send == []
    assert sandbox.calls() == []
    assert AuditEvent.objects.count() == events
    assert {reloaded(invoice).status for invoice in unsent} == {S.CREATED}


def test_pause_of_one_terminal_leaves_the_shops_of_another_open(sandbox: SandboxProcess) -> None:
    unsent, elsewhere = new_invoice(), other_terminal()
    pause = pause_for_refused_password()
    sold = new_invoice(elsewhere)
    for invoice in (unsent, sold):
        age_invoice(invoice, 3)

    invoices_to_send = find_work().invoices_to_send
    for invoice in (unsent, sold):
        send_invoice(invoice.pk)

    assert paused_terminals() == {pause.terminal_id} == {unsent.terminal_id}
    assert invoices_to_send == [sold.pk]
    assert (reloaded(unsent).status, reloaded(sold).status) == (S.CREATED, S.ISSUED)


def test_two_terminals_are_paused_and_resumed_one_by_one(sandbox: SandboxProcess) -> None:
    unsent = new_invoice(), new_invoice(other_terminal())
    reject(sandbox, "sendInvoice")
    for invoice in unsent:
        with pytest.raises(SeqrConfigurationError):
            send_invoice(invoice.pk)
    both, cases = paused_terminals(), MoneyCase.objects.order_by("pk")
    sandbox.clear_faults()

    probe_payments(PaymentPause.objects.get(terminal=unsent[0].terminal).pk, force=True)

    assert both == {invoice.terminal_id for invoice in unsent}
    assert [case.terminal for case in cases] == [invoice.terminal for invoice in unsent]
    assert paused_terminals() == {unsent[1].terminal_id}
    assert [case.closed_at is None for case in cases.all()] == [False, True]


def test_unsent_invoice_can_be_cancelled_and_expires_during_pause(sandbox: SandboxProcess) -> None:
    unwanted, overdue = new_invoice(), new_invoice()
    age_invoice(overdue, 601)
    pause_for_refused_password()

    cancel_invoice(unwanted.pk, CancelReason.CUSTOMER, ChangeSource(SourceName.CUSTOMER))
    invoices_to_expire = find_work().invoices_to_expire
    tasks.cancel_overdue_invoice(overdue.pk)

    assert invoices_to_expire == [overdue.pk]
    assert (reloaded(unwanted).status, reloaded(overdue).status) == (S.CANCELED, S.EXPIRED)
    assert sandbox.calls() == []


def test_open_invoices_are_polled_during_pause(sandbox: SandboxProcess, poller: Shard) -> None:
    invoice = issued_invoice()
    pause_for_refused_password()
    sandbox.pay(reference(invoice))

    run_rounds(poller)

    assert order_state(invoice) == "paid"
