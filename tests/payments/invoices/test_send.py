"""sendInvoice: at most one reference is ever shown, whatever fails."""

import pytest
from django.db import IntegrityError

from orders.models import Shop
from payments.availability.probe import probe_payments
from payments.invoices import send
from payments.invoices.cancel import cancel_invoice
from payments.invoices.notification import invoice_notified
from payments.invoices.send import send_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus, PaymentPause
from payments.recovery import find_work
from payments.seqr import (
    SeqrAuthenticationError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrUnavailable,
)
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    BY_CUSTOMER,
    BY_RECOVERY,
    age_invoice,
    event_details,
    expire_lease,
    invoice_in,
    issued_invoice,
    new_invoice,
    order_state,
    other_terminal,
    reference,
    refresh,
    reloaded,
    with_reference,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def test_new_invoice_is_sent_and_gets_reference(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()

    send_invoice(invoice.pk)

    invoice = reloaded(invoice)
    at_seqr = sandbox.invoice(reference(invoice))
    assert (invoice.status, order_state(invoice)) == (S.ISSUED, "awaiting_payment")
    assert (at_seqr["amount"], at_seqr["currency"]) == ("45.00", "SEK")
    assert at_seqr["client_invoice_id"] == f"{invoice.order.number}-1"
    assert at_seqr["notification_url"] == f"http://testserver/notify/{invoice.notify_key}"
    assert at_seqr["back_url"] == f"http://testserver/return/{invoice.order.return_key}"
    assert invoice.invoice_qr_code.endswith(f"/R{invoice.invoice_reference}")
    assert event_details(invoice) == [("sending_started", ""), ("sent", reference(invoice))]


def test_refusal_of_the_database_that_no_reference_explains_is_an_error(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> bool:
        raise IntegrityError("another constraint")

    monkeypatch.setattr(send, "_store_locked", refuse)
    invoice = new_invoice()

    with pytest.raises(IntegrityError, match="another constraint"):
        send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.SENDING


def test_sent_invoice_is_not_sent_again(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()
    send_invoice(invoice.pk)

    send_invoice(invoice.pk)

    assert len(sandbox.invoices()) == 1


def test_eight_concurrent_workers_send_one_invoice(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()

    run_concurrently(8, lambda: send_invoice(invoice.pk))

    assert len(sandbox.invoices()) == 1
    assert reloaded(invoice).status == S.ISSUED


def test_invoice_is_sent_later_while_seqr_is_down(seqr_away: None) -> None:
    invoice = new_invoice()

    with pytest.raises(SeqrUnavailable):
        send_invoice(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.SENDING, "sending")
    assert invoice.pk in find_work().invoices_to_send
    assert event_details(invoice) == [
        ("sending_started", ""),
        ("sending_failed", "sendInvoice: no connection to SEQR's server."),
    ]


def test_invoice_is_sent_again_after_lost_answer_and_shows_newest_reference(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        send_invoice(invoice.pk)
    seqr_proxy.lose_answers = False

    send_invoice(invoice.pk)

    newest = sandbox.invoices()[-1]
    assert len(sandbox.invoices()) >= 2
    assert reference(reloaded(invoice)) == newest["invoice_reference"]
    assert reloaded(invoice).status == S.ISSUED


def test_unsent_invoice_is_sent_by_the_terminal_that_has_replaced_its_shops(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice, replacement = new_invoice(), other_terminal()
    seqr_proxy.lose_answers = True
    with pytest.raises(SeqrOutcomeUnknown):
        send_invoice(invoice.pk)
    seqr_proxy.lose_answers = False
    Shop.objects.update(terminal=replacement)

    send_invoice(invoice.pk)

    sent = reloaded(invoice)
    assert (sent.status, sent.terminal) == (S.ISSUED, replacement)
    sandbox.pay(reference(sent))
    assert refresh(sent) == S.PAID


def test_first_unsent_invoice_after_its_shops_terminal_was_replaced_is_sent_by_the_new_one(
    sandbox: SandboxProcess,
) -> None:
    invoice, replacement = new_invoice(), other_terminal()
    Shop.objects.update(terminal=replacement)

    send_invoice(invoice.pk)

    assert reloaded(invoice).terminal == replacement


def test_issued_invoice_keeps_its_terminal_when_its_shops_is_replaced(
    sandbox: SandboxProcess,
) -> None:
    invoice = issued_invoice()
    Shop.objects.update(terminal=other_terminal())
    sandbox.pay(reference(invoice))

    send_invoice(invoice.pk)

    assert refresh(invoice) == S.PAID
    assert reloaded(invoice).terminal == invoice.terminal


def test_reference_is_stored_with_the_terminal_that_issued_it_though_another_has_the_lease(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """A call hangs beyond its lease; another worker has begun to send by the new terminal."""
    invoice, replacement = new_invoice(), other_terminal()
    leased: list[Invoice | None] = []

    def take_lease_in_another_worker() -> None:
        Shop.objects.update(terminal=replacement)
        expire_lease(invoice)
        leased.append(send._take_lease(invoice.pk))

    seqr_proxy.before_next_answer(take_lease_in_another_worker)

    send_invoice(invoice.pk)

    sent = reloaded(invoice)
    assert [each and each.terminal_id for each in leased] == [replacement.pk]
    assert (sent.status, sent.terminal) == (S.ISSUED, invoice.terminal)
    sandbox.pay(reference(sent))
    assert refresh(sent) == S.PAID


def test_refused_terminal_is_paused_though_another_has_the_lease(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice, replacement = new_invoice(), other_terminal()

    def replace_terminal() -> None:
        Shop.objects.update(terminal=replacement)
        expire_lease(invoice)
        send._take_lease(invoice.pk)

    seqr_proxy.before_next_answer(replace_terminal)
    seqr_proxy.rewrite = lambda _answer: _with_code(20)

    with pytest.raises(SeqrAuthenticationError):
        send_invoice(invoice.pk)

    assert PaymentPause.objects.get().terminal == invoice.terminal


def test_invoice_cancelled_during_sending_is_cancelled_at_seqr_and_never_shown(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    statuses = []

    def cancel() -> None:
        _cancel_by_customer(invoice)
        statuses.append(reloaded(invoice).status)

    seqr_proxy.before_next_answer(cancel)

    send_invoice(invoice.pk)

    assert statuses == [S.CANCEL_PENDING]
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    (at_seqr,) = sandbox.invoices()
    assert at_seqr["status"] == "CANCELED"
    assert event_details(invoice) == [
        ("sending_started", ""),
        ("cancel_requested", ""),
        ("sent_after_cancel_request", at_seqr["invoice_reference"]),
        ("cancel_confirmed", ""),
    ]


def test_invoice_cancelled_during_lost_answer_ends_without_reference(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.lose_answers = True
    seqr_proxy.before_answer = lambda: _cancel_by_customer(invoice)

    with pytest.raises(SeqrOutcomeUnknown):
        send_invoice(invoice.pk)

    assert (reloaded(invoice).status, reloaded(invoice).invoice_reference) == (S.CANCELED, None)
    assert event_details(invoice)[-1] == ("cancel_confirmed", "never sent")


def test_cancelled_invoice_that_seqr_refuses_to_send_is_cancelled(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.before_next_answer(lambda: _cancel_by_customer(invoice))
    seqr_proxy.rewrite = lambda _answer: _with_code(49)

    send_invoice(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert reloaded(invoice).lease_until is None
    assert event_details(invoice)[-1] == (
        "cancel_confirmed",
        "sendInvoice: SEQR answered 49 INVALID_INVOICE_DATA.",
    )


def test_invoice_refused_by_seqr_fails(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(amount="44.00")  # the rows add up to 45.00

    send_invoice(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.FAILED, "failed")
    assert event_details(invoice) == [
        ("sending_started", ""),
        ("refused_by_seqr", "sendInvoice: SEQR answered 49 INVALID_INVOICE_DATA."),
    ]


def test_refused_password_fails_no_invoice(sandbox: SandboxProcess, seqr_proxy: FaultProxy) -> None:
    invoice = new_invoice()
    seqr_proxy.rewrite = lambda _answer: _with_code(20)

    with pytest.raises(SeqrAuthenticationError):
        send_invoice(invoice.pk)
    seqr_proxy.clear_faults()
    probe_payments(PaymentPause.objects.get().pk, force=True)

    assert reloaded(invoice).status == S.SENDING
    assert invoice.pk in find_work().invoices_to_send


def test_reference_of_another_invoice_is_not_stored(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice_in(S.PAID, invoice_reference="424242")
    invoice = new_invoice()
    seqr_proxy.rewrite = lambda answer: with_reference(answer, "424242")

    with pytest.raises(SeqrProtocolError):
        send_invoice(invoice.pk)

    assert reloaded(invoice).invoice_reference is None


def test_notification_before_the_answer_leads_to_a_query(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()

    def pay() -> None:
        sandbox.pay(sandbox.invoices()[-1]["invoice_reference"])
        invoice_notified(invoice.notify_key)

    seqr_proxy.before_next_answer(pay)

    send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.PAID


def test_invoice_of_killed_worker_is_sent_after_its_lease(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(status=S.SENDING)
    invoice.order.state = "sending"
    invoice.order.save()

    send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.ISSUED


def test_unsent_invoice_past_its_lifetime_expires(seqr_away: None) -> None:
    invoice = new_invoice()
    age_invoice(invoice, 3600)

    work = find_work()

    assert (work.invoices_to_send, work.invoices_to_expire) == ([], [invoice.pk])
    ended = cancel_invoice(invoice.pk, CancelReason.LIFETIME, BY_RECOVERY)
    assert (ended.status, order_state(invoice)) == (S.EXPIRED, "expired")


def _cancel_by_customer(invoice: Invoice) -> None:
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)


def _with_code(code: int) -> str:
    return f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
        <e:sendInvoiceResponse xmlns:e="http://external.interfaces.ers.seamless.com/"><return>
        <resultCode>{code}</resultCode></return></e:sendInvoiceResponse></s:Body></s:Envelope>"""
