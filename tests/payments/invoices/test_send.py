"""sendInvoice: at most one reference is ever shown, whatever happens on the way."""

import pytest

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.availability.probe import probe_payments
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
    age_invoice,
    event_names,
    expire_lease,
    invoice_in,
    new_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
BY_CUSTOMER = ChangeSource(SourceName.CUSTOMER)


@pytest.mark.django_db(transaction=True)
def test_a_new_invoice_is_sent_and_gets_seqrs_reference(sandbox: SandboxProcess) -> None:
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
    assert event_names(invoice) == ["sending_started", "sent"]


@pytest.mark.django_db(transaction=True)
def test_sending_twice_is_sending_once(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()
    send_invoice(invoice.pk)

    send_invoice(invoice.pk)

    assert len(sandbox.invoices()) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_send_one_invoice(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()

    run_concurrently(8, lambda: send_invoice(invoice.pk))

    assert len(sandbox.invoices()) == 1
    assert reloaded(invoice).status == S.ISSUED


@pytest.mark.django_db(transaction=True)
def test_nothing_sent_is_sent_later(seqr_away: None) -> None:
    invoice = new_invoice()

    with pytest.raises(SeqrUnavailable):
        send_invoice(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.SENDING, "sending")
    assert invoice.pk in find_work().invoices_to_send
    assert event_names(invoice) == ["sending_started", "sending_failed"]


@pytest.mark.django_db(transaction=True)
def test_an_answer_lost_on_the_way_is_sent_for_again_and_one_reference_is_shown(
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


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_is_cancelled_at_seqr_and_never_stored_over_the_one_shown(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """A sender sleeps past its lease; another sends meanwhile."""
    invoice = new_invoice()

    def another_sender() -> None:
        seqr_proxy.before_answer = lambda: None
        expire_lease(invoice)
        send_invoice(invoice.pk)

    seqr_proxy.before_answer = another_sender

    send_invoice(invoice.pk)

    first, second = sandbox.invoices()
    assert reference(reloaded(invoice)) == second["invoice_reference"]
    assert (first["status"], second["status"]) == ("CANCELED", "ISSUED")
    assert "stray_reference_canceled" in event_names(invoice)


@pytest.mark.django_db(transaction=True)
def test_a_cancel_while_sending_is_done_when_the_reference_comes_which_is_never_shown(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seen = []

    def customer_cancels() -> None:
        seqr_proxy.before_answer = lambda: None
        _cancel_by_customer(invoice)
        seen.append(reloaded(invoice).status)

    seqr_proxy.before_answer = customer_cancels

    send_invoice(invoice.pk)

    assert seen == [S.CANCEL_PENDING]
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert [at_seqr["status"] for at_seqr in sandbox.invoices()] == ["CANCELED"]
    assert "sent" not in event_names(invoice)


@pytest.mark.django_db(transaction=True)
def test_a_cancel_while_the_answer_gets_lost_ends_without_a_reference(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()
    seqr_proxy.lose_answers = True
    seqr_proxy.before_answer = lambda: _cancel_by_customer(invoice)

    with pytest.raises(SeqrOutcomeUnknown):
        send_invoice(invoice.pk)

    assert (reloaded(invoice).status, reloaded(invoice).invoice_reference) == (S.CANCELED, None)


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_final(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(amount="44.00")  # the rows make 45.00

    send_invoice(invoice.pk)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.FAILED, "failed")
    assert event_names(invoice) == ["sending_started", "refused_by_seqr"]


@pytest.mark.django_db(transaction=True)
def test_a_wrong_password_fails_no_payment(sandbox: SandboxProcess, seqr_proxy: FaultProxy) -> None:
    invoice = new_invoice()
    seqr_proxy.rewrite = lambda _answer: _with_code(20)

    with pytest.raises(SeqrAuthenticationError):
        send_invoice(invoice.pk)
    seqr_proxy.rewrite = lambda answer: answer
    probe_payments(PaymentPause.objects.get().pk, at_once=True)

    assert reloaded(invoice).status == S.SENDING
    assert invoice.pk in find_work().invoices_to_send


@pytest.mark.django_db(transaction=True)
def test_a_reference_that_another_invoice_has_is_not_taken(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice_in(S.PAID, invoice_reference="424242")
    invoice = new_invoice()
    seqr_proxy.rewrite = lambda answer: _with_reference(answer, "424242")

    with pytest.raises(SeqrProtocolError):
        send_invoice(invoice.pk)

    assert reloaded(invoice).invoice_reference is None


@pytest.mark.django_db(transaction=True)
def test_a_notification_quicker_than_the_answer_is_followed_up(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()

    def customer_pays_at_once() -> None:
        seqr_proxy.before_answer = lambda: None
        sandbox.pay(sandbox.invoices()[-1]["invoice_reference"])
        invoice_notified(invoice.notify_key)

    seqr_proxy.before_answer = customer_pays_at_once

    send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.PAID


@pytest.mark.django_db(transaction=True)
def test_a_killed_senders_invoice_is_sent_after_its_lease(sandbox: SandboxProcess) -> None:
    invoice = new_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(status=S.SENDING)
    invoice.order.state = "sending"
    invoice.order.save()

    send_invoice(invoice.pk)

    assert reloaded(invoice).status == S.ISSUED


@pytest.mark.django_db(transaction=True)
def test_an_invoice_past_its_lifetime_is_not_sent_but_expired(seqr_away: None) -> None:
    invoice = new_invoice()
    age_invoice(invoice, 3600)

    work = find_work()

    assert (invoice.pk in work.invoices_to_send, invoice.pk in work.invoices_to_expire) == (
        False,
        True,
    )
    ended = cancel_invoice(invoice.pk, CancelReason.LIFETIME, ChangeSource(SourceName.RECOVERY))
    assert (ended.status, order_state(invoice)) == (S.EXPIRED, "expired")


def _cancel_by_customer(invoice: Invoice) -> None:
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)


def _with_code(code: int) -> str:
    return f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
        <e:sendInvoiceResponse xmlns:e="http://external.interfaces.ers.seamless.com/"><return>
        <resultCode>{code}</resultCode></return></e:sendInvoiceResponse></s:Body></s:Envelope>"""


def _with_reference(answer: str, invoice_reference: str) -> str:
    before, _, rest = answer.partition("<invoiceReference>")
    _, _, after = rest.partition("</invoiceReference>")
    return f"{before}<invoiceReference>{invoice_reference}</invoiceReference>{after}"
