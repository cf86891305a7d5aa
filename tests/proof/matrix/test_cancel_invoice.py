"""cancelInvoice."""

import pytest

from orders.audit import ChangeSource
from orders.models import SourceName
from payments.invoices.cancel import cancel_invoice
from payments.models import CancelReason, Invoice, InvoiceStatus
from payments.recovery import find_work
from tests.payments.steps import event_names, issued_invoice, order_state, reference, reloaded
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, customer_heading, open_cases
from tests.sandbox_process import ControlError

OPERATION = "cancelInvoice"
S = InvoiceStatus
BY_CUSTOMER = ChangeSource(SourceName.CUSTOMER)


pytestmark = pytest.mark.django_db


def cancel_repeated(scenario: Scenario, invoice: Invoice) -> None:
    """The invoice is CANCEL_PENDING; the customer reads “Cancelling”, and the reference is no
    longer shown. While the invoice is open at SEQR, recovery queries its status and repeats the
    cancel, after 5 s and later each time, up to a minute.
    """
    cancel_is_pending(scenario, invoice)

    scenario.clear_faults()
    scenario.recover_after(seconds=5)

    is_cancelled(scenario, invoice)


def repeated_by_libcurl(scenario: Scenario, invoice: Invoice) -> None:
    """libcurl repeats the call by itself on a new connection, and SEQR's code 95 (already
    cancelled) confirms the cancel.
    """
    assert (scenario.faulty_calls(), scenario.answered_calls(OPERATION)) == (1, 1)

    is_cancelled(scenario, invoice)


WITHOUT_PAYMENT = Expected(
    OPERATION,
    {
        cancel_repeated: all_except(KEPT_CONNECTION_DIES),
        repeated_by_libcurl: [KEPT_CONNECTION_DIES],
    },
)


@WITHOUT_PAYMENT.each_fault
def test_invoice_is_cancelled_after_fault(scenario: Scenario, fault: Fault) -> None:
    invoice = issued_invoice()
    scenario.inject(OPERATION, after="getPaymentStatus")

    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    WITHOUT_PAYMENT.of(fault)(scenario, invoice)


def found_paid(scenario: Scenario, invoice: Invoice) -> None:
    """SEQR has not cancelled the invoice, so it can be paid. The poller or recovery finds PAID: the
    order is paid, and the case “paid although a cancel was wanted” asks staff to serve or refund
    it.
    """
    scenario.sandbox.pay(reference(invoice))
    scenario.clear_faults()
    scenario.recover_after(seconds=5)

    assert (reloaded(invoice).status, order_state(invoice)) == (S.PAID, "paid")
    assert event_names(invoice).count("cancel_refused_as_paid") == 1
    assert open_cases() == ["paid_though_canceled"]
    scenario.sandbox.advance(25)
    assert scenario.sandbox.invoice(reference(invoice))["status"] == "PAID"


def cannot_be_paid(scenario: Scenario, invoice: Invoice) -> None:
    """SEQR has cancelled the invoice, so it cannot be paid. The next query finds it CANCELED."""
    with pytest.raises(ControlError):
        scenario.sandbox.pay(reference(invoice))
    scenario.clear_faults()
    scenario.recover_after(seconds=5)

    is_cancelled(scenario, invoice)


EXECUTED = [fault for fault in all_except() if fault.takes_effect]
WITH_PAYMENT = Expected(
    f"{OPERATION}, and the customer pays nevertheless",
    {cannot_be_paid: EXECUTED, found_paid: all_except(*EXECUTED)},
)


@WITH_PAYMENT.each_fault
def test_payment_despite_failed_cancel_is_kept(scenario: Scenario, fault: Fault) -> None:
    invoice = issued_invoice()
    scenario.inject(OPERATION, after="getPaymentStatus")
    cancel_invoice(invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)

    WITH_PAYMENT.of(fault)(scenario, invoice)


def cancel_is_pending(scenario: Scenario, invoice: Invoice) -> None:
    # libcurl may have repeated the call.
    assert scenario.faulty_calls() in (int(scenario.fault.is_sent), 2)
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCEL_PENDING, "cancel_pending")
    assert customer_heading(invoice) == "Cancelling"
    assert event_names(invoice)[-2:] == ["cancel_requested", "cancel_deferred"]
    assert find_work().invoices_to_cancel == []  # for 5 s


def is_cancelled(scenario: Scenario, invoice: Invoice) -> None:
    assert (reloaded(invoice).status, order_state(invoice)) == (S.CANCELED, "canceled")
    assert event_names(invoice)[-1] == "cancel_confirmed"
    assert scenario.sandbox.invoice(reference(invoice))["status"] == "CANCELED"
    assert open_cases() == []
