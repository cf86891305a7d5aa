"""Calls to SEQR in the audit: all but unchanged polls, and without secrets."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from orders.audit import ChangeSource, by_staff
from orders.models import AuditEvent, SourceName, SubjectType
from payments import call_audit
from payments.invoices.apply_status import apply_status
from payments.invoices.cancel import cancel_invoice
from payments.invoices.refresh import refresh_invoice
from payments.invoices.send import send_invoice
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import CancelReason, InvoiceStatus
from payments.receipts.submit import submit_receipts
from payments.refunds.refund import request_refund
from payments.refunds.send import send_refund
from payments.seqr import CallRecord, SeqrOutcomeUnknown, SeqrUnavailable
from payments.session_exchange import TokenRefused, exchange_token
from tests.factories import ShopFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_POLLER,
    event_names,
    invoice_in,
    issued_invoice,
    new_invoice,
    paid_invoice,
    reference,
    refresh,
    reloaded,
    send_before_next_answer,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
TOKEN = "0000002012-63506374"
POLL = CallRecord("getPaymentStatus", "0123456789abcdef0123456789abcdef", 7, 0)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk() -> User:
    return User.objects.create_user("clerk")


def recorded_calls() -> list[AuditEvent]:
    """Return the calls in the audit, oldest first."""
    return list(AuditEvent.objects.filter(subject_type=SubjectType.CALL).order_by("id"))


def call_results() -> list[tuple[str, int | None]]:
    """Return the operation and the result code of each call in the audit."""
    return [(call.name, call.result_code) for call in recorded_calls()]


def test_call_is_recorded_with_order_source_and_client_reference(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()

    (call,) = recorded_calls()

    assert (call.name, call.result_code, call.detail) == ("sendInvoice", 0, "")
    assert (call.order_id, call.source, call.actor) == (invoice.order_id, "send_invoice", None)
    assert f"<clientReference>{call.subject_label}<" in sandbox.calls("sendInvoice")[0]["request"]
    assert call.duration_ms is not None
    assert 0 <= call.duration_ms < 5000


def test_every_call_about_an_order_is_recorded(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    submit_receipts([invoice.pk])
    refund, _ = request_refund(invoice.pk, Decimal("5.00"), "cold", by_staff(clerk), "nonce")
    send_refund(refund.pk)

    assert call_results() == [
        ("sendInvoice", 0),
        ("getPaymentStatus", 0),
        ("getPaymentStatus", 0),
        ("submitPaymentReceipt", 0),
        ("refundPayment", 0),
    ]
    assert {call.order_id for call in recorded_calls()} == {invoice.order_id}
    sources = [call.source for call in recorded_calls()]
    assert sources == ["send_invoice", "poller", "poller", "submit_receipt", "send_refund"]


def test_cancel_is_recorded_with_its_person(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = issued_invoice()

    cancel_invoice(invoice.pk, CancelReason.STAFF, by_staff(clerk))

    assert call_results() == [("sendInvoice", 0), ("getPaymentStatus", 0), ("cancelInvoice", 0)]
    assert [call.actor for call in recorded_calls()] == [None, clerk, clerk]


def test_cancel_of_stray_reference_is_recorded(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    send_before_next_answer(seqr_proxy, invoice)

    send_invoice(invoice.pk)

    assert call_results() == [("sendInvoice", 0), ("sendInvoice", 0), ("cancelInvoice", 0)]


def test_each_failed_attempt_to_send_is_recorded_with_its_error(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.lose_answers = True
    for _ in range(2):
        with pytest.raises(SeqrOutcomeUnknown):
            send_invoice(invoice.pk)
    seqr_proxy.lose_answers = False

    send_invoice(invoice.pk)

    assert call_results() == [("sendInvoice", None), ("sendInvoice", None), ("sendInvoice", 0)]
    assert recorded_calls()[0].detail == "the connection was closed without a response"


def test_refund_with_lost_answer_is_recorded_without_result_code(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund, _ = request_refund(invoice.pk, Decimal("5.00"), "cold", by_staff(clerk), "nonce")
    seqr_proxy.lose_answers = True

    send_refund(refund.pk)

    assert call_results()[-1] == ("refundPayment", None)


def test_token_exchange_is_recorded_without_token_and_customer(sandbox: SandboxProcess) -> None:
    shop = ShopFactory.create(service_id="CAFE")
    sandbox.register_shop("CAFE", "http://testserver/cafe")
    token = sandbox.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4", "46700643933")["token"]
    session = exchange_token(shop, token)

    with pytest.raises(TokenRefused):
        exchange_token(shop, TOKEN)

    accepted, refused = recorded_calls()
    assert (accepted.name, accepted.result_code, accepted.order) == (
        "getClientSessionInfo",
        0,
        None,
    )
    assert (refused.source, refused.result_code != 0) == ("customer", True)
    audit = str(list(AuditEvent.objects.values()))
    for secret in (token, TOKEN, "46700643933", session.customer.subscriber_key, "TABLE"):
        assert secret not in audit


def test_audit_holds_no_secret_of_the_shop(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    submit_receipts([invoice.pk])

    audit = str(list(AuditEvent.objects.values()))

    for secret in ("12345678", invoice.notify_key, invoice.order.return_key, "46700000001"):
        assert secret not in audit


# --- Polls ---------------------------------------------------------------------------------------


def test_unchanged_polls_are_not_recorded(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    refresh(invoice)  # stores the invoice's version
    before = AuditEvent.objects.count()

    for name in (
        SourceName.POLLER,
        SourceName.NOTIFICATION,
        SourceName.PAGE,
        SourceName.RECOVERY,
    ):
        refresh_invoice(invoice.pk, ChangeSource(name))

    assert AuditEvent.objects.count() == before


def test_queries_about_acknowledged_payment_are_not_recorded(sandbox: SandboxProcess) -> None:
    invoice = paid_invoice(sandbox)
    before = AuditEvent.objects.count()

    for _ in range(5):
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    assert AuditEvent.objects.count() == before


def test_unexpected_status_is_recorded_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = paid_invoice(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">ISSUED<")
    calls_before = len(recorded_calls())

    for _ in range(5):
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    assert event_names(invoice).count("unexpected_status") == 1
    assert len(recorded_calls()) == calls_before + 1


def test_query_by_staff_is_always_recorded(sandbox: SandboxProcess, clerk: User) -> None:
    issued, paid = issued_invoice(), paid_invoice(sandbox)
    calls_before = len(recorded_calls())

    for invoice in (issued, paid):
        refresh_invoice(invoice.pk, by_staff(clerk))

    queries = recorded_calls()[calls_before:]
    assert [(call.order_id, call.name, call.source, call.actor) for call in queries] == [
        (invoice.order_id, "getPaymentStatus", "staff", clerk) for invoice in (issued, paid)
    ]


def test_unanswered_query_is_recorded_once_until_staff_repeat_it(
    seqr_away: None, clerk: User
) -> None:
    invoice = invoice_in(S.ISSUED)

    for source in (
        ChangeSource(SourceName.NOTIFICATION),
        ChangeSource(SourceName.PAGE),
        by_staff(clerk),
        ChangeSource(SourceName.PAGE),
    ):
        with pytest.raises(SeqrUnavailable):
            refresh_invoice(invoice.pk, source)

    assert [(call.source, call.result_code) for call in recorded_calls()] == [
        ("notification", None),
        ("staff", None),
    ]
    assert recorded_calls()[0].detail == "no connection to SEQR's server"


def test_unanswered_query_is_recorded_for_each_order(seqr_away: None) -> None:
    invoices = [invoice_in(S.ISSUED) for _ in range(2)]

    for invoice in invoices:
        with pytest.raises(SeqrUnavailable):
            refresh_invoice(invoice.pk, BY_POLLER)

    assert [call.order_id for call in recorded_calls()] == [each.order_id for each in invoices]


def test_polled_call_is_recorded_with_the_change() -> None:
    invoice = invoice_in(S.ISSUED)
    query = StatusQuery(
        invoice.pk, invoice.terminal_id, reference(invoice), 0, S.ISSUED, invoice.order_id
    )

    apply_status(query, StatusResult(1, S.CANCELED, call=POLL), BY_POLLER, silence=timedelta())

    (call,) = recorded_calls()
    assert (call.subject_label, call.duration_ms) == (POLL.client_reference, POLL.duration_ms)
    assert call.order_id == invoice.order_id


def test_outdated_answer_is_not_recorded() -> None:
    invoice = invoice_in(S.ISSUED, invoice_version=2)
    query = StatusQuery(
        invoice.pk, invoice.terminal_id, reference(invoice), 0, S.ISSUED, invoice.order_id
    )

    apply_status(query, StatusResult(1, S.CANCELED, call=POLL), BY_POLLER, silence=timedelta())

    assert recorded_calls() == []


# --- Failures of the audit -----------------------------------------------------------------------


def test_answer_is_applied_though_its_call_cannot_be_recorded(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = new_invoice()
    failure = OperationalError("the connection is lost")
    monkeypatch.setattr(call_audit, "record_call", Mock(side_effect=failure))

    send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.ISSUED
    assert recorded_calls() == []
    assert "is missing in the audit: OperationalError" in caplog.text


def test_result_code_of_any_size_is_recorded(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace("<resultCode>0<", "<resultCode>2147483647<")

    with pytest.raises(SeqrOutcomeUnknown):
        send_invoice(invoice.pk)

    assert call_results() == [("sendInvoice", 2147483647)]
