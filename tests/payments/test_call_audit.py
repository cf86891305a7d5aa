"""Calls to SEQR in the audit: each but the unchanged polls, and nothing secret of any."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

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
from payments.models import CancelReason, Invoice, InvoiceStatus
from payments.receipts.submit import submit_receipt
from payments.refunds.refund import request_refund, send_refund
from payments.seqr import CallRecord, SeqrOutcomeUnknown, SeqrUnavailable
from payments.session_exchange import TokenRefused, exchange_token
from tests.factories import ShopFactory
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    event_names,
    expire_lease,
    invoice_in,
    issued_invoice,
    new_invoice,
    reference,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_POLLER = ChangeSource(SourceName.POLLER)
TOKEN = "0000002012-63506374"
POLL = CallRecord("getPaymentStatus", "0123456789abcdef0123456789abcdef", 7, 0)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk() -> User:
    return User.objects.create_user("clerk")


def lines() -> list[AuditEvent]:
    """Return the calls in the audit, oldest first."""
    return list(AuditEvent.objects.filter(subject_type=SubjectType.CALL).order_by("id"))


def told() -> list[tuple[str, int | None]]:
    """Return the calls in the audit, each with SEQR's code."""
    return [(line.name, line.result_code) for line in lines()]


def paid_invoice(sandbox: SandboxProcess) -> Invoice:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    refresh_invoice(invoice.pk, BY_POLLER)
    return reloaded(invoice)


def test_a_call_is_told_with_its_order_its_cause_and_the_reference_that_seqr_knows_it_by(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()

    (line,) = lines()

    assert (line.name, line.result_code, line.detail) == ("sendInvoice", 0, "")
    assert (line.order_id, line.source, line.actor) == (invoice.order_id, "send_invoice", None)
    assert f"<clientReference>{line.subject_label}<" in sandbox.calls("sendInvoice")[0]["request"]
    assert line.duration_ms is not None
    assert 0 <= line.duration_ms < 5000


def test_an_orders_whole_course_is_told_call_by_call(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    submit_receipt(invoice.pk)
    refund, _ = request_refund(invoice.pk, Decimal("5.00"), "cold", by_staff(clerk), "nonce")
    send_refund(refund.pk)

    assert told() == [
        ("sendInvoice", 0),
        ("getPaymentStatus", 0),
        ("getPaymentStatus", 0),
        ("submitPaymentReceipt", 0),
        ("refundPayment", 0),
    ]
    assert {line.order_id for line in lines()} == {invoice.order_id}
    sources = [line.source for line in lines()]
    assert sources == ["send_invoice", "poller", "poller", "submit_receipt", "send_refund"]


def test_a_cancel_is_told_with_who_wanted_it(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = issued_invoice()

    cancel_invoice(invoice.pk, CancelReason.STAFF, by_staff(clerk))

    assert told() == [("sendInvoice", 0), ("getPaymentStatus", 0), ("cancelInvoice", 0)]
    assert [line.actor for line in lines()] == [None, clerk, clerk]


def test_a_stray_reference_is_told_to_have_been_cancelled(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()

    def another_sender() -> None:
        seqr_proxy.before_answer = lambda: None
        expire_lease(invoice)
        send_invoice(invoice.pk)

    seqr_proxy.before_answer = another_sender

    send_invoice(invoice.pk)

    assert told() == [("sendInvoice", 0), ("sendInvoice", 0), ("cancelInvoice", 0)]


def test_each_attempt_to_send_an_invoice_is_told_with_how_it_failed(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.lose_answers = True
    for _ in range(2):
        with pytest.raises(SeqrOutcomeUnknown):
            send_invoice(invoice.pk)
    seqr_proxy.lose_answers = False

    send_invoice(invoice.pk)

    assert told() == [("sendInvoice", None), ("sendInvoice", None), ("sendInvoice", 0)]
    assert lines()[0].detail == "the connection was closed without a response"


def test_a_lost_refund_is_told_as_a_call_without_an_answer(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, clerk: User
) -> None:
    invoice = paid_invoice(sandbox)
    refund, _ = request_refund(invoice.pk, Decimal("5.00"), "cold", by_staff(clerk), "nonce")
    seqr_proxy.lose_answers = True

    send_refund(refund.pk)

    assert told()[-1] == ("refundPayment", None)


def test_an_exchange_of_a_token_is_told_without_the_token_and_without_the_customer(
    sandbox: SandboxProcess,
) -> None:
    shop = ShopFactory.create(service_id="CAFE")
    sandbox.register_shop("CAFE", "http://testserver/cafe")
    token = sandbox.scan("HTTP://SEQR.SE/000/CAFE?TABLE=4", "46700643933")["token"]
    session = exchange_token(shop, token)

    with pytest.raises(TokenRefused):
        exchange_token(shop, TOKEN)

    accepted, refused = lines()
    assert (accepted.name, accepted.result_code, accepted.order) == (
        "getClientSessionInfo",
        0,
        None,
    )
    assert (refused.source, refused.result_code != 0) == ("customer", True)
    everything = str(list(AuditEvent.objects.values()))
    for secret in (token, TOKEN, "46700643933", session.customer.subscriber_key, "TABLE"):
        assert secret not in everything


def test_no_secret_of_ours_is_in_the_audit(sandbox: SandboxProcess, clerk: User) -> None:
    invoice = paid_invoice(sandbox)
    submit_receipt(invoice.pk)

    everything = str(list(AuditEvent.objects.values()))

    for secret in ("12345678", invoice.notify_key, invoice.order.return_key, "46700000001"):
        assert secret not in everything


# --- Polls ---------------------------------------------------------------------------------------


def test_unchanged_polls_are_not_told(sandbox: SandboxProcess) -> None:
    invoice = issued_invoice()
    refresh_invoice(invoice.pk, BY_POLLER)  # brings the invoice's version
    before = AuditEvent.objects.count()

    for name in (
        SourceName.POLLER,
        SourceName.NOTIFICATION,
        SourceName.PAGE,
        SourceName.RECOVERY,
    ):
        refresh_invoice(invoice.pk, ChangeSource(name))

    assert AuditEvent.objects.count() == before


def test_asking_about_what_is_settled_is_not_told(sandbox: SandboxProcess) -> None:
    invoice = paid_invoice(sandbox)
    before = AuditEvent.objects.count()

    for _ in range(5):
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    assert AuditEvent.objects.count() == before


def test_what_seqr_answers_against_our_expectation_is_told_once(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = paid_invoice(sandbox)
    seqr_proxy.rewrite = lambda answer: answer.replace(">PAID<", ">ISSUED<")
    before = len(lines())

    for _ in range(5):
        refresh_invoice(invoice.pk, ChangeSource(SourceName.NOTIFICATION))

    assert event_names(invoice).count("unexpected_status") == 1
    assert len(lines()) == before + 1


def test_a_question_of_the_staff_is_told_whatever_seqr_answers(
    sandbox: SandboxProcess, clerk: User
) -> None:
    waiting, settled = issued_invoice(), paid_invoice(sandbox)
    before = len(lines())

    for invoice in (waiting, settled):
        refresh_invoice(invoice.pk, by_staff(clerk))

    asked = lines()[before:]
    assert [(line.order_id, line.name, line.source, line.actor) for line in asked] == [
        (invoice.order_id, "getPaymentStatus", "staff", clerk) for invoice in (waiting, settled)
    ]


def test_a_question_without_an_answer_is_told_once_until_something_else_is(
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

    assert [(line.source, line.result_code) for line in lines()] == [
        ("notification", None),
        ("staff", None),
    ]
    assert lines()[0].detail == "no connection to SEQR's server"


def test_the_poller_tells_the_call_in_the_transaction_of_what_it_changed() -> None:
    invoice = invoice_in(S.ISSUED)
    question = StatusQuery(invoice.pk, reference(invoice), 0, S.ISSUED)

    apply_status(question, StatusResult(1, S.CANCELED, call=POLL), BY_POLLER, silence=timedelta())

    (line,) = lines()
    assert (line.subject_label, line.duration_ms) == (POLL.client_reference, POLL.duration_ms)
    assert line.order_id == invoice.order_id


def test_an_answer_that_comes_too_late_to_change_anything_is_not_told() -> None:
    invoice = invoice_in(S.ISSUED, invoice_version=2)
    question = StatusQuery(invoice.pk, reference(invoice), 0, S.ISSUED)

    apply_status(question, StatusResult(1, S.CANCELED, call=POLL), BY_POLLER, silence=timedelta())

    assert lines() == []


# --- When the audit cannot be written ------------------------------------------------------------


def test_an_answer_is_kept_though_its_call_cannot_be_written(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = new_invoice()

    def away(*_args: object) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(call_audit, "record_call", away)
    send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.ISSUED
    assert lines() == []
    assert "is missing in the audit: OperationalError" in caplog.text


def test_a_code_of_any_size_can_be_written(sandbox: SandboxProcess, seqr_proxy: FaultProxy) -> None:
    invoice = new_invoice()
    seqr_proxy.rewrite = lambda answer: answer.replace("<resultCode>0<", "<resultCode>2147483647<")

    with pytest.raises(SeqrOutcomeUnknown):
        send_invoice(invoice.pk)

    assert told() == [("sendInvoice", 2147483647)]
