"""A reference that arrives too late is cancelled at SEQR, and never shown."""

import pytest

from orders.models import Shop
from payments.invoices.send import send_invoice
from payments.models import InvoiceStatus
from payments.seqr import SeqrProtocolError
from tests.fault_proxy import FaultProxy
from tests.payments.steps import (
    event_details,
    expire_lease,
    issued_invoice,
    new_invoice,
    other_terminal,
    reference,
    reloaded,
    send_before_next_answer,
    with_reference,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def test_late_reference_is_cancelled_and_never_replaces_the_shown_one(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    """A worker's answer arrives after its lease, and another worker has sent."""
    invoice = new_invoice()
    send_before_next_answer(seqr_proxy, invoice)

    send_invoice(invoice.pk)

    first, second = sandbox.invoices()
    assert reference(reloaded(invoice)) == second["invoice_reference"]
    assert (first["status"], second["status"]) == ("CANCELED", "ISSUED")
    assert event_details(invoice) == [
        ("sending_started", ""),
        ("sent", second["invoice_reference"]),
        ("stray_reference_canceled", first["invoice_reference"]),
    ]


def test_late_reference_that_seqr_does_not_cancel_is_recorded_with_the_reason(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice = new_invoice()

    def send_in_another_worker() -> None:
        expire_lease(invoice)
        send_invoice(invoice.pk)
        sandbox.fault("cancelInvoice", "result_code", code=90)

    seqr_proxy.before_next_answer(send_in_another_worker)

    send_invoice(invoice.pk)

    stray, _ = sandbox.invoices()
    why = f"{stray['invoice_reference']}: cancelInvoice: SEQR answered 90 SYSTEM_ERROR."
    assert event_details(invoice)[-1] == ("stray_reference_not_canceled", why)


def test_late_reference_of_another_invoice_does_not_cancel_that_invoice(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    other, invoice = issued_invoice(), new_invoice()

    def send_in_another_worker() -> None:
        expire_lease(invoice)
        send_invoice(invoice.pk)
        seqr_proxy.rewrite = lambda answer: with_reference(answer, reference(other))

    seqr_proxy.before_next_answer(send_in_another_worker)

    with pytest.raises(SeqrProtocolError):
        send_invoice(invoice.pk)

    assert reloaded(invoice).status == InvoiceStatus.ISSUED
    assert sandbox.invoice(reference(other))["status"] == "ISSUED"


def test_late_reference_of_a_replaced_terminal_is_cancelled_by_that_terminal(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy
) -> None:
    invoice, replacement = new_invoice(), other_terminal()

    def send_in_another_worker() -> None:
        Shop.objects.update(terminal=replacement)
        expire_lease(invoice)
        send_invoice(invoice.pk)

    seqr_proxy.before_next_answer(send_in_another_worker)

    send_invoice(invoice.pk)

    first, second = sandbox.invoices()
    assert reference(reloaded(invoice)) == second["invoice_reference"]
    assert (first["status"], second["status"]) == ("CANCELED", "ISSUED")
    assert reloaded(invoice).terminal == replacement
