"""While SEQR refuses our settings nothing is sold or sent; a probe finds out when that is over."""

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
from payments.availability.pause import payments_are_paused
from payments.availability.probe import Probe, probe_payments, probe_soon
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


def refuse(sandbox: SandboxProcess, operation: str, code: int = 20) -> None:
    """Let SEQR answer an operation with a code that is about our settings."""
    sandbox.fault(operation, "result_code", code=code)


def run_rounds(poller: Shard) -> None:
    """Go round for as long as settings have to be refused before that counts."""
    poller.run_rounds(times=6)


def happened(case: MoneyCase) -> list[str]:
    """Return the names of what happened to a case, in order."""
    events = AuditEvent.objects.filter(subject_type=SubjectType.CASE, subject_id=case.pk)
    return list(events.values_list("name", flat=True))


# --- Closing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_rejected_settings_when_sending_pause_payments_once(
    sandbox: SandboxProcess, settings: Settings, code: int
) -> None:
    settings.CASE_EMAILS = ["owner@shop.example"]
    refuse(sandbox, "sendInvoice", code)
    invoice = new_invoice()

    with pytest.raises(SeqrConfigurationError):
        send_invoice(invoice.pk)

    case = MoneyCase.objects.get()
    assert PaymentPause.objects.get(ended_at=None).case == case
    assert (case.kind, case.closed_at) == (CaseKind.CONFIGURATION, None)
    assert f"SEQR answered {code} " in case.what
    assert happened(case) == ["configuration_case", "payments_paused"]
    assert OutboxMail.objects.count() == 1


@pytest.mark.parametrize("code", CODES)
def test_rejected_settings_when_polling_pause_payments_once(
    sandbox: SandboxProcess, poller: Shard, code: int
) -> None:
    invoice = issued_invoice()
    refuse(sandbox, "getPaymentStatus", code)

    run_rounds(poller)
    for _ in range(2):
        with pytest.raises(SeqrConfigurationError):
            refresh_invoice(invoice.pk, BY_PAGE)

    case = MoneyCase.objects.get()
    assert PaymentPause.objects.get(ended_at=None).case == case
    assert happened(case) == ["configuration_case", "payments_paused"]


def test_eight_concurrent_rejections_pause_payments_once(sandbox: SandboxProcess) -> None:
    refuse(sandbox, "sendInvoice")
    waiting = [new_invoice() for _ in range(8)]
    left = iter(waiting)

    def send() -> None:
        with suppress(SeqrConfigurationError):
            send_invoice(next(left).pk)

    run_concurrently(8, send)

    assert PaymentPause.objects.count() == MoneyCase.objects.count() == 1
    assert happened(MoneyCase.objects.get()) == ["configuration_case", "payments_paused"]


# --- While it is closed --------------------------------------------------------------------------


def test_unsent_invoices_make_no_calls_and_no_events_during_pause(sandbox: SandboxProcess) -> None:
    waiting = [new_invoice() for _ in range(5)]
    put_off = invoice_in(S.SENDING, lease_until=None)
    pause_for_refused_password()
    events = AuditEvent.objects.count()

    for invoice in (*waiting, put_off):
        age_invoice(invoice, 3)
        send_invoice(invoice.pk)

    assert find_work().invoices_to_send == []
    assert sandbox.calls() == []
    assert AuditEvent.objects.count() == events
    assert {reloaded(invoice).status for invoice in waiting} == {S.CREATED}


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
    refuse(sandbox, "sendInvoice")
    invoice = new_invoice()
    with pytest.raises(SeqrConfigurationError):
        send_invoice(invoice.pk)
    stop = PaymentPause.objects.get()
    make_probe_due(stop)
    sandbox.clear_faults()
    enqueued: list[str] = []
    monkeypatch.setattr("payments.tasks.enqueue", lambda task, *_args: enqueued.append(task.name))

    tasks.probe_payments(stop.pk)

    stop.refresh_from_db()
    assert stop.ended_at is not None
    assert not payments_are_paused()
    assert stop.case.closing_reason == "SEQR accepts our settings again"
    assert happened(stop.case)[-2:] == ["payments_resumed", "case_closed"]
    assert enqueued == ["payments.tasks.run_recovery"]
    assert find_work().invoices_to_send == [invoice.pk]
    send_invoice(invoice.pk)
    assert reloaded(invoice).status == S.ISSUED


def test_probe_invoice_is_polled_and_cancelled_and_has_no_order(
    sandbox: SandboxProcess, client: Client
) -> None:
    stop = pause_for_refused_password()

    probe_payments(stop.pk, at_once=True)

    (at_seqr,) = sandbox.invoices()
    operations = [call["operation"] for call in sandbox.calls()]
    assert operations == ["sendInvoice", "getPaymentStatus", "cancelInvoice"]
    told = AuditEvent.objects.filter(subject_type=SubjectType.CALL, source="probe", order=None)
    assert list(told.values_list("name", flat=True)) == operations
    assert (at_seqr["status"], at_seqr["amount"], at_seqr["currency"]) == (
        "CANCELED",
        "1.00",
        "SEK",
    )
    assert at_seqr["client_invoice_id"] == f"check-{stop.pk}-1"
    address = at_seqr["notification_url"]
    assert address.startswith("http://testserver/notify/")
    assert client.post(address.removeprefix("http://testserver")).status_code == 404


def test_probes_back_off_from_10_to_60_seconds(sandbox: SandboxProcess) -> None:
    refuse(sandbox, "sendInvoice")
    stop = pause_for_refused_password()
    pauses = [stop.next_probe_at - stop.since]
    too_soon = find_work().pauses_to_probe, probe_payments(stop.pk)

    for _ in range(4):
        make_probe_due(stop)
        assert find_work().pauses_to_probe == [stop.pk]
        assert probe_payments(stop.pk) == Probe.REFUSED
        stop.refresh_from_db()
        pauses.append(stop.next_probe_at - database_now())

    assert too_soon == ([], Probe.NOT_MADE)
    assert [round(pause.total_seconds()) for pause in pauses] == [10, 20, 40, 60, 60]
    assert payments_are_paused()
    assert MoneyCase.objects.count() == 1
    assert happened(stop.case).count("probe_refused") == 1


def test_eight_concurrent_workers_make_one_probe(sandbox: SandboxProcess) -> None:
    stop = pause_for_refused_password()
    make_probe_due(stop)

    came = run_concurrently(8, lambda: probe_payments(stop.pk))

    assert came.count(Probe.OPENED) == 1
    assert came.count(Probe.NOT_MADE) == 7
    assert call_count(sandbox, "sendInvoice") == 1


def test_killed_probe_is_repeated_after_its_lease(sandbox: SandboxProcess) -> None:
    stop = pause_for_refused_password()
    make_probe_due(stop)
    PaymentPause.objects.update(lease_until=database_now() + timedelta(seconds=25))
    held = find_work().pauses_to_probe, probe_payments(stop.pk, at_once=True)

    PaymentPause.objects.update(lease_until=database_now())

    assert held == ([], Probe.NOT_MADE)
    assert find_work().pauses_to_probe == [stop.pk]
    assert probe_payments(stop.pk) == Probe.OPENED


def test_rejected_status_query_alone_keeps_payments_paused(
    sandbox: SandboxProcess, poller: Shard
) -> None:
    issued_invoice()
    refuse(sandbox, "getPaymentStatus")
    run_rounds(poller)
    stop = PaymentPause.objects.get()

    came = [probe_payments(stop.pk, at_once=True) for _ in range(3)]

    assert came == [Probe.REFUSED] * 3
    assert PaymentPause.objects.get(ended_at=None) == stop
    assert MoneyCase.objects.count() == 1
    assert [each["status"] for each in sandbox.invoices()[1:]] == ["CANCELED"] * 3


@pytest.mark.parametrize("operation", ["sendInvoice", "getPaymentStatus"])
def test_unanswered_probe_keeps_payments_paused(sandbox: SandboxProcess, operation: str) -> None:
    stop = pause_for_refused_password()
    sandbox.fault(operation, "http_status", status=503, takes_effect=False)

    came = probe_payments(stop.pk, at_once=True)

    assert came == Probe.UNANSWERED
    assert payments_are_paused()
    assert happened(stop.case)[-1] == "probe_unanswered"


def test_probe_that_cannot_be_cancelled_resumes_payments(
    sandbox: SandboxProcess,
) -> None:
    stop = pause_for_refused_password()
    refuse(sandbox, "cancelInvoice", 90)

    assert probe_payments(stop.pk, at_once=True) == Probe.OPENED


def test_rejected_cancel_keeps_payments_paused(sandbox: SandboxProcess) -> None:
    stop = pause_for_refused_password()
    refuse(sandbox, "cancelInvoice", 21)

    assert probe_payments(stop.pk, at_once=True) == Probe.REFUSED


def test_old_invoice_rejected_after_probe_does_not_pause_again(
    sandbox: SandboxProcess,
) -> None:
    """Such as one of a terminal that we had before. Probe and invoice would take turns for ever."""
    refused = issued_invoice()
    probe_payments(pause_for_refused_password().pk, at_once=True)
    refuse(sandbox, "getPaymentStatus", 21)

    for _ in range(3):
        with pytest.raises(SeqrConfigurationError):
            refresh_invoice(refused.pk, BY_PAGE)

    assert not payments_are_paused()
    assert MoneyCase.objects.get(closed_at=None).key == "getPaymentStatus code 21"


def test_new_invoice_rejected_after_probe_pauses_again(sandbox: SandboxProcess) -> None:
    probe_payments(pause_for_refused_password().pk, at_once=True)
    refuse(sandbox, "sendInvoice")

    with pytest.raises(SeqrConfigurationError):
        send_invoice(new_invoice().pk)

    assert PaymentPause.objects.count() == MoneyCase.objects.count() == 2


def test_case_closed_without_correction_is_opened_again(
    sandbox: SandboxProcess,
) -> None:
    refuse(sandbox, "sendInvoice", 92)
    stop = pause_for_refused_password()
    first = stop.case
    probe_soon(first.pk)
    close_case(first.pk, ChangeSource(SourceName.STAFF), "the password was mistyped")

    (due,) = find_work().pauses_to_probe
    probe_payments(due)

    stop.refresh_from_db()
    assert stop.case != first
    assert stop.case.what == "sendInvoice: SEQR answered 92 LICENSE_REJECTION."
    assert MoneyCase.objects.filter(closed_at=None).count() == 1


def test_rejected_settings_at_token_exchange_open_case(
    sandbox: SandboxProcess,
) -> None:
    refuse(sandbox, "getClientSessionInfo", 33)
    shop = new_invoice().order.shop

    for _ in range(2):
        with pytest.raises(SeqrConfigurationError):
            exchange_token(shop, "0000002012-63506374")

    assert MoneyCase.objects.get().key == "getClientSessionInfo code 33"
    assert not payments_are_paused()
