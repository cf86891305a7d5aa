"""submitPaymentReceipt."""

import pytest

from payments import tasks
from payments.models import Invoice
from payments.receipts.document import has_receipt
from tests.payments.steps import event_names, paid_invoice, reference, reloaded
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault
from tests.proof.matrix.outcomes import Expected, all_except
from tests.proof.matrix.scenario import Scenario, open_cases

OPERATION = "submitPaymentReceipt"
pytestmark = pytest.mark.django_db


def submitted_again(scenario: Scenario, invoice: Invoice) -> None:
    """The payment is unaffected, and the customer has the receipt on the success page. SEQR gets
    the same document again after 5 s, with a backoff of up to an hour; it may then have it twice,
    which SEQR allows. Only refusals are counted and end it, and this is none.
    """
    # libcurl may have repeated the call.
    assert scenario.faulty_calls() in (int(scenario.fault.is_sent), 2)
    waiting = reloaded(invoice)
    assert (waiting.receipt_accepted_at, waiting.receipt_refusals) == (None, 0)
    assert has_receipt(waiting)
    assert event_names(invoice)[-1] == "receipt_deferred"
    scenario.clear_faults()
    tasks.run_recovery()
    assert reloaded(invoice).receipt_accepted_at is None

    scenario.recover_after(seconds=5)

    is_accepted(scenario, invoice, answered_calls=1)


def submitted_twice_by_libcurl(scenario: Scenario, invoice: Invoice) -> None:
    """libcurl repeats the call by itself on a new connection. SEQR has the same receipt twice."""
    is_accepted(scenario, invoice, answered_calls=1)


EXPECTED = Expected(
    OPERATION,
    {
        submitted_again: all_except(KEPT_CONNECTION_DIES),
        submitted_twice_by_libcurl: [KEPT_CONNECTION_DIES],
    },
)


@EXPECTED.each_fault
def test_receipt_is_accepted_after_fault(scenario: Scenario, fault: Fault) -> None:
    invoice = paid_invoice(scenario.sandbox)
    scenario.inject(OPERATION)

    tasks.submit_receipts([invoice.pk])

    EXPECTED.of(fault)(scenario, invoice)


def is_accepted(scenario: Scenario, invoice: Invoice, *, answered_calls: int) -> None:
    assert reloaded(invoice).receipt_accepted_at is not None
    assert event_names(invoice).count("receipt_accepted") == 1
    assert scenario.answered_calls(OPERATION) == answered_calls
    assert scenario.sandbox.invoice(reference(invoice))["receipts"]
    scenario.recover_after(seconds=4000)
    assert scenario.answered_calls(OPERATION) == answered_calls
    assert open_cases() == []
