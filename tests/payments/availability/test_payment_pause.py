"""Payments are paused while SEQR rejects our configuration; a probe resumes them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments import tasks
from payments.availability.pause import paused_terminals, payments_are_paused
from payments.availability.probe import ProbeResult, probe_payments, schedule_probe
from payments.cases.cases import close_case
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
from payments.session_exchange import exchange_token
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.payments.steps import (
    age_invoice,
    call_count,
    invoice_in,
    issued_invoice,
    make_probe_due,
    new_invoice,
    order_state,
    other_terminal,
    own_terminal,
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


def reject(sandbox: SandboxProcess, operation: str, code: int = 20) -> None:
    """Make SEQR reject our configuration in an operation."""
    sandbox.fault(operation, "result_code", code=code)


def run_rounds(poller: Shard) -> None:
    """Poll as often as SEQR must reject our configuration before payments are paused."""
    poller.run_rounds(times=6)


def event_names(case: MoneyCase) -> list[str]:
    """Return the names of a case's events, in order."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.CASE, subject_id=case.pk)
    return list(events.values_list("name", flat=True))


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


# --- The probe -----------------------------------------------------------------------------------


def test_accepted_probe_resumes_payments_and_sends_unsent_invoices(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(sandbox, "sendInvoice")
    invoice = new_invoice()
    with pytest.raises(SeqrConfigurationError):
        send_invoice(invoice.pk)
    pause = PaymentPause.objects.get()
    make_probe_due(pause)
    sandbox.clear_faults()
    enqueued: list[str] = []
    monkeypatch.setattr("payments.tasks.enqueue", lambda task, *_args: enqueued.append(task.name))

    tasks.probe_payments(pause.pk)

    pause.refresh_from_db()
    assert pause.ended_at is not None
    assert not payments_are_paused(own_terminal().pk)
    assert pause.case.closing_reason == "SEQR accepts our settings again"
    assert event_names(pause.case)[-2:] == ["payments_resumed", "case_closed"]
    assert enqueued == ["payments.tasks.run_recovery"]
    assert find_work().invoices_to_send == [invoice.pk]
    send_invoice(invoice.pk)
    assert reloaded(invoice).status == S.ISSUED


def test_probe_invoice_is_polled_and_cancelled_and_has_no_order(
    sandbox: SandboxProcess, client: Client
) -> None:
    pause = pause_for_refused_password()

    probe_payments(pause.pk, force=True)

    (at_seqr,) = sandbox.invoices()
    operations = [call["operation"] for call in sandbox.calls()]
    assert operations == ["sendInvoice", "getPaymentStatus", "cancelInvoice"]
    calls = AuditEvent.objects.filter(subject_type=SubjectType.CALL, source="probe", order=None)
    assert list(calls.values_list("name", flat=True)) == operations
    assert (at_seqr["status"], at_seqr["amount"], at_seqr["currency"]) == (
        "CANCELED",
        "1.00",
        "SEK",
    )
    assert at_seqr["client_invoice_id"] == f"check-{pause.pk}-1"
    notification_url = at_seqr["notification_url"]
    assert notification_url.startswith("http://testserver/notify/")
    assert client.post(notification_url.removeprefix("http://testserver")).status_code == 404


def test_probes_back_off_from_10_to_60_seconds(sandbox: SandboxProcess) -> None:
    reject(sandbox, "sendInvoice")
    pause = pause_for_refused_password()
    intervals = [pause.next_probe_at - pause.since]
    too_soon = find_work().pauses_to_probe, probe_payments(pause.pk)

    for _ in range(4):
        make_probe_due(pause)
        assert find_work().pauses_to_probe == [pause.pk]
        assert probe_payments(pause.pk) == ProbeResult.REJECTED
        pause.refresh_from_db()
        intervals.append(pause.next_probe_at - database_now())

    assert too_soon == ([], ProbeResult.NOT_MADE)
    assert [round(interval.total_seconds()) for interval in intervals] == [10, 20, 40, 60, 60]
    assert payments_are_paused(own_terminal().pk)
    assert MoneyCase.objects.count() == 1
    assert event_names(pause.case).count("probe_refused") == 1


def test_eight_concurrent_workers_make_one_probe(sandbox: SandboxProcess) -> None:
    pause = pause_for_refused_password()
    make_probe_due(pause)

    result = run_concurrently(8, lambda: probe_payments(pause.pk))

    assert result.count(ProbeResult.RESUMED) == 1
    assert result.count(ProbeResult.NOT_MADE) == 7
    assert call_count(sandbox, "sendInvoice") == 1


def test_killed_probe_is_repeated_after_its_lease(sandbox: SandboxProcess) -> None:
    pause = pause_for_refused_password()
    make_probe_due(pause)
    PaymentPause.objects.update(lease_until=database_now() + timedelta(seconds=25))
    during_lease = find_work().pauses_to_probe, probe_payments(pause.pk, force=True)

    PaymentPause.objects.update(lease_until=database_now())

    assert during_lease == ([], ProbeResult.NOT_MADE)
    assert find_work().pauses_to_probe == [pause.pk]
    assert probe_payments(pause.pk) == ProbeResult.RESUMED


def test_rejected_status_query_alone_keeps_payments_paused(
    sandbox: SandboxProcess, poller: Shard
) -> None:
    issued_invoice()
    reject(sandbox, "getPaymentStatus")
    run_rounds(poller)
    pause = PaymentPause.objects.get()

    result = [probe_payments(pause.pk, force=True) for _ in range(3)]

    assert result == [ProbeResult.REJECTED] * 3
    assert PaymentPause.objects.get(ended_at=None) == pause
    assert MoneyCase.objects.count() == 1
    assert [each["status"] for each in sandbox.invoices()[1:]] == ["CANCELED"] * 3


@pytest.mark.parametrize("operation", ["sendInvoice", "getPaymentStatus"])
def test_unanswered_probe_keeps_payments_paused(sandbox: SandboxProcess, operation: str) -> None:
    pause = pause_for_refused_password()
    sandbox.fault(operation, "http_status", status=503, takes_effect=False)

    result = probe_payments(pause.pk, force=True)

    assert result == ProbeResult.UNANSWERED
    assert payments_are_paused(own_terminal().pk)
    assert event_names(pause.case)[-1] == "probe_unanswered"


def test_probe_that_cannot_be_cancelled_resumes_payments(sandbox: SandboxProcess) -> None:
    pause = pause_for_refused_password()
    reject(sandbox, "cancelInvoice", 90)

    assert probe_payments(pause.pk, force=True) == ProbeResult.RESUMED


def test_rejected_cancel_keeps_payments_paused(sandbox: SandboxProcess) -> None:
    pause = pause_for_refused_password()
    reject(sandbox, "cancelInvoice", 21)

    assert probe_payments(pause.pk, force=True) == ProbeResult.REJECTED


def test_old_invoice_rejected_after_probe_does_not_pause_again(sandbox: SandboxProcess) -> None:
    """Such as one of a former terminal, which would pause payments after each probe."""
    rejected = issued_invoice()
    probe_payments(pause_for_refused_password().pk, force=True)
    reject(sandbox, "getPaymentStatus", 21)

    for _ in range(3):
        with pytest.raises(SeqrConfigurationError):
            refresh_invoice(rejected.pk, BY_PAGE)

    assert not payments_are_paused(own_terminal().pk)
    assert (
        MoneyCase.objects.get(closed_at=None).key
        == f"{rejected.terminal_id} getPaymentStatus code 21"
    )


def test_new_invoice_rejected_after_probe_pauses_again(sandbox: SandboxProcess) -> None:
    probe_payments(pause_for_refused_password().pk, force=True)
    reject(sandbox, "sendInvoice")

    with pytest.raises(SeqrConfigurationError):
        send_invoice(new_invoice().pk)

    assert PaymentPause.objects.count() == MoneyCase.objects.count() == 2


def test_case_closed_without_correction_is_opened_again(sandbox: SandboxProcess) -> None:
    reject(sandbox, "sendInvoice", 92)
    pause = pause_for_refused_password()
    first = pause.case
    schedule_probe(first.pk)
    close_case(first.pk, ChangeSource(SourceName.STAFF), "the password was mistyped")

    (due,) = find_work().pauses_to_probe
    probe_payments(due)

    pause.refresh_from_db()
    assert pause.case != first
    assert pause.case.summary == "sendInvoice: SEQR answered 92 LICENSE_REJECTION."
    assert MoneyCase.objects.filter(closed_at=None).count() == 1


def test_rejected_settings_at_token_exchange_open_case(sandbox: SandboxProcess) -> None:
    reject(sandbox, "getClientSessionInfo", 21)
    shop = new_invoice().order.shop

    for _ in range(2):
        with pytest.raises(SeqrConfigurationError):
            exchange_token(shop, "0000002012-63506374")

    assert MoneyCase.objects.get().key == f"{shop.terminal_id} getClientSessionInfo code 21"
    assert not payments_are_paused(own_terminal().pk)
