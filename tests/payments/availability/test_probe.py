"""A probe resumes payments once SEQR accepts our configuration again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType
from payments import tasks
from payments.availability.pause import payments_are_paused
from payments.availability.probe import ProbeResult, probe_payments, schedule_probe
from payments.cases.cases import close_case
from payments.gateway import status_calls
from payments.invoices.refresh import refresh_invoice
from payments.invoices.send import send_invoice
from payments.models import (
    InvoiceStatus,
    MoneyCase,
    PaymentPause,
)
from payments.recovery import find_work
from payments.seqr import SeqrConfigurationError
from payments.session_exchange import exchange_token
from tests.payments.availability.steps import event_names, reject
from tests.payments.polling.shard import MAX_IN_FLIGHT, Shard
from tests.payments.steps import (
    call_count,
    issued_invoice,
    make_probe_due,
    new_invoice,
    own_terminal,
    pause_for_refused_password,
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
    request = sandbox.calls("sendInvoice")[0]["request"]
    title = "Check of the settings, not to be paid"
    for element in ("title", "itemDescription", "footer"):
        assert f"<{element}>{title}</{element}>" in request
    assert "<cashierId>check</cashierId>" in request
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
